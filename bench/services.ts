/**
 * The bar of Services: a node that answers for all of them is lost, on a real cluster, and clients have answers again; with an API server and
 * without one, beside what was measured of the peers. Ends 1 when Aloft misses it.
 */
import { writeFileSync } from "node:fs";
import { type Loss, losses, ServiceFleet, type Sight } from "../test/cluster/serviceFleet.ts";
import { addressPool } from "../test/cluster/serviceUser.ts";
import { User } from "../test/cluster/user.ts";
import { Steps } from "../test/e2e/steps.ts";
import { clusterLacks, KubeCluster } from "../test/support/kubeCluster.ts";
import { type Column, formatTable, spread } from "../test/support/table.ts";
import { numbers, readFlags, words } from "./flags.ts";
import { describeMachine, measureLoad, tooBusyPercent } from "./vrrp/machine.ts";

const apis = ["with", "without"] as const;
type Api = (typeof apis)[number];
const kinds = losses.map((loss) => loss.replace(" ", "-"));

const usage = `usage: npm run bench:services [-- --runs N] [--services N] [--loss ${kinds.join()}] [--api ${apis.join()}] [--json FILE] [--markdown FILE]`;

interface Flags {
  runs: number;
  services: number;
  losses: Loss[];
  apis: Api[];
  json: string;
  markdown: string;
}

function flagsOf(): Flags {
  const values = readFlags(usage, { runs: "5", services: "200", loss: kinds.join(), api: apis.join(), json: "", markdown: "" });
  const [runs = 1] = numbers(values.runs, "runs", usage);
  const [services = 1] = numbers(values.services, "services", usage);
  const chosen = words(values.loss, "loss", usage, kinds);
  return {
    runs,
    services,
    losses: losses.filter((loss) => chosen.includes(loss.replace(" ", "-"))),
    apis: words(values.api, "api", usage, apis),
    json: values.json,
    markdown: values.markdown,
  };
}

interface Outcome {
  loss: Loss;
  api: Api;
  sights: Sight[];
}

/** From the loss until the last of all Services has answered. */
const barMs = 500;
const isMet = ({ sights }: Outcome) => sights.every(({ silentMs, doubleAnswers }) => Math.max(...silentMs) <= barMs && doubleAnswers === 0);

/**
 * kube-vip 1.2.3 and MetalLB 0.16.1 (L2) with their defaults, real builds against the same kube-apiserver, three nodes in namespaces of a machine of
 * this kind, 5 to 8 runs; in seconds. A cut of power was not measured.
 */
const peers: Record<Loss, Record<Api, { kubeVip: string; metalLB: string }>> = {
  "link cut": {
    with: { kubeVip: "19.3 / 22.5 / 26.2", metalLB: "5.4 / 6.0 / 7.5" },
    without: { kubeVip: "never", metalLB: "5.0 / 5.7 / 6.4 (of one Service)" },
  },
  "power cut": { with: { kubeVip: "-", metalLB: "-" }, without: { kubeVip: "-", metalLB: "-" } },
};

const threeOf = (values: number[]) => {
  const { min = 0, median = 0, max = 0 } = spread(values) ?? {};
  return [min, median, max].map((ms) => (ms / 1000).toFixed(2)).join(" / ");
};
const medianOf = (values: number[]) => spread(values)?.median ?? 0;

const columns: Column<Outcome>[] = [
  { title: "node lost by", cell: ({ loss }) => loss },
  { title: "API server", cell: ({ api }) => (api === "with" ? "alive" : "dead") },
  { title: "n", cell: ({ sights }) => String(sights.length), align: "right" },
  { title: "last Service answers, s", cell: ({ sights }) => threeOf(sights.map(({ silentMs }) => Math.max(...silentMs))), align: "right" },
  { title: "middle one", cell: ({ sights }) => threeOf(sights.map(({ silentMs }) => medianOf(silentMs))), align: "right" },
  {
    title: "last address has an owner",
    cell: ({ sights }) => threeOf(sights.map(({ unownedMs }) => Math.max(...unownedMs))),
    align: "right",
  },
  {
    title: "two nodes answered",
    cell: ({ sights }) => `${sights.filter(({ doubleAnswers }) => doubleAnswers > 0).length} times`,
    align: "right",
  },
  { title: "bar", cell: () => `max ≤ ${barMs / 1000}, never two` },
  { title: "verdict", cell: (outcome) => (isMet(outcome) ? "met" : "MISSED") },
  { title: "kube-vip", cell: ({ loss, api }) => peers[loss][api].kubeVip, align: "right" },
  { title: "MetalLB", cell: ({ loss, api }) => peers[loss][api].metalLB, align: "right" },
];

function toMarkdown(outcomes: readonly Outcome[]): string[] {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  const titles = columns.map(({ title }) => title);
  const rules = columns.map(({ align }) => (align === "right" ? "---:" : "---"));
  return [line(titles), line(rules), ...outcomes.map((outcome) => line(columns.map(({ cell }) => cell(outcome))))];
}

function record({ json, markdown, ...flags }: Flags, heading: string, outcomes: readonly Outcome[]): void {
  if (json) writeFileSync(json, `${JSON.stringify({ heading, flags, outcomes }, null, 2)}\n`);
  if (markdown) writeFileSync(markdown, `${[heading, "", ...toMarkdown(outcomes)].join("\n")}\n`);
}

async function measure(steps: Steps, fleet: ServiceFleet, flags: Flags, heading: string): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const loss of flags.losses) {
    for (const api of flags.apis) {
      const outcome: Outcome = { loss, api, sights: [] };
      outcomes.push(outcome);
      await steps.step(`${loss} ${api} an API server, ${flags.runs} times`, async () => {
        while (outcome.sights.length < flags.runs) outcome.sights.push(await fleet.lose(loss, { withApi: api === "with" }));
      });
      // After each, for the next may fail.
      record(flags, heading, outcomes);
    }
  }
  return outcomes;
}

async function bench(flags: Flags): Promise<void> {
  const lacks = clusterLacks();
  if (lacks) throw new Error(`a cluster cannot run on this machine: ${lacks}`);
  const steps = new Steps();
  const { othersPercent } = await measureLoad();
  const heading = `${flags.services} Services; ${describeMachine()}; ${new Date().toISOString().slice(0, 10)}.`;
  steps.lines([
    heading,
    `Others took ${othersPercent.toFixed(0)} % of a core${othersPercent > tooBusyPercent ? steps.red(": too busy") : ""}`,
  ]);
  let cluster: KubeCluster | undefined;
  try {
    cluster = await steps.step("a cluster of three nodes", () => KubeCluster.up());
    const fleet = new ServiceFleet(cluster);
    const { services } = flags;
    await steps.step("helm install", () => new User(cluster as KubeCluster).install());
    await cluster.apply(addressPool("lan", ["172.30.2.0/23"]));
    await steps.step(`${services} Services`, () => fleet.start(services));
    const outcomes = await measure(steps, fleet, flags, heading);
    steps.lines([
      "",
      ...formatTable(columns, outcomes),
      "",
      "Least / middle / greatest of the runs. Peers: their defaults, link cut, measured before.",
      "",
    ]);
    if (!outcomes.every(isMet)) process.exitCode = 1;
  } finally {
    await cluster?.down();
  }
}

await bench(flagsOf());
