/** Tells the changes of objects that say something from those that do not: each of the former costs a plan. */
import type { Informer } from "../../kube/informer.ts";
import type { KubeObject } from "../../kube/object.ts";

export class ChangeFilter {
  readonly #cache: Pick<Informer, "get">;
  readonly #stateOf: (object: KubeObject) => string;
  /** Of the objects that exist, by key. */
  readonly #states = new Map<string, string>();

  /** `stateOf`: all of an object that counts. */
  constructor(cache: Pick<Informer, "get">, stateOf: (object: KubeObject) => string) {
    this.#cache = cache;
    this.#stateOf = stateOf;
  }

  /** Whether an object that has come, gone or changed is otherwise than when this was last asked. */
  concerns(key: string): boolean {
    const object = this.#cache.get(key);
    const state = object && this.#stateOf(object);
    if (this.#states.get(key) === state) return false;
    if (state === undefined) this.#states.delete(key);
    else this.#states.set(key, state);
    return true;
  }
}
