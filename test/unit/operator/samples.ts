/** Views of a cluster for the tests of the planner. */
import { agentConfigSpecSchema } from "../../../src/api/agentConfig.ts";
import type { NodeAgentSpec, VirtualRouterSpec, VirtualRouterStatus } from "../../../src/api/nodeAgent.ts";
import { virtualIPSpecSchema } from "../../../src/api/virtualIP.ts";
import { virtualServerSpecSchema } from "../../../src/api/virtualServer.ts";
import type { NodeVirtualServerStatus } from "../../../src/api/virtualServerStatus.ts";
import type {
  AgentConfigView,
  AgentView,
  NodeView,
  PoolView,
  VirtualIPView,
  VirtualServerView,
} from "../../../src/operator/plan/cluster.ts";
import type { VirtualIPPlan } from "../../../src/operator/plan/plan.ts";
import { makePlan, type Plan, type PlanQuestion } from "../../../src/operator/plan/plan.ts";

/** Seconds after a fixed moment, as RFC 3339. */
export function timeAt(seconds: number): string {
  return new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
}

export function virtualIP(name: string, spec: object, more: Partial<VirtualIPView> = {}): VirtualIPView {
  const parsed = virtualIPSpecSchema.parse(spec);
  return {
    name,
    uid: `uid-of-${name}`,
    createdAt: timeAt(0),
    generation: 1,
    deleting: false,
    hasFinalizer: true,
    segment: parsed.segment,
    spec: parsed,
    status: {},
    ...more,
  };
}

/** Of the namespace web, with one real server unless the spec says otherwise. */
export function virtualServer(name: string, spec: object, more: Partial<VirtualServerView> = {}): VirtualServerView {
  const { namespace = "web" } = more;
  const parsed = virtualServerSpecSchema.parse({ ports: [{ port: 80 }], realServers: [{ address: "10.0.0.1" }], ...spec });
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    createdAt: timeAt(0),
    generation: 1,
    deleting: false,
    spec: parsed,
    status: {},
    ...more,
  };
}

export function agentConfig(name: string, spec: object, more: Partial<AgentConfigView> = {}): AgentConfigView {
  return { name, generation: 1, spec: agentConfigSpecSchema.parse(spec), status: {}, ...more };
}

/** What an agent reports of a VirtualServer that is well. */
export function serverReport(name: string, more: Partial<NodeVirtualServerStatus> = {}): NodeVirtualServerStatus {
  const servers = [{ address: "10.0.0.1", port: 80, up: true, weight: 1 }];
  return { namespace: "web", name, observedGeneration: 1, programmed: true, up: 1, total: 1, quorum: true, servers, ...more };
}

export function node(name: string, more: Partial<NodeView> = {}): NodeView {
  return { name, uid: `uid-of-${name}`, labels: {}, deleting: false, ready: true, draining: false, outOfService: false, ...more };
}

/** An agent that reports eth0 with a subnet of each family. */
export function agent(name: string, more: Partial<AgentView> = {}): AgentView {
  const interfaces = [{ name: "eth0", up: true, addresses: ["192.0.2.1/24", "2001:db8::1/64"] }];
  const spec: NodeAgentSpec = { virtualRouters: [] };
  const status = { observedGeneration: 1, virtualRouters: [], interfaces, ...more.status };
  return { name, nodeUid: `uid-of-${name}`, generation: 1, spec, reportedAt: 0, silent: false, ...more, status };
}

/** PlannedCluster.reports() puts in its place what the node's spec asks for. */
const asConfigured = -1;

export function report(virtualIP: string, more: Partial<VirtualRouterStatus> = {}): VirtualRouterStatus {
  return {
    virtualIP,
    family: "IPv4",
    state: "BACKUP",
    priority: asConfigured,
    since: timeAt(0),
    reason: "Started",
    transitions: 1,
    ...more,
  };
}

/** A spec with an address of each family. */
export const dual = { addresses: [{ address: "192.0.2.10/24" }, { address: "2001:db8::10" }] };

export function clusterOf(...nodes: string[]): PlannedCluster {
  const cluster = new PlannedCluster();
  cluster.addNodes(...nodes);
  return cluster;
}

/** A cluster that is planned again and again, as the operator does: what a plan says is recorded before the next one. */
export class PlannedCluster {
  virtualIPs: VirtualIPView[] = [];
  nodes: NodeView[] = [];
  agents: AgentView[] = [];
  /** Undefined: they cannot be read. */
  configs: AgentConfigView[] | undefined;
  virtualServers: VirtualServerView[] | undefined;
  pools: PoolView[] | undefined;
  memory: PlanQuestion["memory"] = new Map();
  gone = new Set<string>();
  nowMs = 0;

  addNodes(...names: string[]): void {
    this.nodes.push(...names.map((name) => node(name)));
    this.agents.push(...names.map((name) => agent(name)));
  }

  planQuestion(): PlanQuestion {
    return {
      cluster: {
        virtualIPs: this.virtualIPs,
        nodes: this.nodes,
        agents: this.agents,
        configs: this.configs,
        virtualServers: this.virtualServers,
        pools: this.pools,
      },
      memory: this.memory,
      gone: this.gone,
      now: this.nowMs,
      wallNow: new Date(Date.parse(timeAt(0)) + this.nowMs),
    };
  }

  /** Plans once and records the answers. */
  step(): Plan {
    const plan = makePlan(this.planQuestion());
    this.memory = plan.memory;
    const byName = new Map(plan.virtualIPs.map((planned) => [planned.view.name, planned]));
    this.virtualIPs = this.virtualIPs.flatMap((view) => record(view, byName.get(view.name)));
    const servers = new Map(plan.virtualServers.map(({ view, status }) => [view.key, status]));
    this.virtualServers = this.virtualServers?.map((view) => ({ ...view, status: servers.get(view.key) ?? view.status }));
    const configs = new Map(plan.agentConfigs.map(({ view, status }) => [view.name, status]));
    this.configs = this.configs?.map((view) => ({ ...view, status: configs.get(view.name) ?? view.status }));
    this.agents = this.agents.map((view) => {
      const spec = plan.nodeAgents.get(view.name);
      return spec ? { ...view, spec, generation: view.generation + 1 } : view;
    });
    return plan;
  }

  /** Plans until nothing changes any more; fails when that does not happen. */
  settle(): void {
    for (let round = 0; round < 6; round += 1) {
      const plan = this.step();
      const recorded = [...plan.virtualIPs, ...plan.virtualServers, ...plan.agentConfigs];
      if (plan.nodeAgents.size === 0 && recorded.every(({ changed }) => !changed) && plan.virtualIPs.every(isKept)) return;
    }
    throw new Error("the plan does not come to rest");
  }

  view(name: string): VirtualIPView {
    const found = this.virtualIPs.find((view) => view.name === name);
    if (!found) throw new Error(`no VirtualIP ${name}`);
    return found;
  }

  agentOf(name: string): AgentView {
    const found = this.agents.find((view) => view.name === name);
    if (!found) throw new Error(`no agent ${name}`);
    return found;
  }

  /** What a node is to run. */
  routers(node: string): VirtualRouterSpec[] {
    return this.agentOf(node).spec.virtualRouters;
  }

  /** The recorded priorities of a VirtualIP, by node. */
  priorities(name: string): Record<string, number> {
    return Object.fromEntries((this.view(name).status.nodes ?? []).map((each) => [each.name, each.priority]));
  }

  /** The agent of a node reports these routers now. */
  reports(node: string, reports: VirtualRouterStatus[]): void {
    const virtualRouters = reports.map((each) => {
      const router = this.routers(node).find(({ virtualIP, family }) => virtualIP === each.virtualIP && family === each.family);
      return { ...each, priority: each.priority === asConfigured ? (router?.priority ?? 1) : each.priority };
    });
    this.agents = this.agents.map((view) =>
      view.name === node
        ? { ...view, reportedAt: this.nowMs, status: { ...view.status, observedGeneration: view.generation, virtualRouters } }
        : view,
    );
  }

  /** The agent of a node reports these VirtualServers now. */
  reportsServers(node: string, virtualServers: NodeVirtualServerStatus[]): void {
    this.agents = this.agents.map((view) => (view.name === node ? { ...view, status: { ...view.status, virtualServers } } : view));
  }

  /** Of a VirtualServer by its key. */
  server(key: string): VirtualServerView {
    const found = this.virtualServers?.find((view) => view.key === key);
    if (!found) throw new Error(`no VirtualServer ${key}`);
    return found;
  }

  /** The keys of the VirtualServers that a node is to run. */
  servers(node: string): string[] {
    return (this.agentOf(node).spec.virtualServers ?? []).map(({ namespace, name }) => `${namespace}/${name}`);
  }

  /** Of a VirtualIP, or of a VirtualServer by its key. */
  condition(name: string, type: string) {
    const { status } = name.includes("/") ? this.server(name) : this.view(name);
    const found = status.conditions?.find((condition) => condition.type === type);
    return found && `${found.status}/${found.reason}`;
  }
}

function isKept({ finalizer }: VirtualIPPlan): boolean {
  return finalizer === "keep";
}

function record(view: VirtualIPView, planned: VirtualIPPlan | undefined): VirtualIPView[] {
  if (!planned) return [view];
  if (planned.finalizer === "remove") return [];
  return [{ ...view, status: planned.status, hasFinalizer: view.hasFinalizer || planned.finalizer === "add" }];
}
