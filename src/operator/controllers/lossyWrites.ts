/**
 * Writes of which the API server kept less than was written: its CRD is older than this program and prunes fields that it does not know.
 * The plan would ask for them again and again, so the same write is not repeated until the object or the plan is another one.
 */
import { isDeepStrictEqual } from "node:util";
import type { KubeObject } from "../../kube/object.ts";

interface Attempt {
  wanted: unknown;
  uid: string | undefined;
  generation: number | undefined;
  /** Monotonic ms: when it was written, or asked for again. */
  at: number;
}

/** What a plan asks for again it asks for at every pass: of all other writes, and of objects that are gone, nothing is kept. */
const lifetimeMs = 300_000;

export class LossyWrites {
  /** The one that was asked for longest ago first. */
  readonly #attempts = new Map<string, Attempt>();

  get size(): number {
    return this.#attempts.size;
  }

  /** Whether writing that would lead to what stands already. */
  isFutile(name: string, wanted: unknown, object: KubeObject | undefined, now: number): boolean {
    const attempt = this.#attempts.get(name);
    const { uid, generation } = object?.metadata ?? {};
    if (!attempt || attempt.uid !== uid || attempt.generation !== generation || !isDeepStrictEqual(attempt.wanted, wanted)) return false;
    this.#keep(name, { ...attempt, at: now });
    return true;
  }

  /** `answer` is what the API server made of it. */
  remember(name: string, wanted: unknown, { metadata }: KubeObject, now: number): void {
    this.#keep(name, { wanted, uid: metadata.uid, generation: metadata.generation, at: now });
    for (const [each, { at }] of this.#attempts) {
      if (now - at < lifetimeMs) return;
      this.#attempts.delete(each);
    }
  }

  #keep(name: string, attempt: Attempt): void {
    this.#attempts.delete(name);
    this.#attempts.set(name, attempt);
  }
}
