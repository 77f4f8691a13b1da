/** What happens to the node that answers for a Service, and what a client outside sees of it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { VirtualIP } from "../../src/api/virtualIP.ts";
import { type Departure, protocolBound, type Standing, standing } from "../e2e/bounds.ts";
import { judge } from "../e2e/drills.ts";
import type { DrillResult } from "../e2e/report.ts";
import type { KubeCluster } from "../support/kubeCluster.ts";
import { Observer } from "../support/observer.ts";
import { spread } from "../support/table.ts";
import { until } from "../support/waiting.ts";
import type { Connections } from "./connections.ts";
import type { Outage, Probing } from "./probe.ts";
import { namespace, type User } from "./user.ts";

export interface Stage {
  cluster: KubeCluster;
  user: User;
  /** Of the Service. */
  address: string;
}

export interface ClusterDrill {
  title: string;
  departure: Departure;
  /** Before the client begins to measure. */
  prepare?(stage: Stage): Promise<unknown>;
  /** Takes the address from the node that has it. */
  disturb(stage: Stage, active: string): Promise<unknown>;
  /** Makes the cluster whole again. */
  restore(stage: Stage, active: string): Promise<unknown>;
}

const cutPower = ({ cluster }: Stage, active: string) => cluster.node("kill", active);
const bringBack = ({ user }: Stage, active: string) => user.bringBack(active);

export const clusterDrills: ClusterDrill[] = [
  { title: "power cut", departure: "falls silent", disturb: cutPower, restore: bringBack },
  {
    title: "power cut, API server dead",
    departure: "falls silent",
    prepare: ({ cluster }) => cluster.api("kill"),
    disturb: cutPower,
    restore: async (stage, active) => {
      await stage.cluster.api("start");
      await bringBack(stage, active);
    },
  },
  {
    title: "kubectl vip drain",
    departure: "resigns",
    disturb: ({ cluster }, active) => cluster.aloft(["vip", "drain", active]),
    restore: ({ cluster }, active) => cluster.aloft(["vip", "undrain", active]),
  },
];

/** What the machine may add to the protocol's time: pods on a kernel with cgroup v1 get no real-time class, and all nodes share its cores. */
const slackMs = 50;
/** How long the client goes on after the latest moment at which a takeover is allowed. */
const tailMs = 1000;

/** The VirtualIP that carries the address now: one of the pool's. */
export async function carrier({ cluster, address }: Stage): Promise<VirtualIP | undefined> {
  const { items } = await cluster.get<{ items: VirtualIP[] }>("vip");
  return items.find(({ spec }) => spec.addresses.some((each) => each.address.split("/")[0] === address));
}

/** An operator that leads renews its Lease each two seconds. */
const renewedWithinMs = 5000;

async function isLed({ cluster }: Stage): Promise<boolean> {
  const { spec = {} } = await cluster.get<{ spec?: { renewTime?: string } }>("lease", "aloft-operator", "-n", namespace);
  return Date.now() - Date.parse(spec.renewTime ?? "") < renewedWithinMs;
}

/**
 * Waits until all nodes work, the best one answers for the address, and all others stand by: one that came back would take over a while later,
 * in the middle of what comes next. The client is asked, too, and whether an operator leads: where the node that was lost had the one that did,
 * the status says for a while what was before, and nobody sees to a drain.
 */
export async function whole(stage: Stage): Promise<Standing> {
  const { cluster, user, address } = stage;
  await cluster.kubectl(["rollout", "status", "daemonset/echo", "--timeout=60s"], { timeoutMs: 70_000 });
  const settled = async () => {
    const { status = {} } = (await carrier(stage)) ?? {};
    const backups = (status.nodes ?? []).filter(({ v4 }) => v4 === "BACKUP");
    const found = standing(status);
    const isSettled = found !== undefined && backups.length === cluster.nodes.length - 1 && found.activePriority > found.successorPriority;
    return isSettled && (await isLed(stage)) && found.active === (await user.answers(address)) && found;
  };
  return until(`the best node to answer for ${stage.address}, and all others standing by`, settled, { timeoutMs: 60_000, everyMs: 200 });
}

export async function runClusterDrill(stage: Stage, drill: ClusterDrill): Promise<DrillResult> {
  const { cluster, user, address } = stage;
  const before = await whole(stage);
  const protocolMs = protocolBound(drill.departure, before.successorPriority, before.intervalMs);
  const boundMs = protocolMs + slackMs;
  await drill.prepare?.(stage);
  const lan = { directory: cluster.folder, spawn: cluster.spawn.bind(cluster) };
  const observer = await Observer.start(lan, [address]);
  let sinceNs = 0n;
  const probing = await user.probe(address, async () => {
    sinceNs = process.hrtime.bigint();
    await drill.disturb(stage, before.active);
    await sleep(boundMs + tailMs);
  });
  const observation = await observer.stop();
  await drill.restore(stage, before.active);
  const sources = new Map(cluster.nodes.map((node) => [cluster.addressOf(node), node]));
  const { to, result } = judge({ observation, sources, sinceNs }, address, before);
  const families = [{ ...result, outageMs: longest(probing.outages) }];
  return { drill: drill.title, from: before.active, to: to ?? "nobody", protocolMs, boundMs, families };
}

const longest = (outages: readonly Outage[]) => Math.max(0, ...outages.map(({ ms }) => ms));

export interface RollResult extends Connections {
  /** Each time when another node took the address. */
  moves: Outage[];
  medianMs: number;
}

const connectionsOfRoll = 10_000;
const mostOfMedianMs = 5;

/** All agents are replaced, node by node, while clients connect. */
export async function runRoll(stage: Stage): Promise<RollResult> {
  const { cluster, user, address } = stage;
  await whole(stage);
  let probing: Probing | undefined;
  const roll = async () => {
    await cluster.kubectl(["-n", namespace, "rollout", "restart", "daemonset/aloft-agent"]);
    await cluster.kubectl(["-n", namespace, "rollout", "status", "daemonset/aloft-agent", "--timeout=120s"], { timeoutMs: 130_000 });
    await whole(stage);
  };
  const watched = async () => {
    probing = await user.probe(address, roll);
  };
  const connections = await user.connect(address, watched, connectionsOfRoll);
  const moves = (probing?.outages ?? []).filter(({ from, to }) => from !== to);
  return { ...connections, moves, medianMs: spread(moves.map(({ ms }) => ms))?.median ?? Number.NaN };
}

export function rollFailures({ failed, moves, medianMs }: RollResult): string[] {
  return [
    ...(failed > 0 ? [`update of the agents: ${failed} new connections failed`] : []),
    ...(moves.length === 0 ? ["update of the agents: the address was never handed over"] : []),
    ...(medianMs > mostOfMedianMs ? [`update of the agents: ${medianMs} ms without an answer (median), not ${mostOfMedianMs}`] : []),
  ];
}
