/** Writes the status of AgentConfigs by server-side apply. */
import type { KubeClient } from "../../kube/client.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { AgentConfigPlan } from "../plan/agentConfigs.ts";
import { agentConfigs, fieldManager } from "./resources.ts";

export class AgentConfigWriter {
  readonly #client: Pick<KubeClient, "apply">;

  constructor(client: Pick<KubeClient, "apply">) {
    this.#client = client;
  }

  /** Whether anything was to be written. @throws KubeError, "Conflict" when `object` is not the newest version. */
  async write({ changed, status }: AgentConfigPlan, object: KubeObject, signal: AbortSignal): Promise<boolean> {
    if (!changed) return false;
    const { name, resourceVersion } = object.metadata;
    await this.#client.apply(
      agentConfigs,
      { metadata: { name, resourceVersion }, status },
      { fieldManager, signal, subresource: "status" },
    );
    return true;
  }
}
