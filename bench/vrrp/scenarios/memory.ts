import { setTimeout as sleep } from "node:timers/promises";
import { Lan } from "../../../test/support/lan.ts";
import type { Make } from "../../make.ts";
import { memoryByKind, residentMB } from "../cost.ts";
import { fleetOf, priorities } from "../fleet.ts";
import { addLinks, linkNames } from "../links.ts";
import { FleetNode, untilHeld } from "../node.ts";
import { inTurns, type Scenario, sized, valuesOf } from "../scenario.ts";

const links = 4;
const intervalMs = 100;
/** The announcements are over, and what reading the file took has been given back. */
const settleMs = 10_000;

interface Memory {
  active: number;
  standby: number;
  byKind: [string, number][];
}

async function weigh(make: Make, routers: number): Promise<Memory> {
  const lan = await Lan.create({ nodes: 2 });
  try {
    await addLinks(lan, links);
    const fleet = fleetOf(routers, intervalMs, linkNames(links), Math.ceil(routers / links));
    const leader = await FleetNode.start(lan, "n1", make, fleet, priorities.leader);
    await untilHeld(lan, leader, routers);
    const follower = await FleetNode.start(lan, "n2", make, fleet, priorities.follower);
    await sleep(settleMs);
    return { active: residentMB(leader.pids), standby: residentMB(follower.pids), byKind: memoryByKind(leader.pid) };
  } finally {
    await lan.destroy();
  }
}

export const memory: Scenario = {
  name: "memory",
  title: "resident memory with 1,000 routers on 4 veth pairs",
  subject: "agent",
  runs: 3,
  async measure(context) {
    const thousand = await inTurns(context, (make) => weigh(make, sized(1000, context)));
    const one = await inTurns({ ...context, runs: 1 }, (make) => weigh(make, 1));
    const bar = { most: 120, text: "120" };
    const [last] = thousand.aloft.slice(-1);
    const madeOf = (last?.byKind ?? []).map(([kind, resident]) => `${kind} ${resident.toFixed(1)}`).join(", ");
    return {
      measures: [
        { what: "active, all routers MASTER", unit: "MB", values: valuesOf(thousand, ({ active }) => active), judged: "max", bar },
        { what: "standby", unit: "MB", values: valuesOf(thousand, ({ standby }) => standby), judged: "max", bar },
        { what: "active with one router", unit: "MB", values: valuesOf(one, ({ active }) => active), judged: "max" },
      ],
      notes: [`Aloft's active is made of, in MB: ${madeOf}.`],
    };
  },
};
