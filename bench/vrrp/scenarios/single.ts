import { Lan } from "../../../test/support/lan.ts";
import { runSeries } from "../../trial.ts";
import { protocolBar, type Scenario, valuesOf } from "../scenario.ts";

const intervalMs = 10;

export const single: Scenario = {
  name: "single",
  title: `1 router, ${intervalMs} ms, kill -9`,
  subject: "agent",
  runs: 20,
  async measure({ runs, say }) {
    const lan = await Lan.create({ nodes: 2 });
    try {
      const trials = await runSeries(lan, runs, { scenario: "kill", intervalMs, family: "IPv4", keepalivedRealTime: 50 }, say);
      const values = valuesOf(trials, ({ takeoverMs }) => takeoverMs ?? Number.POSITIVE_INFINITY);
      const what = "takeover (leader's last advert to follower's first)";
      return { measures: [{ what, unit: "ms", values, judged: "max", bar: protocolBar(intervalMs, 2) }], notes: [] };
    } finally {
      await lan.destroy();
    }
  },
};
