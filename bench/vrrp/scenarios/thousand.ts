import type { Bar, Measure } from "../result.ts";
import { complaints, protocolBar, type Scenario, sized, takeoverMeasures, takeovers, threadsOf, valuesOf } from "../scenario.ts";
import type { TakeoverTrial } from "../takeover.ts";

const links = 4;

function cpuMeasures(trials: Record<"aloft" | "keepalived", TakeoverTrial[]>, leader: Bar, follower?: Bar): Measure[] {
  return [
    {
      what: "processor time of the active",
      unit: "% of a core",
      values: valuesOf(trials, ({ leaderCpu }) => leaderCpu?.percent),
      judged: "max",
      bar: leader,
    },
    {
      what: "processor time of the follower, 5 s from the fault on",
      unit: "% of a core",
      values: valuesOf(trials, ({ followerCpu }) => followerCpu?.percent),
      judged: "max",
      bar: follower,
    },
  ];
}

function threadNotes(trials: Record<"aloft" | "keepalived", TakeoverTrial[]>): string[] {
  return [
    `Threads of the active: ${threadsOf(trials.aloft, "leaderCpu")}; of the follower: ${threadsOf(trials.aloft, "followerCpu")} (% of a core).`,
  ];
}

export const logging: Scenario = {
  name: "logging-1000",
  title: "1,000 routers on 4 veth pairs, 100 ms, all logging on, kill -9",
  subject: "agent, --log-level trace; keepalived: --log-console --log-detail",
  runs: 3,
  async measure(context) {
    const node = { logging: "all" as const };
    const trials = await takeovers(context, { routers: sized(1000, context), intervalMs: 100, fault: "kill", links, node, cpu: true });
    const tenth = { most: 10, text: "10" };
    return {
      measures: [...takeoverMeasures(trials, protocolBar(100, 10)), ...cpuMeasures(trials, tenth, tenth)],
      notes: [...threadNotes(trials), ...complaints(trials)],
    };
  },
};

export const thousandFast: Scenario = {
  name: "fast-1000",
  title: "1,000 routers on 4 veth pairs, 10 ms, kill -9",
  subject: "agent; keepalived: its log off",
  runs: 3,
  async measure(context) {
    const trials = await takeovers(context, { routers: sized(1000, context), intervalMs: 10, fault: "kill", links, cpu: true });
    return {
      measures: [...takeoverMeasures(trials, protocolBar(10, 4)), ...cpuMeasures(trials, { most: 40, text: "40" })],
      notes: [...threadNotes(trials), ...complaints(trials)],
    };
  },
};
