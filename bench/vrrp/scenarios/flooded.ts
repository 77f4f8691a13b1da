import { setTimeout as sleep } from "node:timers/promises";
import { Lan } from "../../../test/support/lan.ts";
import type { Lateness } from "../../coreDriver.ts";
import { histogramQuantile } from "../../histogram.ts";
import type { Make } from "../../make.ts";
import { residentMB, watchCpu } from "../cost.ts";
import { fleetOf, priorities } from "../fleet.ts";
import { flood } from "../flood.ts";
import { latenessBetween, scrape } from "../metrics.ts";
import { FleetNode, untilHeld } from "../node.ts";
import type { Measure } from "../result.ts";
import { type Context, greatest, inTurns, none, type Scenario, total, valuesOf } from "../scenario.ts";
import { Tally } from "../tally.ts";

const intervalMs = 10;
const routers = 10;
const ratePerSecond = 50_000;
const durationMs = 20_000;
/** A stranger on the LAN; the junk bears the addresses of the nodes too. */
const stranger = "198.51.100.77";
/** Beyond what the garbage of JavaScript comes and goes with. */
const flatMB = 1;

interface Flooded {
  ratePerSecond: number;
  wireP99Us: number;
  wireMaxUs: number;
  changes: number;
  grownMB: number;
  cpuPercent: number;
  /** Aloft only: `wakeup − deadline` of both nodes' cores; that of a BACKUP is empty while its deadlines are put off by adverts. */
  core: Lateness[];
}

async function trial(make: Make): Promise<Flooded> {
  const lan = await Lan.create({ nodes: 2 });
  try {
    const fleet = fleetOf(routers, intervalMs, ["eth0"]);
    const leader = await FleetNode.start(lan, "n1", make, fleet, priorities.leader, { metrics: true });
    await untilHeld(lan, leader, routers);
    const follower = await FleetNode.start(lan, "n2", make, fleet, priorities.follower, { metrics: true });
    await sleep(6_500);
    return await measureFlood(lan, [leader, follower]);
  } finally {
    await lan.destroy();
  }
}

async function measureFlood(lan: Lan, nodes: readonly FleetNode[]): Promise<Flooded> {
  const scrapes = () => Promise.all(nodes.map((node) => (node.make === "aloft" ? scrape(lan, node.name) : "")));
  await scrapes(); // what the first one compiles and allocates is no growth
  const before = await scrapes();
  const residentBefore = nodes.map(({ pids }) => residentMB(pids));
  const tally = await Tally.start(lan, "client", "eth0");
  const cpus = nodes.map(({ pid }) => watchCpu(pid));
  const sources = [stranger, ...lan.nodes.map((node) => lan.nodeAddress(node).IPv4)];
  const rate = await flood(lan, { sources, address: "10.200.0.1", virtualRouterIDs: routers, ratePerSecond, durationMs });
  const cpuPercent = greatest(cpus.map((share) => share().percent));
  const { adverts } = await tally.stop();
  const residentAfter = nodes.map(({ pids }) => residentMB(pids));
  const after = await scrapes();
  const late = (pick: "gapP99Us" | "gapMaxUs") =>
    greatest(adverts.flatMap(({ reigns }) => reigns.map((reign) => Math.max(0, reign[pick] - intervalMs * 1000))));
  return {
    ratePerSecond: rate,
    wireP99Us: late("gapP99Us"),
    wireMaxUs: late("gapMaxUs"),
    changes: total(adverts.map(({ changes, resignations }) => changes + resignations)),
    grownMB: greatest(residentAfter.map((resident, index) => resident - (residentBefore[index] ?? 0))),
    cpuPercent,
    core: after.flatMap((text, index) => latenessBetween(before[index] ?? "", text) ?? []),
  };
}

function measuresOf(trials: Record<Make, Flooded[]>): Measure[] {
  const late = { most: 1000, text: "1000" };
  const us = "µs" as const;
  return [
    {
      what: "adverts' lateness on the wire, p99",
      unit: us,
      values: valuesOf(trials, ({ wireP99Us }) => wireP99Us),
      judged: "max",
      bar: late,
    },
    { what: "adverts' lateness on the wire, greatest", unit: us, values: valuesOf(trials, ({ wireMaxUs }) => wireMaxUs), judged: "max" },
    {
      what: "lateness of the core's timers, p99 (bucket)",
      unit: us,
      values: {
        aloft: trials.aloft.map(({ core }) => greatest(core.map((lateness) => histogramQuantile(lateness, 0.99) ?? 0))),
        keepalived: [],
      },
      judged: "max",
      bar: late,
    },
    { what: "changes of state", unit: "", values: valuesOf(trials, ({ changes }) => changes), judged: "max", bar: none },
    {
      what: "memory, after less before",
      unit: "MB",
      values: valuesOf(trials, ({ grownMB }) => grownMB),
      judged: "max",
      bar: { most: flatMB, text: String(flatMB) },
    },
    {
      what: "processor time of the busier node",
      unit: "% of a core",
      values: valuesOf(trials, ({ cpuPercent }) => cpuPercent),
      judged: "median",
    },
    {
      what: "junk that the machine sent, packets a second",
      unit: "",
      values: valuesOf(trials, (result) => result.ratePerSecond),
      judged: "median",
    },
  ];
}

export const flooded: Scenario = {
  name: "flood",
  title: `${routers} routers, ${intervalMs} ms, flood of ${ratePerSecond} junk adverts a second for ${durationMs / 1000} s`,
  subject: "agent",
  runs: 3,
  async measure(context: Context) {
    const trials = await inTurns(context, trial);
    const notes = [
      "Junk: TTL 254, unknown version or type, too short, trailing bytes, bad checksum, interval 0, no address, unknown VRID; all of priority 255,",
      "from a stranger and from both nodes' addresses. Lateness on the wire: the gap to the advert before beyond the interval.",
    ];
    return { measures: measuresOf(trials), notes };
  },
};
