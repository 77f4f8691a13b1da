/**
 * What this process has written but its caches do not show yet. A plan made from older objects would decide again, and perhaps
 * otherwise, what is decided: two VirtualIPs could get one VRID.
 */
import { isOlderVersion } from "../../api/objectMeta.ts";
import { type KubeObject, keyOf } from "../../kube/object.ts";

interface Written {
  object: KubeObject;
  /** Monotonic ms. */
  at: number;
}

/** A cache that is still behind after this time follows another history: the API server was restored from a backup. */
const longestLagMs = 60_000;

export class OwnWrites {
  readonly #written = new Map<string, Written>();

  /** `object` is what the API server answered. */
  remember(object: KubeObject, now: number): void {
    this.#written.set(keyOf(object), { object, at: now });
  }

  /** The cache has lost that object. It may have had it so shortly that no plan saw it there: as one that is unseen it would live on. */
  forget(key: string): void {
    this.#written.delete(key);
  }

  /** The objects of a cache, each no older than what was written. */
  latest(cached: readonly KubeObject[], now: number): KubeObject[] {
    return cached.map((object) => this.#latestOf(object, now));
  }

  /** Objects that were written and are in no cache: just created, or just deleted by others. */
  unseen(cached: readonly KubeObject[], now: number): KubeObject[] {
    const known = new Set(cached.map(keyOf));
    return [...this.#written].flatMap(([key, { object, at }]) => {
      if (known.has(key)) return [];
      if (now - at < longestLagMs) return [object];
      this.#written.delete(key);
      return [];
    });
  }

  #latestOf(cached: KubeObject, now: number): KubeObject {
    const { uid, resourceVersion } = cached.metadata;
    const key = keyOf(cached);
    const written = this.#written.get(key);
    if (!written) return cached;
    const isBehind = written.object.metadata.uid === uid && isOlderVersion(resourceVersion, written.object.metadata.resourceVersion);
    if (isBehind && now - written.at < longestLagMs) return written.object;
    this.#written.delete(key);
    return cached;
  }
}
