/** The alerts, as promtool reads and plays them. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { stringify } from "yaml";
import { ensureBinaries } from "../../scripts/build-control-plane.ts";
import { run } from "../support/command.ts";
import { chartFolder, everything, pick, render } from "./chart.ts";

interface Rule {
  alert: string;
  expr: string;
  for: string;
  labels: { severity: string };
  annotations: { summary: string; description: string };
}

let folder: string;
let rules: Rule[];
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "aloft-alerts-"));
  const { groups } = pick(await render(everything), "PrometheusRule").spec;
  rules = groups[0].rules;
  writeFileSync(join(folder, "rules.yaml"), stringify({ groups }));
});
after(() => rmSync(folder, { recursive: true }));

async function promtool(args: string[]): Promise<string> {
  return run((await ensureBinaries(["promtool"])).promtool, args, { timeoutMs: 60_000 });
}

test("promtool check rules", async () => {
  assert.match(await promtool(["check", "rules", "--lint=all", "--lint-fatal", join(folder, "rules.yaml")]), /10 rules found/);
});

test("each alert can be left out, and its threshold be another one", async () => {
  const values = [...everything, "monitoring.prometheusRule.rules.noOwner.enabled=false"];
  const { groups } = pick(await render([...values, "monitoring.prometheusRule.rules.flapping.threshold=3"]), "PrometheusRule").spec;
  const changed = groups[0].rules as Rule[];
  assert.deepEqual(
    rules.filter(({ alert }) => !changed.some((other) => other.alert === alert)).map(({ alert }) => alert),
    ["AloftNoOwner"],
  );
  assert.match(changed.find(({ alert }) => alert === "AloftFlapping")?.expr ?? "", />= 3$/);
});

/** Metrics of the sources, by the text that registers them; those of histograms with their suffixes. */
function knownMetrics(): Set<string> {
  const files = ["agent/status/metrics.ts", "agent/status/serverMetrics.ts", "operator/metrics.ts", "kube/metrics.ts"];
  const text = files.map((path) => readFileSync(join(chartFolder, "../../src", path), "utf8")).join();
  return new Set([...text.matchAll(/"(aloft_[a-z_]+)"/g)].map(([, name = ""]) => name));
}

test("alerts and dashboard ask for metrics that there are", () => {
  const known = knownMetrics();
  const dashboard = readFileSync(join(chartFolder, "files/dashboard.json"), "utf8");
  const asked = [...rules.map(({ expr }) => expr), dashboard].join("\n").matchAll(/\b(aloft_[a-z_]+?)(?:_bucket)?\b(?!")/g);
  const names = [...new Set([...asked].map(([, name = ""]) => name))];
  assert.ok(names.length > 10);
  assert.deepEqual(
    names.filter((name) => !known.has(name)),
    [],
  );
});

test("promtool reads the expressions of the dashboard", async () => {
  const { panels, annotations } = JSON.parse(readFileSync(join(chartFolder, "files/dashboard.json"), "utf8")) as {
    panels: { title: string; targets: { expr: string }[] }[];
    annotations: { list: { expr: string }[] };
  };
  const expressions = [...panels.flatMap(({ targets }) => targets), ...annotations.list].map(({ expr }) =>
    expr.replaceAll("$__rate_interval", "1m").replaceAll("$virtualip", ".*"),
  );
  const file = join(folder, "dashboard.yaml");
  writeFileSync(
    file,
    stringify({ groups: [{ name: "dashboard", rules: expressions.map((expr, index) => ({ record: `panel:${index}`, expr })) }] }),
  );
  assert.match(await promtool(["check", "rules", file]), new RegExp(`${expressions.length} rules found`));
});

interface Case {
  alert: string;
  /** Series of one minute each, 15 s apart. */
  series: Record<string, string>;
  /** Labels of what fires five minutes later; none: nothing may. */
  fires: Record<string, string>[];
}

const router = (node: string, state: string) => `aloft_vrrp_state{virtualip="web",family="IPv4",node="${node}",state="${state}"}`;
const web = { virtualip: "web", family: "IPv4" };
const always = (value: number) => `${value}x60`;

const cases: Case[] = [
  { alert: "AloftNoOwner", series: { [router("n1", "MASTER")]: always(0), [router("n2", "MASTER")]: always(0) }, fires: [web] },
  { alert: "AloftNoOwner", series: { [router("n1", "MASTER")]: always(1), [router("n2", "MASTER")]: always(0) }, fires: [] },
  { alert: "AloftTwoOwners", series: { [router("n1", "MASTER")]: always(1), [router("n2", "MASTER")]: always(1) }, fires: [web] },
  { alert: "AloftTwoOwners", series: { [router("n1", "MASTER")]: always(1), [router("n2", "MASTER")]: always(0) }, fires: [] },
  {
    alert: "AloftFlapping",
    series: { 'aloft_vrrp_master_transitions_total{virtualip="web",family="IPv4",node="n1"}': "0+1x60" },
    fires: [web],
  },
  {
    alert: "AloftFlapping",
    series: { 'aloft_vrrp_master_transitions_total{virtualip="web",family="IPv4",node="n1"}': "0x10 1x50" },
    fires: [],
  },
  { alert: "AloftAddressConflict", series: { 'aloft_vrrp_address_conflict{virtualip="web",family="IPv4"}': always(1) }, fires: [web] },
  { alert: "AloftAddressConflict", series: { 'aloft_vrrp_address_conflict{virtualip="web",family="IPv4"}': always(0) }, fires: [] },
  { alert: "AloftForeignRouter", series: { 'aloft_vrrp_foreign_router{virtualip="web",family="IPv4"}': always(1) }, fires: [web] },
  { alert: "AloftForeignRouter", series: { 'aloft_vrrp_foreign_router{virtualip="web",family="IPv4"}': always(0) }, fires: [] },
  { alert: "AloftAgentDown", series: { 'up{job="aloft-agent",node="n1"}': always(0) }, fires: [{ job: "aloft-agent", node: "n1" }] },
  { alert: "AloftAgentDown", series: { 'up{job="aloft-agent",node="n1"}': always(1), 'up{job="other"}': always(0) }, fires: [] },
  { alert: "AloftOperatorDown", series: { 'aloft_leader{job="aloft-operator",pod="a"}': always(0) }, fires: [{}] },
  { alert: "AloftOperatorDown", series: {}, fires: [{}] },
  {
    alert: "AloftOperatorDown",
    series: { 'aloft_leader{job="aloft-operator",pod="a"}': always(0), 'aloft_leader{job="aloft-operator",pod="b"}': always(1) },
    fires: [],
  },
  {
    alert: "AloftPoolNearlyFull",
    series: {
      'aloft_addresspool_addresses{addresspool="public",family="IPv4"}': always(100),
      'aloft_addresspool_addresses_used{addresspool="public",family="IPv4"}': always(91),
    },
    fires: [{ addresspool: "public", family: "IPv4" }],
  },
  {
    alert: "AloftPoolNearlyFull",
    series: {
      'aloft_addresspool_addresses{addresspool="public",family="IPv4"}': always(100),
      'aloft_addresspool_addresses_used{addresspool="public",family="IPv4"}': always(90),
    },
    fires: [],
  },
  {
    alert: "AloftQuorumLost",
    series: { 'aloft_virtualserver_quorum{namespace="shop",virtualserver="web",node="n1"}': always(0) },
    fires: [{ namespace: "shop", virtualserver: "web" }],
  },
  {
    alert: "AloftQuorumLost",
    series: {
      'aloft_virtualserver_quorum{namespace="shop",virtualserver="web",node="n1"}': always(0),
      'aloft_virtualserver_quorum{namespace="shop",virtualserver="web",node="n2"}': always(1),
    },
    fires: [],
  },
  { alert: "AloftLateTimers", series: lateness("0+5x60"), fires: [{ node: "n1" }] },
  { alert: "AloftLateTimers", series: lateness("0+1000x60"), fires: [] },
];

/** Of a thousand timers each time, so many were in time. */
function lateness(inTime: string): Record<string, string> {
  const bucket = (le: string) => `aloft_vrrp_timer_lateness_seconds_bucket{node="n1",le="${le}"}`;
  return { [bucket("0.01")]: inTime, [bucket("0.1")]: "0+1000x60", [bucket("+Inf")]: "0+1000x60" };
}

for (const { alert, series, fires } of cases) {
  const shown = Object.entries(series).map(([name, values]) => `${name} ${values}`);
  test(`${alert} ${fires.length > 0 ? "fires" : "is silent"} with ${shown.join(", ") || "nothing at all"}`, async () => {
    const rule = rules.find((candidate) => candidate.alert === alert);
    assert.ok(rule);
    const file = join(folder, "test.yaml");
    // Only the labels are compared: the annotations are text.
    writeFileSync(join(folder, "one.yaml"), stringify({ groups: [{ name: "one", rules: [{ ...rule, annotations: undefined }] }] }));
    const expected = fires.map((labels) => ({ exp_labels: { ...labels, severity: rule.labels.severity } }));
    const input = Object.entries(series).map(([name, values]) => ({ series: name, values }));
    const cases = [
      { interval: "15s", input_series: input, alert_rule_test: [{ eval_time: "14m", alertname: alert, exp_alerts: expected }] },
    ];
    writeFileSync(file, stringify({ rule_files: ["one.yaml"], evaluation_interval: "15s", tests: cases }));
    assert.match(await promtool(["test", "rules", file]), /SUCCESS/);
  });
}

test("summaries and descriptions are whole sentences with the names in them", async () => {
  for (const { annotations } of rules) {
    for (const text of Object.values(annotations)) assert.match(text, /[.]$/);
    assert.doesNotMatch(annotations.summary, /\n/);
  }
});
