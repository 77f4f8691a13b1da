import { setTimeout as sleep } from "node:timers/promises";
import type { Family } from "../../../src/api/ipAddress.ts";
import { Lan } from "../../../test/support/lan.ts";
import { elapsedMs } from "../../../test/support/takeover.ts";
import type { Make } from "../../make.ts";
import { downMs, type FleetRouter, priorities } from "../fleet.ts";
import { FleetNode, untilHeld } from "../node.ts";
import type { Measure } from "../result.ts";
import { type Context, greatest, inTurns, none, type Scenario, sized, valuesOf } from "../scenario.ts";
import { Sweep } from "../sweep.ts";
import { successionOf, Tally } from "../tally.ts";

const routers = 16;
const intervalMs = 100;
/** An advert has room for few; the others move along. */
const advertised = 20;
const barMs: Record<Family, number> = { IPv4: 250, IPv6: 500 };
/** keepalived needs half a minute for IPv6 alone. */
const limitMs = 180_000;

function addressOf(family: Family, router: number, index: number): string {
  return family === "IPv4"
    ? `10.201.${router * 4 + (index >> 8)}.${index & 255}`
    : `2001:db8:201:${(router + 1).toString(16)}::${(index + 1).toString(16)}`;
}

function fleetOf(family: Family, count: number): FleetRouter[] {
  return Array.from({ length: routers }, (_, router) => {
    const share = Math.floor(count / routers) + (router < count % routers ? 1 : 0);
    const addresses = Array.from({ length: share }, (_, index) => addressOf(family, router, index));
    return {
      family,
      interface: "eth0",
      virtualRouterID: 1 + router,
      intervalMs,
      addresses: addresses.slice(0, advertised),
      excluded: addresses.slice(advertised),
    };
  });
}

interface Move {
  /** Of the address that came last: how long after its router's Active_Down_Interval it was answered for; Infinity: not all were. */
  beyondMs: number;
  /** First advert of the first router to change hands to the last answer for an address of any. */
  wholeMs: number;
  unanswered: number;
}

async function move(make: Make, family: Family, count: number): Promise<Move> {
  const lan = await Lan.create({ nodes: 2 });
  try {
    const fleet = fleetOf(family, count);
    const sources = await Promise.all(lan.nodes.map((node) => (family === "IPv4" ? lan.nodeAddress(node).IPv4 : lan.linkLocal(node))));
    const leader = await FleetNode.start(lan, "n1", make, fleet, priorities.leader);
    await untilHeld(lan, leader, count, limitMs);
    await sleep(6_500);
    await FleetNode.start(lan, "n2", make, fleet, priorities.follower);
    await sleep(3_000);
    return await watchMove(lan, fleet, sources);
  } finally {
    await lan.destroy();
  }
}

interface Answer {
  /** Of its router: the follower's first advert, the leader's last; 0n when it was not followed. */
  followedNs: bigint;
  lastNs: bigint;
  atNs: bigint | undefined;
}

/** `sources`: addresses that the leader's and the follower's adverts come from. */
async function watchMove(lan: Lan, fleet: readonly FleetRouter[], [from = "", to = ""]: readonly string[]): Promise<Move> {
  const tally = await Tally.start(lan, "client", "eth0");
  const sweep = await Sweep.start(lan, fleet.flatMap(addressesOf), await lan.mac("n2"), { durationMs: limitMs });
  const cut = await lan.prepareCut("n1");
  await sleep(1_000);
  const lostNs = process.hrtime.bigint();
  await cut();
  const { open, answeredNs } = await sweep.finished();
  const { adverts } = await tally.stop();
  const byRouter = new Map(adverts.map((advert) => [advert.virtualRouterID, successionOf(advert, from, to, lostNs)]));
  const answers = fleet.flatMap((router): Answer[] => {
    const { followedNs = 0n, lastNs = 0n } = byRouter.get(router.virtualRouterID) ?? {};
    return addressesOf(router).map((address) => ({ followedNs, lastNs, atNs: answeredNs.get(address) }));
  });
  const firstNs = answers.reduce((least, { followedNs }) => (followedNs < least ? followedNs : least), endOfTime);
  return {
    beyondMs: greatest(answers.map(({ lastNs, atNs }) => since(lastNs, atNs) - downMs(intervalMs))),
    wholeMs: greatest(answers.map(({ atNs }) => since(firstNs, atNs))),
    unanswered: open,
  };
}

const endOfTime = 2n ** 63n;
const addressesOf = ({ addresses: first, excluded = [] }: FleetRouter) => [...first, ...excluded];
/** 0n: the router was not followed. */
const since = (fromNs: bigint, toNs: bigint | undefined) =>
  fromNs === 0n || toNs === undefined ? Number.POSITIVE_INFINITY : elapsedMs(fromNs, toNs);

async function measureFamily(context: Context, family: Family, count: number): Promise<Measure[]> {
  const say = (text: string) => context.say(`${family}: ${text}`);
  const moves = await inTurns({ ...context, say }, (make) => move(make, family, count));
  const bar = { most: barMs[family], text: String(barMs[family]) };
  return [
    {
      what: `${family}: the last of ${count} addresses answering, beyond its router's Active_Down`,
      unit: "ms",
      values: valuesOf(moves, ({ beyondMs }) => beyondMs),
      judged: "max",
      bar,
    },
    {
      what: `${family}: first advert of the first router to the last answer of any`,
      unit: "ms",
      values: valuesOf(moves, ({ wholeMs }) => wholeMs),
      judged: "max",
    },
    {
      what: `${family}: addresses that do not answer`,
      unit: "",
      values: valuesOf(moves, ({ unanswered }) => unanswered),
      judged: "max",
      bar: none,
    },
  ];
}

export const addresses: Scenario = {
  name: "addresses-10000",
  title: `10,000 addresses on ${routers} routers, ${intervalMs} ms, link cut`,
  subject: "agent",
  runs: 3,
  async measure(context) {
    const count = sized(10_000, context);
    const measures = [...(await measureFamily(context, "IPv4", count)), ...(await measureFamily(context, "IPv6", count))];
    const notes = [
      "The routers' last adverts lie up to an interval apart where their phases do, as Aloft's: then so do the takeovers.",
      `${advertised} addresses of each router stand in its adverts, the others move along. Each is asked for by ARP or NS once it is announced.`,
    ];
    return { measures, notes };
  },
};
