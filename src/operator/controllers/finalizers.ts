/** Adds a finalizer to an object, or removes it. */
import type { KubeClient } from "../../kube/client.ts";
import { isKubeError } from "../../kube/kubeError.ts";
import type { KubeObject, Resource } from "../../kube/object.ts";
import { fieldManager } from "./resources.ts";

export type FinalizerChange = "add" | "keep" | "remove";

/**
 * The object as it is then; undefined when it is gone and the cache does not know yet. A merge patch replaces the whole list: the version
 * guards what others have in it. @throws KubeError "Conflict"
 */
export async function writeFinalizer(
  client: Pick<KubeClient, "patch">,
  resource: Resource,
  object: KubeObject,
  finalizer: string,
  change: FinalizerChange,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  if (change === "keep") return object;
  const { name, namespace, resourceVersion, finalizers = [] } = object.metadata;
  const others = finalizers.filter((each) => each !== finalizer);
  const wanted = change === "add" ? [...others, finalizer] : others;
  try {
    return await client.patch(
      resource,
      { name, namespace },
      { metadata: { resourceVersion, finalizers: wanted } },
      { fieldManager, signal },
    );
  } catch (error) {
    if (isKubeError(error, "NotFound")) return undefined;
    throw error;
  }
}
