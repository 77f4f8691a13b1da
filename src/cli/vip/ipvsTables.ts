/** The tables of IPVS of a cluster's nodes: asked of their agents, by way of the API server. */
import type { IpvsReport } from "../../api/ipvsReport.ts";
import type { KubeClient } from "../../kube/client.ts";
import { nodeAgents } from "../../operator/controllers/resources.ts";
import type { AgentView } from "../../operator/plan/cluster.ts";
import { viewAgent } from "../../operator/plan/parse.ts";
import { parseReport } from "../ipvsCommand.ts";

type Agent = Pick<AgentView, "name" | "spec" | "status">;

/** Nodes that run VirtualServers, or only one of them. */
export async function readDirectors(client: Pick<KubeClient, "list">, node: string | undefined): Promise<Agent[]> {
  const { items } = await client.list(nodeAgents);
  const agents = items.flatMap((object) => viewAgent(object) ?? []);
  const found = agents.filter(({ name, spec }) => (node === undefined ? (spec.virtualServers ?? []).length > 0 : name === node));
  if (node !== undefined && found.length === 0) throw new Error(`there is no NodeAgent "${node}"`);
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const requestMs = 5000;

/** One report of each; where one cannot be asked its message says why. */
export function readTables(client: Pick<KubeClient, "getRaw">, agents: readonly Agent[]): Promise<IpvsReport[]> {
  return Promise.all(
    agents.map(async ({ name, status: { http } }) => {
      const failed = (message: string): IpvsReport => ({ node: name, time: new Date().toISOString(), services: [], message });
      const port = http && portOf(http);
      if (!http) return failed("its agent serves nothing (--http)");
      if (!port) return failed(`its agent serves on ${http} alone: give it --http with an address of the node; or run "aloft ipvs" there`);
      try {
        return parseReport(
          await client.getRaw(`/api/v1/nodes/http:${encodeURIComponent(name)}:${port}/proxy/ipvs`, { timeoutMs: requestMs }),
        );
      } catch (error) {
        return failed(`its agent cannot be asked: ${(error as Error).message}`);
      }
    }),
  );
}

/** Undefined where only the node itself gets there. */
function portOf(http: string): string | undefined {
  const split = http.lastIndexOf(":");
  return /^(127\.|\[::1\]|localhost)/.test(http) ? undefined : http.slice(split + 1);
}
