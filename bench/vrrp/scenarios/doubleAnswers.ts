import { Lan } from "../../../test/support/lan.ts";
import { type Scenario as Loss, runSeries } from "../../trial.ts";
import type { Measure } from "../result.ts";
import { type Context, none, type Scenario, valuesOf } from "../scenario.ts";

const intervalMs = 100;
const losses: { scenario: Loss; title: string }[] = [
  { scenario: "kill", title: "after kill -9" },
  { scenario: "freeze", title: "after SIGSTOP, and SIGCONT 5 s later" },
];

async function measureLoss(lan: Lan, { runs, say }: Context, { scenario, title }: (typeof losses)[number]): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const family of ["IPv4", "IPv6"] as const) {
    const settings = { scenario, intervalMs, family, keepalivedRealTime: 50, askEvery: "1ms" };
    const trials = await runSeries(lan, runs, settings, (text) => say(`${scenario}, ${family}: ${text}`));
    const what = `both nodes answer ${title}, ${family}`;
    measures.push({ what, unit: "ms", values: valuesOf(trials, ({ doubleAnswerMs }) => doubleAnswerMs), judged: "max", bar: none });
  }
  return measures;
}

export const doubleAnswers: Scenario = {
  name: "double-answers",
  title: `1 router, ${intervalMs} ms: how long two nodes answer ARP requests or neighbour solicitations`,
  subject: "agent",
  runs: 5,
  async measure(context) {
    const lan = await Lan.create({ nodes: 2 });
    try {
      const measures: Measure[] = [];
      for (const loss of losses) measures.push(...(await measureLoss(lan, context, loss)));
      return {
        measures,
        notes: ["One question a millisecond. After a kill keepalived's node answers as long as one watches: 0.9 s here."],
      };
    } finally {
      await lan.destroy();
    }
  },
};
