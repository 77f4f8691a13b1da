/** Objects by key. Frozen on the way in, without metadata.managedFields: often the larger half of an object, and nobody reads it. No I/O. */
import { deepFreeze, type KubeObject, keyOf } from "./object.ts";

export class ObjectCache<T extends KubeObject> {
  readonly #objects = new Map<string, T>();

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): T[] {
    return [...this.#objects.values()];
  }

  keys(): string[] {
    return [...this.#objects.keys()];
  }

  /** Puts an object in; returns its key, or undefined when the cache holds that very version. */
  set(object: T): string | undefined {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (before && before.metadata.resourceVersion === object.metadata.resourceVersion) return undefined;
    this.#objects.set(key, deepFreeze(withoutManagedFields(object)));
    return key;
  }

  /** Returns whether the object was there. */
  delete(key: string): boolean {
    return this.#objects.delete(key);
  }

  /** Makes the cache hold exactly `objects`; returns the keys of what was added, changed or deleted. */
  replace(objects: readonly T[]): string[] {
    const listed = new Set(objects.map(keyOf));
    const deleted = this.keys().filter((key) => !listed.has(key) && this.delete(key));
    const changed = objects.flatMap((object) => this.set(object) ?? []);
    return [...deleted, ...changed];
  }
}

function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields: _dropped, ...metadata } = object.metadata as T["metadata"] & { managedFields?: unknown };
  return { ...object, metadata };
}
