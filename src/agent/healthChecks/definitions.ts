/**
 * What tells checks apart: the server, and a number for all that a check says. Numbers of checks that are configured again stay the same. Pure.
 */
import type { HealthCheck } from "../../api/healthCheck.ts";
import type { HealthTarget } from "./healthTarget.ts";

export class Definitions {
  /** By the check as text. */
  readonly #numbers = new Map<string, number>();
  readonly #before: ReadonlyMap<string, number>;
  readonly #texts: WeakMap<HealthCheck, string>;
  #last: number;

  /** @param before those of the configuration before, of which what is not asked for again is forgotten. */
  constructor(before?: Definitions) {
    this.#before = before ? before.#numbers : new Map();
    this.#texts = before ? before.#texts : new WeakMap();
    this.#last = before ? before.#last : 0;
  }

  of({ address, port, check }: HealthTarget): string {
    return `${address} ${port} ${this.#number(check)}`;
  }

  #number(check: HealthCheck): number {
    // A plan is made ten times a second when servers come and go, of the same objects but for few.
    const text = this.#texts.get(check) ?? JSON.stringify(check);
    this.#texts.set(check, text);
    const known = this.#numbers.get(text) ?? this.#before.get(text);
    const number = known ?? ++this.#last;
    this.#numbers.set(text, number);
    return number;
  }
}
