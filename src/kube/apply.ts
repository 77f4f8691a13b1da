/** Writes of controllers that do nothing when nothing changed. */
import type { KubeClient } from "./client.ts";
import type { KubeObject, Resource } from "./object.ts";

export interface ApplyContext {
  client: KubeClient;
  fieldManager: string;
  signal?: AbortSignal;
}

/**
 * Server-side applies `status` to the object unless `object.status` (from the cache) says the same already.
 * Returns whether it wrote. `status` must hold every field that the manager owns.
 */
export declare function applyStatus(context: ApplyContext, resource: Resource, object: KubeObject, status: object): Promise<boolean>;

/** Adds or removes a finalizer, guarded by resourceVersion ("Conflict"). Returns whether it wrote. */
export declare function setFinalizer(
  context: ApplyContext,
  resource: Resource,
  object: KubeObject,
  finalizer: string,
  present: boolean,
): Promise<boolean>;
