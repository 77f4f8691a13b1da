/** Writes of controllers that do nothing when nothing changed. */
import type { KubeClient } from "./client.ts";
import type { KubeObject, Resource } from "./object.ts";
import { semanticEqual } from "./semanticEqual.ts";

export interface ApplyContext {
  client: Pick<KubeClient, "apply" | "patch">;
  fieldManager: string;
  signal?: AbortSignal;
}

/**
 * Server-side applies `status` to the object unless `object.status` (from the cache) says the same already.
 * Returns whether it wrote. `status` must hold every field that the manager owns.
 * Throws "Conflict" when the object is no longer the version that the status was computed from, "NotFound" when it is gone.
 */
export async function applyStatus(context: ApplyContext, resource: Resource, object: KubeObject, status: object): Promise<boolean> {
  if (semanticEqual(object.status, status)) return false;
  const { client, fieldManager, signal } = context;
  // Not the uid: the status subresource does not look at it, and a successor of the same name would get the status of the deleted object.
  const { name, namespace, resourceVersion } = object.metadata;
  await client.apply(resource, { metadata: { name, namespace, resourceVersion }, status }, { fieldManager, signal, subresource: "status" });
  return true;
}

/** Adds or removes a finalizer, guarded by resourceVersion ("Conflict"). Returns whether it wrote. */
export async function setFinalizer(
  context: ApplyContext,
  resource: Resource,
  object: KubeObject,
  finalizer: string,
  present: boolean,
): Promise<boolean> {
  const { name, namespace, resourceVersion, finalizers = [] } = object.metadata;
  if (finalizers.includes(finalizer) === present) return false;
  const { client, fieldManager, signal } = context;
  const wanted = present ? [...finalizers, finalizer] : finalizers.filter((other) => other !== finalizer);
  await client.patch(resource, { name, namespace }, { metadata: { resourceVersion, finalizers: wanted } }, { fieldManager, signal });
  return true;
}
