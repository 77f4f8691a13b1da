/** The views of the objects of one kind: each is read once, and of one that has changed what is as it was stays the same object. */
import { type KubeObject, keyOf } from "../../kube/object.ts";
import { withEqualParts } from "../../plan/equalParts.ts";
import { memoized } from "../../plan/memoized.ts";

export class Views<View> {
  readonly #view: (object: KubeObject) => View | undefined;
  /** The last one of each object, by key. */
  readonly #last = new Map<string, View>();

  /** `view` returns undefined for what cannot be read at all. */
  constructor(view: (object: KubeObject) => View | undefined) {
    this.#view = memoized((object) => this.#read(object, view));
  }

  /** Of all that there are. */
  of(objects: readonly KubeObject[]): View[] {
    const views = objects.flatMap((object) => this.#view(object) ?? []);
    if (this.#last.size > objects.length) this.#forgetOthers(objects);
    return views;
  }

  #read(object: KubeObject, view: (object: KubeObject) => View | undefined): View | undefined {
    const key = keyOf(object);
    const read = withEqualParts(view(object), this.#last.get(key));
    if (read !== undefined) this.#last.set(key, read);
    return read;
  }

  #forgetOthers(objects: readonly KubeObject[]): void {
    const known = new Set(objects.map(keyOf));
    for (const key of this.#last.keys()) if (!known.has(key)) this.#last.delete(key);
  }
}
