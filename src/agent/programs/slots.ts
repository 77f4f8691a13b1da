/** Lets a bounded number of things go on at a time; who comes later waits in turn. */
export class Slots {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Calls `start` at once or when it is its turn. What it starts ends with `release()`. */
  take(start: () => void): void {
    if (this.#used >= this.#limit) {
      this.#waiting.push(start);
      return;
    }
    this.#used += 1;
    start();
  }

  /** Gives a slot back. */
  release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#used -= 1;
  }
}
