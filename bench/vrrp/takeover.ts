/** One trial of many: a fleet on two nodes, the leader goes, and what the wire says of it. */
import { setTimeout as sleep } from "node:timers/promises";
import { Lan } from "../../test/support/lan.ts";
import { elapsedMs } from "../../test/support/takeover.ts";
import type { Make } from "../make.ts";
import { type CpuShare, watchCpu } from "./cost.ts";
import { downMs, type FleetRouter, fleetOf, priorities } from "./fleet.ts";
import { addLinks, linkAddress, linkNames } from "./links.ts";
import { FleetNode, type NodeOptions, untilHeld } from "./node.ts";
import { Sweep } from "./sweep.ts";
import { announcedNs, type Succession, successionOf, Tally, type TallyResult } from "./tally.ts";

export interface TakeoverSettings {
  routers: number;
  intervalMs: number;
  /** "kill": SIGKILL of the leader. "cut": its link, so that neither end loses its carrier; only on the LAN. */
  fault: "kill" | "cut";
  /** How many veth pairs between the nodes carry them; 0: the LAN, that has a client. */
  links: number;
  node?: NodeOptions;
  /** Measures processor time; then the wire is watched from after that on, and not from the start of the follower. */
  cpu?: boolean;
}

export interface TakeoverTrial {
  make: Make;
  successions: Succession[];
  /** LAN only: leader's last advert to the follower's first announcement of the address, per virtual router. */
  backMs: number[];
  /** LAN only: addresses that the follower does not answer for in the end. */
  unanswered: number;
  /** Of the leader, while all is quiet. */
  leaderCpu?: CpuShare;
  /** Of the follower, over five seconds from the fault on. */
  followerCpu?: CpuShare;
  /** The end of the follower's log when somebody did not follow. */
  log?: string;
}

/** Announcements are repeated for five seconds (keepalived's second burst; the last of Aloft's plan). */
const settleMs = 6_500;
const cpuMs = 5_000;

export async function runTakeover(make: Make, settings: TakeoverSettings): Promise<TakeoverTrial> {
  const lan = await Lan.create({ nodes: 2 });
  try {
    return await new Trial(lan, make, settings).run();
  } finally {
    await lan.destroy();
  }
}

class Trial {
  private readonly lan: Lan;
  private readonly make: Make;
  private readonly settings: TakeoverSettings;
  private readonly fleet: FleetRouter[];

  constructor(lan: Lan, make: Make, settings: TakeoverSettings) {
    this.lan = lan;
    this.make = make;
    this.settings = settings;
    const { routers, intervalMs, links } = settings;
    this.fleet = fleetOf(routers, intervalMs, links > 0 ? linkNames(links) : ["eth0"], Math.ceil(routers / Math.max(1, links)));
  }

  async run(): Promise<TakeoverTrial> {
    const { cpu, links, routers } = this.settings;
    if (links > 0) await addLinks(this.lan, links);
    const leader = await this.start("n1", priorities.leader);
    await untilHeld(this.lan, leader, routers);
    await sleep(settleMs);
    const early = cpu ? undefined : await this.listen();
    const follower = await this.start("n2", priorities.follower);
    await sleep(3_000);
    const leaderCpu = cpu ? await measureCpu(leader.pid) : undefined;
    const tallies = early ?? (await this.listen());
    await sleep(1_500);
    const lostNs = await this.lose(leader);
    const followerCpu = watchCpu(follower.pid);
    await sleep(Math.max(cpuMs, 3 * downMs(this.settings.intervalMs)));
    const trial = await this.judge(tallies, lostNs);
    const failed = trial.successions.some(({ takeoverMs }) => !Number.isFinite(takeoverMs));
    return { ...trial, leaderCpu, followerCpu: cpu ? followerCpu() : undefined, log: failed ? follower.logTail() : undefined };
  }

  private start(node: string, priority: number): Promise<FleetNode> {
    return FleetNode.start(this.lan, node, this.make, this.fleet, priority, this.settings.node);
  }

  /** Where both can be heard: at the client of the LAN, or at the follower's ends of the links. */
  private listen(): Promise<Tally[]> {
    if (this.settings.links === 0) return Promise.all([Tally.start(this.lan, "client", "eth0")]);
    return Promise.all(linkNames(this.settings.links).map((name) => Tally.start(this.lan, "n2", name, { outgoing: true })));
  }

  /** Takes the leader away. Returns the moment before. */
  private async lose(leader: FleetNode): Promise<bigint> {
    const act = this.settings.fault === "cut" ? await this.lan.prepareCut("n1") : () => leader.kill();
    const lostNs = process.hrtime.bigint();
    await act();
    return lostNs;
  }

  private async judge(
    tallies: readonly Tally[],
    lostNs: bigint,
  ): Promise<Pick<TakeoverTrial, "make" | "successions" | "backMs" | "unanswered">> {
    const { make } = this;
    const results = await Promise.all(tallies.map((tally) => tally.stop()));
    const successions = results.flatMap((result, link) => this.successions(result, link, lostNs));
    if (this.settings.links > 0) return { make, successions, backMs: [], unanswered: 0 };
    const mac = await this.lan.mac("n2");
    const addresses = this.fleet.flatMap((router) => router.addresses);
    const backMs = this.back(results[0] ?? { adverts: [], announcements: [] }, successions, mac, lostNs);
    const sweep = await Sweep.start(this.lan, addresses, mac, { eager: true, durationMs: 3_000 });
    return { make, successions, backMs, unanswered: (await sweep.finished()).open };
  }

  /** Of the virtual routers of one link, in the order of their numbers. */
  private successions({ adverts }: TallyResult, link: number, lostNs: bigint): Succession[] {
    const addressOf = (node: "n1" | "n2") => (this.settings.links > 0 ? linkAddress(node, link) : this.lan.nodeAddress(node).IPv4);
    const wanted = this.fleet.filter((router) => this.settings.links === 0 || router.interface === `l${link}`);
    return wanted.map(({ virtualRouterID }) => {
      const tally = adverts.find((advert) => advert.virtualRouterID === virtualRouterID);
      if (!tally) throw new Error(`virtual router ${virtualRouterID} was not heard at all`);
      return successionOf(tally, addressOf("n1"), addressOf("n2"), lostNs);
    });
  }

  private back({ announcements }: TallyResult, successions: readonly Succession[], mac: string, lostNs: bigint): number[] {
    const byAddress = new Map(announcements.map((tally) => [tally.address, tally]));
    return this.fleet.map(({ addresses: [address = ""] }, index) => {
      const tally = byAddress.get(address);
      const atNs = tally && announcedNs(tally, mac, lostNs);
      const lastNs = successions[index]?.lastNs ?? 0n;
      return atNs === undefined || lastNs === 0n ? Number.POSITIVE_INFINITY : elapsedMs(lastNs, atNs);
    });
  }
}

async function measureCpu(pid: number): Promise<CpuShare> {
  const share = watchCpu(pid);
  await sleep(cpuMs);
  return share();
}
