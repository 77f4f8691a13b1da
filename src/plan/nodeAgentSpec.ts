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
  const { static: standing, interfaces = [], announcementPacing = [], startupDelay, debugUnknownRouters } = config;
  const notify = notifyOf(config);
  const addresses = standing?.addresses ?? [];
  const { routes = [], rules = [] } = standing ?? {};
  return {
    virtualRouters: startupDelay === undefined ? routers : routers.map((router) => ({ startupDelay, ...router })),
    ...(checks.size > 0 && { checks: [...checks.values()].sort((a, b) => (a.name < b.name ? -1 : 1)) }),
    ...(Object.keys(notify).length > 0 && { notify }),
    ...(addresses.length + routes.length + rules.length > 0 && { static: { addresses, routes, rules } }),
    ...(interfaces.length > 0 && { interfaces }),
    ...(announcementPacing.length > 0 && { announcementPacing }),
    ...(debugUnknownRouters !== undefined && { debugUnknownRouters }),
  };
}

function notifyOf({ notifyFifo, vrrpNotifyFifo, notifyStatesOnReload, mail }: AgentConfigSpec): NonNullable<NodeAgentSpec["notify"]> {
  return {
    ...(notifyFifo !== undefined && { fifo: notifyFifo }),
    ...(vrrpNotifyFifo !== undefined && { vrrpFifo: vrrpNotifyFifo }),
    ...(notifyStatesOnReload !== undefined && { statesOnReload: notifyStatesOnReload }),
    ...(mail && { mail }),
  };
}

/** All configs in one. */
export function mergeConfigs(configs: readonly NamedConfig[]): AgentConfigSpec {
  const ordered = [...configs].sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ spec }) => spec);
  // The first one is assigned last: it wins.
  const { nodeSelector: _selector, ...single }: AgentConfigSpec = Object.assign({}, ...ordered.toReversed());
  const interfaces = distinct(ordered.flatMap((spec) => spec.interfaces ?? []).toReversed(), ({ name }) => name).toReversed();
  const announcementPacing = ordered.flatMap((spec) => spec.announcementPacing ?? []);
  if (interfaces.length > 0) single.interfaces = interfaces;
  if (announcementPacing.length > 0) single.announcementPacing = announcementPacing;
  const ipvs = mergeIpvsSettings(ordered.flatMap((spec) => spec.ipvs ?? []));
  if (ipvs) single.ipvs = ipvs;
  const standing = ordered.flatMap((spec) => spec.static ?? []);
  if (standing.length === 0) return single;
  const joined = {
    addresses: distinct(standing.flatMap(({ addresses = [] }) => addresses)),
    routes: distinct(standing.flatMap(({ routes = [] }) => routes)),
    rules: distinct(standing.flatMap(({ rules = [] }) => rules)),
  };
  return { ...single, static: joined };
}

/** Of those with the same key the last one. */
function distinct<T>(items: readonly T[], key: (item: T) => string = (item) => JSON.stringify(item)): T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}

function byKey(a: VirtualRouterSpec, b: VirtualRouterSpec): number {
  if (a.virtualIP !== b.virtualIP) return a.virtualIP < b.virtualIP ? -1 : 1;
  return families.indexOf(a.family) - families.indexOf(b.family);
}
