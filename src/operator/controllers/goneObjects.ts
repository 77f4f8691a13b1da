/** Objects that a cache lacks, that something still names, and that the API server says do not exist: an empty cache proves nothing. */
import type { KubeClient } from "../../kube/client.ts";
import type { Resource } from "../../kube/object.ts";
import { forEach, type Outcome } from "./writes.ts";

export interface Doubtful {
  resource: Resource;
  /** NAME or NAMESPACE/NAME. */
  key: string;
}

export class GoneObjects {
  readonly #client: Pick<KubeClient, "find">;
  readonly #onGone: (object: Doubtful) => void;
  readonly #keys = new Set<string>();

  /** `onGone` is told of each once. */
  constructor(client: Pick<KubeClient, "find">, onGone: (object: Doubtful) => void) {
    this.#client = client;
    this.#onGone = onGone;
  }

  get keys(): ReadonlySet<string> {
    return this.#keys;
  }

  /** Asks for those that it does not know yet; of others than these it forgets what it knew. Done: those that are gone. An error proves nothing. */
  confirm(doubtful: readonly Doubtful[], signal: AbortSignal): Promise<Outcome> {
    const named = new Set(doubtful.map(({ key }) => key));
    for (const key of this.#keys) if (!named.has(key)) this.#keys.delete(key);
    const unasked = doubtful.filter(({ key }) => !this.#keys.has(key));
    return forEach(unasked, async (object) => {
      const [name = "", namespace] = object.key.split("/").toReversed();
      if ((await this.#client.find(object.resource, { namespace, name }, { signal })) !== undefined) return false;
      this.#keys.add(object.key);
      this.#onGone(object);
      return true;
    });
  }
}
