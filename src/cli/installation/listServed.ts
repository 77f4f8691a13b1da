import { isKubeError } from "../../kube/kubeError.ts";
import type { KubeObject, Resource } from "../../kube/object.ts";
import type { Surroundings } from "./surroundings.ts";

/** None of a kind that the API server does not know: somebody may have deleted kinds before all else. @throws KubeError */
export async function listServed(client: Surroundings["client"], resource: Resource): Promise<KubeObject[]> {
  try {
    return (await client.list(resource)).items;
  } catch (error) {
    if (isKubeError(error, "NotFound")) return [];
    throw error;
  }
}
