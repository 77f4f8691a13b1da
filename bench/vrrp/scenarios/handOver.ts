import { setTimeout as sleep } from "node:timers/promises";
import { CorePeer, desiredRouter } from "../../../test/netns/corePeer.ts";
import { Lan } from "../../../test/support/lan.ts";
import { longestDoubleAnswerMs, longestOutageMs, Observer } from "../../../test/support/observer.ts";
import { priorities, randomPhases, runSeries, untilPhase, virtualAddress, virtualRouterID, watching } from "../../trial.ts";
import type { Measure } from "../result.ts";
import { type Context, none, type Scenario, valuesOf } from "../scenario.ts";

const intervalMs = 100;
const address = virtualAddress.IPv4;
const bar = { most: 5, text: "5" };

interface Move {
  outageMs: number;
  doubleAnswerMs: number;
}

function routerOf(priority: number, handOver?: number) {
  const conflicts = "Enforce" as const;
  const deadMan = true;
  const addresses = [{ address: `${address}/24` }];
  return desiredRouter({ virtualRouterID, priority, advertisementIntervalMs: intervalMs, addresses, conflicts, deadMan, handOver });
}

/** What `kubectl vip move` asks the core for. */
async function handOverOnce(lan: Lan, phase: number): Promise<Move> {
  const peers: CorePeer[] = [];
  try {
    for (const [node, priority] of [
      ["n1", priorities.leader],
      ["n2", priorities.follower],
    ] as const) {
      const peer = await CorePeer.start(lan, node, { gate: true });
      peers.push(peer);
      await peer.apply(routerOf(priority));
      if (node === "n1") await peer.becomes("MASTER");
    }
    await sleep(1_000);
    const observer = await Observer.start(lan, [address], watching("1ms"));
    await sleep(200);
    await untilPhase(observer, intervalMs, phase);
    const sinceNs = process.hrtime.bigint();
    await peers[0]?.apply(routerOf(priorities.leader, 1));
    await peers[1]?.becomes("MASTER");
    await sleep(800);
    const observation = await observer.stop();
    return {
      outageMs: longestOutageMs(observation, address, sinceNs),
      doubleAnswerMs: longestDoubleAnswerMs(observation, address, sinceNs),
    };
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
    await Promise.all(peers.map((peer) => peer.kill()));
  }
}

async function measureHandOver(lan: Lan, { runs, say }: Context): Promise<Move[]> {
  const moves: Move[] = [];
  for (const [run, phase] of randomPhases(runs).entries()) {
    say(`handOver, ${run + 1} of ${runs}`);
    moves.push(await handOverOnce(lan, phase));
  }
  return moves;
}

async function measure(lan: Lan, context: Context): Promise<Measure[]> {
  const { runs, say } = context;
  const settings = { scenario: "stop" as const, intervalMs, family: "IPv4" as const, keepalivedRealTime: 50, askEvery: "1ms" };
  const stopped = await runSeries(lan, runs, settings, say);
  const moved = { aloft: await measureHandOver(lan, context), keepalived: [] };
  const outageMs = ({ outageMs: value }: Move) => value;
  const doubleAnswerMs = ({ doubleAnswerMs: value }: Move) => value;
  return [
    { what: "client's outage, SIGTERM", unit: "ms", values: valuesOf(stopped, outageMs), judged: "median", bar },
    { what: "both nodes answer, SIGTERM", unit: "ms", values: valuesOf(stopped, doubleAnswerMs), judged: "max", bar: none },
    { what: "client's outage, handOver", unit: "ms", values: valuesOf<Move>(moved, outageMs), judged: "median", bar },
    { what: "both nodes answer, handOver", unit: "ms", values: valuesOf<Move>(moved, doubleAnswerMs), judged: "max", bar: none },
  ];
}

export const handOver: Scenario = {
  name: "hand-over",
  title: `1 router, ${intervalMs} ms, planned moves`,
  subject: "agent for SIGTERM, the core alone for handOver",
  runs: 20,
  async measure(context) {
    const lan = await Lan.create({ nodes: 2 });
    try {
      const notes = [
        "The client pings every 0.25 ms and asks who has the address every millisecond. keepalived cannot hand over but by its end.",
      ];
      return { measures: await measure(lan, context), notes };
    } finally {
      await lan.destroy();
    }
  },
};
