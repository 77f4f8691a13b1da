import { complaints, protocolBar, type Scenario, sized, takeoverMeasures, takeovers } from "../scenario.ts";

const intervalMs = 10;

export const fast: Scenario = {
  name: "fast-250",
  title: `250 routers, ${intervalMs} ms, kill -9`,
  subject: "agent",
  runs: 5,
  async measure(context) {
    const trials = await takeovers(context, { routers: sized(250, context), intervalMs, fault: "kill", links: 0 });
    return { measures: takeoverMeasures(trials, protocolBar(intervalMs, 4)), notes: complaints(trials) };
  },
};
