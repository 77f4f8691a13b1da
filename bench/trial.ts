/** One trial: two routers of one make on a LAN, the leader goes, a client watches. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Family } from "../src/api/ipAddress.ts";
import { activeDownInterval } from "../test/e2e/bounds.ts";
import { startKeepalived } from "../test/support/keepalived.ts";
import type { Lan } from "../test/support/lan.ts";
import { longestDoubleAnswerMs, longestOutageMs, Observer, type ObserverOptions } from "../test/support/observer.ts";
import { untilHeldBy } from "../test/support/routers.ts";
import { startStandaloneAgent } from "../test/support/standaloneAgent.ts";
import { elapsedMs, findTakeover } from "../test/support/takeover.ts";
import type { RouterSettings, VrrpRouter } from "../test/support/vrrpRouter.ts";
import { until } from "../test/support/waiting.ts";
import type { Make } from "./make.ts";

/** How the leader goes. "freeze": SIGSTOP, and after five seconds SIGCONT. */
export const scenarios = ["kill", "stop", "cut", "freeze"] as const;
export type Scenario = (typeof scenarios)[number];

const frozenMs = 5_000;

export const priorities = { leader: 254, follower: 244 };
/** Time between two pings of the client: an outage cannot be told more exactly. */
export const probeEveryMs = 0.25;
export const virtualRouterID = 51;
export const virtualAddress: Record<Family, string> = { IPv4: "198.51.100.200", IPv6: "2001:db8:100::200" };
export const prefixLength: Record<Family, number> = { IPv4: 24, IPv6: 64 };

export interface TrialSettings {
  make: Make;
  scenario: Scenario;
  intervalMs: number;
  family: Family;
  /** When the leader goes: this fraction (0 to 1) of the interval after one of its adverts. */
  phase: number;
  /** Priority of SCHED_RR for keepalived; Aloft takes SCHED_FIFO by itself. */
  keepalivedRealTime?: number;
  /** Go duration; how often the client asks who has the address. Default 2ms. */
  askEvery?: string;
}

export interface Trial extends TrialSettings {
  /** Last advert of the leader to the first of its follower; undefined when it did not follow. */
  takeoverMs: number | undefined;
  /** The client's longest time without an answer. */
  outageMs: number;
  /** For how long on end both nodes answered ARP requests or neighbour solicitations, while the client watched. */
  doubleAnswerMs: number;
  /** The end of the follower's log when it did not follow. */
  followerLog?: string;
}

/** Runs a trial on a LAN with two nodes where nothing else runs, and ends both routers. */
export async function runTrial(lan: Lan, settings: TrialSettings): Promise<Trial> {
  const { intervalMs, family } = settings;
  const address = virtualAddress[family];
  const routers: VrrpRouter[] = [];
  try {
    const leader = await start(lan, "n1", settings, priorities.leader);
    routers.push(leader);
    const follower = await start(lan, "n2", settings, priorities.follower);
    routers.push(follower);
    await untilHeldBy(lan, "n1", address, activeDownInterval(priorities.leader, intervalMs) + 10_000);
    const observer = await Observer.start(lan, [address], watching(settings.askEvery));
    await sleep(Math.max(200, 1.2 * intervalMs));
    const disturb = await prepare(lan, leader, settings.scenario);
    await untilPhase(observer, intervalMs, settings.phase);
    const sinceNs = process.hrtime.bigint();
    await disturb();
    // Long enough to see a follower that missed its time once, and a leader that comes back.
    await sleep(2 * activeDownInterval(priorities.follower, intervalMs) + (settings.scenario === "freeze" ? 1500 : 300));
    const observation = await observer.stop();
    const takeoverMs = findTakeover(observation.adverts, { family, virtualRouterID }, sinceNs)?.durationMs;
    return {
      ...settings,
      takeoverMs,
      outageMs: longestOutageMs(observation, address, sinceNs),
      doubleAnswerMs: longestDoubleAnswerMs(observation, address, sinceNs),
      followerLog: takeoverMs === undefined ? follower.logTail() : undefined,
    };
  } finally {
    await lan.heal("n1");
    await Promise.all(routers.map((router) => router.stop()));
    await clean(lan, `${address}/${prefixLength[family]}`);
  }
}

function start(lan: Lan, node: string, settings: TrialSettings, priority: number): Promise<VrrpRouter> {
  const { make, family, intervalMs, keepalivedRealTime } = settings;
  const router: RouterSettings = {
    virtualRouterID,
    family,
    version: 3,
    priority,
    advertisementIntervalMs: intervalMs,
    addresses: [`${virtualAddress[family]}/${prefixLength[family]}`],
  };
  if (make === "keepalived") return startKeepalived(lan, node, [router], { quiet: true, realTimePriority: keepalivedRealTime });
  return startStandaloneAgent(lan, node, [router]);
}

/** What takes the leader away, ready to be called. */
async function prepare(lan: Lan, leader: VrrpRouter, scenario: Scenario): Promise<() => Promise<void>> {
  if (scenario === "cut") return lan.prepareCut(leader.node);
  if (scenario === "freeze") return () => freeze(leader.pid);
  return async () => (scenario === "kill" ? await leader.kill() : leader.terminate());
}

async function freeze(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  await sleep(frozenMs);
  process.kill(pid, "SIGCONT");
}

/** How closely the client watches the leader go. */
export function watching(askEvery?: string): ObserverOptions {
  return { stream: true, echoEvery: `${probeEveryMs * 1000}us`, askEvery };
}

/** Waits for the given phase of the leader's interval. The last two milliseconds are spun away: timers are not that exact. */
export async function untilPhase(observer: Observer, intervalMs: number, phase: number): Promise<void> {
  const latest = await until("an advert of the leader", () => observer.latestAdvert());
  const interval = BigInt(Math.round(intervalMs * 1e6));
  const offset = BigInt(Math.round(phase * intervalMs * 1e6));
  const soonest = process.hrtime.bigint() + 3_000_000n;
  const intervals = (soonest - latest.atNs - offset) / interval + 1n;
  const target = latest.atNs + intervals * interval + offset;
  await sleep(elapsedMs(process.hrtime.bigint(), target) - 2);
  while (process.hrtime.bigint() < target);
}

/** A router that was killed leaves the address on its node, and Aloft its gate, which would keep the next router there from answering. */
export async function clean(lan: Lan, address: string): Promise<void> {
  for (const node of lan.nodes) {
    await lan.exec(node, ["ip", "address", "del", address, "dev", "eth0"]).catch(() => {});
    await lan.exec(node, ["tc", "qdisc", "del", "dev", "eth0", "clsact"]).catch(() => {});
  }
}

/**
 * Random phases of the interval, one from each of `count` equal parts of it, in random order. A client's outage depends on the phase more than
 * on anything else: both makes get the same ones.
 */
export function randomPhases(count: number): number[] {
  const phases = Array.from({ length: count }, (_, index) => (index + Math.random()) / count);
  return phases
    .map((phase) => ({ phase, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ phase }) => phase);
}

/** Trials of both makes in turns, each pair at a phase of its own. */
export async function runSeries(
  lan: Lan,
  runs: number,
  settings: Omit<TrialSettings, "make" | "phase">,
  say: (text: string) => void = () => {},
): Promise<Record<Make, Trial[]>> {
  const trials: Record<Make, Trial[]> = { aloft: [], keepalived: [] };
  for (const [run, phase] of randomPhases(runs).entries()) {
    for (const make of ["aloft", "keepalived"] as const) {
      say(`${make}, ${run + 1} of ${runs}`);
      trials[make].push(await runTrial(lan, { ...settings, make, phase }));
    }
  }
  return trials;
}
