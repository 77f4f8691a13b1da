import { apiVersion } from "../../api/group.ts";
import type { NodeAgentStatus } from "../../api/nodeAgent.ts";
import type { ApiClient } from "./apiClient.ts";

const fieldManager = "aloft-agent";

/** Writes the whole status by server-side apply: a field that is left out goes. @throws ApiError, 404 when there is no such NodeAgent. */
export async function writeStatus(client: ApiClient, node: string, status: NodeAgentStatus, signal: AbortSignal): Promise<void> {
  await client.request({
    method: "PATCH",
    path: `/apis/${apiVersion}/nodeagents/${encodeURIComponent(node)}/status?fieldManager=${fieldManager}&force=true`,
    contentType: "application/apply-patch+yaml",
    body: { apiVersion, kind: "NodeAgent", metadata: { name: node }, status },
    signal,
  });
}
