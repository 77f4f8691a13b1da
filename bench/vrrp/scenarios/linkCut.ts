import { complaints, greatest, none, protocolBar, type Scenario, sized, takeoverMeasures, takeovers, valuesOf } from "../scenario.ts";

const intervalMs = 100;

export const linkCut: Scenario = {
  name: "link-cut",
  title: `250 routers, ${intervalMs} ms, link cut`,
  subject: "agent",
  runs: 5,
  async measure(context) {
    const trials = await takeovers(context, { routers: sized(250, context), intervalMs, fault: "cut", links: 0 });
    const bar = protocolBar(intervalMs, 10);
    return {
      measures: [
        {
          what: "last VIP back (leader's last advert to follower's announcement)",
          unit: "ms",
          values: valuesOf(trials, ({ backMs }) => greatest(backMs)),
          judged: "max",
          bar,
        },
        ...takeoverMeasures(trials, bar),
        {
          what: "VIPs that do not answer in the end",
          unit: "",
          values: valuesOf(trials, ({ unanswered }) => unanswered),
          judged: "max",
          bar: none,
        },
      ],
      notes: complaints(trials),
    };
  },
};
