/** What would happen if a node were lost: each virtual router's candidates, put to the engine that elects. */

import { planDesired } from "../../agent/desired/desired.ts";
import type { ForecastCandidate, LossForecast } from "../../agent/native/forecast.ts";
import { type Family, families, parsePrefix } from "../../api/ipAddress.ts";
import type { VirtualRouterSpec, VirtualRouterStatus } from "../../api/nodeAgent.ts";
import type { NodeAgentState } from "./clusterState.ts";

/** Given the candidates and the place of the MASTER among them; throws when the core cannot be asked. */
export type Forecaster = (candidates: ForecastCandidate[], active: number) => LossForecast;

export interface Participant {
  node: string;
  spec: VirtualRouterSpec;
  /** Absent: the agent has not reported it. */
  status?: VirtualRouterStatus;
  /** That it sends from; absent when the agent has not reported its interface. */
  address?: string;
}

export interface NodeLoss {
  node: string;
  family: Family;
  /** Who follows when the node falls silent; absent when nobody does. */
  successor?: string;
  /** When it is killed or cut off: from its last advert to the successor's first, and one interval less, as it may die just before the next. */
  killedMs?: { least: number; most: number };
  /** When it is stopped or drained. */
  stoppedMs?: number;
}

/** All that take part in the election of that family. */
export function participantsOf(virtualIP: string, family: Family, nodeAgents: readonly NodeAgentState[]): Participant[] {
  return nodeAgents.flatMap(({ name, routers, status }) => {
    const same = (entry: { virtualIP: string; family: Family }) => entry.virtualIP === virtualIP && entry.family === family;
    const spec = routers.find(same);
    if (!spec) return [];
    const address = spec.sourceAddress ?? sourceOf(spec, status.interfaces ?? []);
    return [{ node: name, spec, status: status.virtualRouters?.find(same), address }];
  });
}

function sourceOf({ interface: device, family }: VirtualRouterSpec, interfaces: NonNullable<NodeAgentState["status"]["interfaces"]>) {
  const addresses = interfaces.find(({ name }) => name === device)?.addresses ?? [];
  const prefixes = addresses.flatMap((text) => {
    const prefix = parsePrefix(text);
    return prefix?.family === family ? [text.replace(/\/.*/, "")] : [];
  });
  return family === "IPv4" ? prefixes[0] : prefixes.find((text) => /^fe[89ab]/i.test(text));
}

/** The loss of the MASTER of each family; nothing for a family without one, or without a core to ask. */
export function forecastLosses(byFamily: ReadonlyMap<Family, Participant[]>, forecast: Forecaster): NodeLoss[] {
  return families.flatMap((family) => {
    const able = (byFamily.get(family) ?? []).filter(takesPart);
    const active = able.findIndex(({ status }) => status?.state === "MASTER");
    const master = able[active];
    if (!master) return [];
    const { killed, stopped } = forecast(able.map(toCandidate), active);
    const successor = able[killed.successor ?? -1]?.node;
    const intervalMs = toCandidate(master).router.advertisementIntervalMs;
    if (successor === undefined) return [{ node: master.node, family }];
    const killedMs = { least: Math.max(0, killed.takeoverMs - intervalMs), most: killed.takeoverMs };
    return [{ node: master.node, family, successor, killedMs, stoppedMs: stopped.takeoverMs }];
  });
}

/** What decides an election is no secret. */
const noSecrets = { lookUp: () => ({ ok: false as const, message: "not looked up" }) };

const takesPart = ({ status, address }: Participant) => address !== undefined && (status?.state === "MASTER" || status?.state === "BACKUP");

/** With the priority that tracking has left it. */
function toCandidate({ spec, status, address = "" }: Participant): ForecastCandidate {
  const { passwordRef: _secret, track: _track, ...election } = spec;
  const entry = { ...election, priority: status?.priority || spec.priority };
  const { desired, rejected } = planDesired({ virtualRouters: [entry] }, { realTime: true, secrets: noSecrets });
  const [router] = desired.routers;
  if (!router) throw new Error(rejected[0]?.message ?? "the virtual router cannot be planned");
  return { router, address };
}
