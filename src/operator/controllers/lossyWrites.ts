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
}

export class LossyWrites {
  readonly #attempts = new Map<string, Attempt>();

  /** Whether writing that would lead to what stands already. */
  isFutile(name: string, wanted: unknown, object: KubeObject | undefined): boolean {
    const attempt = this.#attempts.get(name);
    const { uid, generation } = object?.metadata ?? {};
    return attempt !== undefined && attempt.uid === uid && attempt.generation === generation && isDeepStrictEqual(attempt.wanted, wanted);
  }

  /** `answer` is what the API server made of it. */
  remember(name: string, wanted: unknown, { metadata }: KubeObject): void {
    this.#attempts.set(name, { wanted, uid: metadata.uid, generation: metadata.generation });
  }
}
