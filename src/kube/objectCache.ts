/** Objects by key, with indexes. Frozen on the way in; no I/O. */
import { deepFreeze, type KubeObject, keyOf } from "./object.ts";

/** The values under which an object is found. */
export type Indexer<T> = (object: T) => readonly string[];

export class ObjectCache<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexers: Record<string, Indexer<T>>;
  /** Index name → value → keys. */
  readonly #indexes = new Map<string, Map<string, Set<string>>>();

  constructor(indexers: Record<string, Indexer<T>> = {}) {
    this.#indexers = indexers;
    for (const name of Object.keys(indexers)) this.#indexes.set(name, new Map());
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): T[] {
    return [...this.#objects.values()];
  }

  keys(): string[] {
    return [...this.#objects.keys()];
  }

  /** Throws for an index that was not declared. */
  byIndex(name: string, value: string): T[] {
    const index = this.#indexes.get(name);
    if (!index) throw new Error(`there is no index "${name}"`);
    return [...(index.get(value) ?? [])].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** Puts an object in; returns its key, or undefined when the cache holds that very version. */
  set(object: T): string | undefined {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (before && before.metadata.resourceVersion === object.metadata.resourceVersion) return undefined;
    this.delete(key);
    this.#objects.set(key, deepFreeze(object));
    this.#eachIndexEntry(object, (index, value) => {
      const keys = index.get(value) ?? new Set();
      index.set(value, keys.add(key));
    });
    return key;
  }

  /** Returns whether the object was there. */
  delete(key: string): boolean {
    const before = this.#objects.get(key);
    if (!before) return false;
    this.#objects.delete(key);
    this.#eachIndexEntry(before, (index, value) => {
      const keys = index.get(value);
      keys?.delete(key);
      if (keys?.size === 0) index.delete(value);
    });
    return true;
  }

  /** Makes the cache hold exactly `objects`; returns the keys of what was added, changed or deleted. */
  replace(objects: readonly T[]): string[] {
    const listed = new Set(objects.map(keyOf));
    const deleted = this.keys().filter((key) => !listed.has(key) && this.delete(key));
    const changed = objects.flatMap((object) => this.set(object) ?? []);
    return [...deleted, ...changed];
  }

  #eachIndexEntry(object: T, visit: (index: Map<string, Set<string>>, value: string) => void): void {
    for (const [name, index] of this.#indexes) {
      for (const value of valuesOf(this.#indexers[name], object)) visit(index, value);
    }
  }
}

/** An object that an indexer cannot read (older than the schema) is found under no value; its controller reports what is wrong with it. */
function valuesOf<T>(indexer: Indexer<T> | undefined, object: T): Set<string> {
  try {
    return new Set(indexer?.(object));
  } catch {
    return new Set();
  }
}
