/**
 * Lets a bounded number of things go on at a time; who comes later waits in turn. Nobody takes more than is left free: of n groups that want
 * all they can get each has limit / (n + 1), and the others find free slots at once. So things that hang hold up their own group only. A group
 * is any value.
 */
export class Slots {
  readonly #limit: number;
  /** By group, those without any left out. Groups that wait are served in turn. */
  readonly #used = new Map<unknown, number>();
  readonly #waiting = new Map<unknown, (() => void)[]>();
  #total = 0;
  #started = 0;
  #serving = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get waiting(): number {
    let sum = 0;
    for (const starts of this.#waiting.values()) sum += starts.length;
    return sum;
  }

  /** Calls `start` at once or when it is its turn. What it starts ends with `release()`. */
  take(group: unknown, start: () => void): void {
    const queue = this.#waiting.get(group);
    if (queue) queue.push(start);
    else if (this.#mayStart(group)) this.#start(group, start);
    else this.#waiting.set(group, [start]);
  }

  /** Gives up a place among those that wait; what has been started is not concerned. */
  drop(group: unknown, start: () => void): void {
    const queue = this.#waiting.get(group) ?? [];
    const place = queue.indexOf(start);
    if (place < 0) return;
    queue.splice(place, 1);
    if (queue.length === 0) this.#waiting.delete(group);
  }

  /** Gives a slot of the group back. */
  release(group: unknown): void {
    const left = (this.#used.get(group) ?? 0) - 1;
    if (left > 0) this.#used.set(group, left);
    else this.#used.delete(group);
    this.#total -= 1;
    this.#startNext();
  }

  /** What starts may end at once, and give its slot back from within: a loop, where calls would exhaust the stack. */
  #startNext(): void {
    if (this.#serving) return;
    this.#serving = true;
    let before: number;
    do {
      before = this.#started;
      this.#serveRound();
    } while (this.#started !== before);
    this.#serving = false;
  }

  #serveRound(): void {
    for (const [group, queue] of this.#waiting) {
      if (this.#total >= this.#limit) return;
      if (!this.#mayStart(group)) continue;
      const next = queue.shift();
      // To the end of the round, behind the others that wait.
      this.#waiting.delete(group);
      if (queue.length > 0) this.#waiting.set(group, queue);
      if (next) this.#start(group, next);
    }
  }

  #mayStart(group: unknown): boolean {
    return (this.#used.get(group) ?? 0) < this.#limit - this.#total;
  }

  #start(group: unknown, start: () => void): void {
    this.#used.set(group, (this.#used.get(group) ?? 0) + 1);
    this.#total += 1;
    this.#started += 1;
    start();
  }
}
