/** Whether all nodes have given up a VirtualIP that is being deleted. Pure. */
import type { AgentView, ClusterView, VirtualIPView } from "./cluster.ts";

export interface Release {
  done: boolean;
  /** Nodes that had a part in it and no longer report: they are not waited for. */
  skipped: string[];
}

/** A node has given it up when its agent reports that it runs the newest spec, and that spec and the report know nothing of it. */
export function checkRelease({ name, status }: VirtualIPView, { agents, nodes }: ClusterView): Release {
  const candidates = new Set(status.nodes?.map((node) => node.name));
  const holding = agents.filter((agent) => (candidates.has(agent.name) || mentions(agent, name)) && !hasReleased(agent, name));
  const [dead, living] = [holding.filter(({ silent }) => silent), holding.filter(({ silent }) => !silent)];
  // A dead node keeps the entry out of its spec first: should it return, it must find nothing to run.
  const pending = dead.filter((agent) => specMentions(agent, name));
  // An agent whose NodeAgent somebody deleted goes on with what it ran, until it finds a new one.
  const asked = new Set(agents.map((agent) => agent.name));
  const unasked = nodes.filter((node) => !node.deleting && candidates.has(node.name) && !asked.has(node.name));
  const isDone = living.length + pending.length + unasked.length === 0;
  return { done: isDone, skipped: dead.map((agent) => agent.name).sort() };
}

function hasReleased(agent: AgentView, name: string): boolean {
  return !mentions(agent, name) && (agent.status.observedGeneration ?? 0) >= agent.generation;
}

function mentions(agent: AgentView, name: string): boolean {
  return specMentions(agent, name) || (agent.status.virtualRouters ?? []).some(({ virtualIP }) => virtualIP === name);
}

function specMentions({ spec }: AgentView, name: string): boolean {
  return spec.virtualRouters.some(({ virtualIP }) => virtualIP === name);
}
