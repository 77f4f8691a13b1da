/**
 * When thousands of things are due, by one timer. What waits takes no memory of its own: timers that live for a second each would be garbage
 * that only a full collection finds, megabytes of it every second.
 */
import type { Clock, Timer } from "../../runtime/clock.ts";

export interface Appointment {
  /** On the scale of the clock, in ms. Set by the agenda alone. */
  due: number;
  /** In the agenda's heap; -1: in none. */
  place: number;
  /** Its time has come. */
  begin(): void;
}

/** Less than that is no time to wait for: the sum of a time and a delay need not be exact. */
const toleranceMs = 0.01;

export class Agenda {
  readonly #clock: Clock;
  /** A binary heap: none is due before the one at half its place. */
  readonly #heap: Appointment[] = [];
  #timer: Timer | undefined;
  #armedFor = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Instead of what was set before. */
  set(item: Appointment, due: number): void {
    this.remove(item);
    item.due = due;
    this.#heap.push(item);
    this.#rise(item, this.#heap.length - 1);
    this.#arm();
  }

  remove(item: Appointment): void {
    const { place } = item;
    if (place < 0) return;
    item.place = -1;
    const last = this.#heap.pop();
    if (!this.#heap[0]) this.#disarm();
    if (!last || last === item) return;
    this.#rise(last, place);
    this.#sink(last, last.place);
  }

  /** A timer for nothing would keep the process, for as long as a check has from one time to the next. */
  #disarm(): void {
    this.#timer?.clear();
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  #arm(): void {
    const due = this.#heap[0]?.due ?? Number.POSITIVE_INFINITY;
    if (due >= this.#armedFor) return;
    this.#timer?.clear();
    this.#armedFor = due;
    this.#timer = this.#clock.setTimeout(() => this.#serve(), Math.max(0, due - this.#clock.now()));
  }

  #serve(): void {
    this.#armedFor = Number.POSITIVE_INFINITY;
    const now = this.#clock.now() + toleranceMs;
    for (let first = this.#heap[0]; first && first.due <= now; first = this.#heap[0]) {
      this.remove(first);
      first.begin();
    }
    this.#arm();
  }

  #rise(item: Appointment, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = this.#heap[above];
      if (!other || other.due <= item.due) break;
      this.#put(other, place);
      place = above;
    }
    this.#put(item, place);
  }

  #sink(item: Appointment, from: number): void {
    let place = from;
    for (;;) {
      const [left, right] = [2 * place + 1, 2 * place + 2];
      const below =
        (this.#heap[right]?.due ?? Number.POSITIVE_INFINITY) < (this.#heap[left]?.due ?? Number.POSITIVE_INFINITY) ? right : left;
      const other = this.#heap[below];
      if (!other || other.due >= item.due) break;
      this.#put(other, place);
      place = below;
    }
    this.#put(item, place);
  }

  #put(item: Appointment, place: number): void {
    this.#heap[place] = item;
    item.place = place;
  }
}
