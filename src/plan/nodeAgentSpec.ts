/** What one node shall run in all: the VirtualIPs that it takes part in and its AgentConfigs → NodeAgent.spec. Pure. */
import type { AgentConfigSpec } from "../api/agentConfig.ts";
import { families } from "../api/ipAddress.ts";
import type { NodeAgentSpec, VirtualRouterSpec } from "../api/nodeAgent.ts";
import { mergeIpvsSettings } from "./nodeIpvs.ts";
import type { NodePlan } from "./virtualRouters.ts";

export interface NamedConfig {
  name: string;
  spec: AgentConfigSpec;
}

/**
 * The virtual routers and checks of all plans, in an order of their own, and what the AgentConfigs of the node say. Several of those are
 * merged in the order of their names: lists are joined, and of what there is only one of, the first that gives it counts.
 */
export function mergeNodePlans(plans: readonly NodePlan[], configs: readonly NamedConfig[] = []): NodeAgentSpec {
  const config = mergeConfigs(configs);
  const routers = plans.flatMap(({ virtualRouters }) => virtualRouters).sort(byKey);
  const checks = new Map(plans.flatMap((plan) => plan.checks).map((check) => [check.name, check]));
  const { notifyFifo: fifo, mail, static: standing, startupDelay, debugUnknownRouters } = config;
  const addresses = standing?.addresses ?? [];
  const { routes = [], rules = [] } = standing ?? {};
  return {
    virtualRouters: startupDelay === undefined ? routers : routers.map((router) => ({ startupDelay, ...router })),
    ...(checks.size > 0 && { checks: [...checks.values()].sort((a, b) => (a.name < b.name ? -1 : 1)) }),
    ...((fifo ?? mail) !== undefined && { notify: { ...(fifo !== undefined && { fifo }), ...(mail && { mail }) } }),
    ...(addresses.length + routes.length + rules.length > 0 && { static: { addresses, routes, rules } }),
    ...(debugUnknownRouters !== undefined && { debugUnknownRouters }),
  };
}

/** All configs in one. */
export function mergeConfigs(configs: readonly NamedConfig[]): AgentConfigSpec {
  const ordered = [...configs].sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ spec }) => spec);
  // The first one is assigned last: it wins.
  const { nodeSelector: _selector, ...first }: AgentConfigSpec = Object.assign({}, ...ordered.toReversed());
  const ipvs = mergeIpvsSettings(ordered.flatMap((spec) => spec.ipvs ?? []));
  const single = { ...first, ...(ipvs && { ipvs }) };
  const standing = ordered.flatMap((spec) => spec.static ?? []);
  if (standing.length === 0) return single;
  const joined = {
    addresses: distinct(standing.flatMap(({ addresses = [] }) => addresses)),
    routes: distinct(standing.flatMap(({ routes = [] }) => routes)),
    rules: distinct(standing.flatMap(({ rules = [] }) => rules)),
  };
  return { ...single, static: joined };
}

function distinct<T>(items: readonly T[]): T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

function byKey(a: VirtualRouterSpec, b: VirtualRouterSpec): number {
  if (a.virtualIP !== b.virtualIP) return a.virtualIP < b.virtualIP ? -1 : 1;
  return families.indexOf(a.family) - families.indexOf(b.family);
}
