/** From `kubectl apply` to an address that survives its node: the whole of Aloft in bare network namespaces, without kubelets and containers. */
import { readFileSync, writeFileSync } from "node:fs";
import { parse } from "yaml";
import type { VirtualIP } from "../../src/api/virtualIP.ts";
import { Cluster, checkout } from "./cluster.ts";
import type { DemoFlags } from "./demo.ts";
import { type Drill, drills, runDrill } from "./drills.ts";
import { howToUse, keepRunning } from "./keep.ts";
import { type DrillResult, explanation, failures, formatDrills } from "./report.ts";
import { Steps } from "./steps.ts";

const virtualIPFile = "deploy/examples/virtualip.yaml";
const nodeCount = 3;

async function bringUp(cluster: Cluster, steps: Steps): Promise<VirtualIP> {
  const example = parse(readFileSync(checkout(virtualIPFile), "utf8")) as VirtualIP;
  const { name } = example.metadata;
  await steps.step("etcd and kube-apiserver", () => cluster.startControlPlane());
  await steps.step("kubectl apply -f crds -f deploy/rbac.yaml, Node objects", () => cluster.installAloft());
  await steps.step(`operator, and agents on ${cluster.lan.nodes.join(", ")}`, () => cluster.startAloft());
  await steps.step(`kubectl apply -f ${virtualIPFile}`, () => cluster.apply(virtualIPFile));
  await steps.step(`VirtualIP ${name} is Ready`, () => cluster.ready(name));
  await steps.step("all nodes agree", () => cluster.settled(name));
  return example;
}

async function printVirtualIP(cluster: Cluster, steps: Steps, name: string): Promise<void> {
  await printOutput(steps, "kubectl get vip -o wide", () => cluster.kubectl(["get", "vip", "-o", "wide"]));
  await printOutput(steps, `kubectl vip explain ${name}`, () => cluster.vip(["explain", name]));
}

async function printOutput(steps: Steps, command: string, run: () => Promise<string>): Promise<void> {
  const output = await run();
  steps.lines(["", steps.bold(`$ ${command}`), ...output.trimEnd().split("\n")]);
}

async function runDrills(cluster: Cluster, steps: Steps, chosen: readonly Drill[], virtualIP: string): Promise<DrillResult[]> {
  const results: DrillResult[] = [];
  for (const drill of chosen) results.push(await steps.step(`drill: ${drill.title}`, () => runDrill(cluster, drill, virtualIP)));
  await steps.step("whole again", () => cluster.settled(virtualIP));
  return results;
}

function printResults(results: readonly DrillResult[], steps: Steps): void {
  const [titles = "", ...lines] = formatDrills(results);
  steps.line();
  steps.line(`  ${steps.bold(titles)}`);
  for (const line of lines) steps.line(`  ${line.endsWith("ok") ? line : steps.red(line)}`);
  steps.lines(["", ...explanation(results), ""]);
}

export function printVerdict(failed: readonly string[], steps: Steps): void {
  if (failed.length === 0) steps.line(`  ${steps.green("Every takeover stayed within its bound, and no two nodes ever answered.")}`);
  else steps.lines(failed.map((failure) => steps.red(failure)));
  steps.line();
}

/** Whether all drills went well. */
export async function runLightDemo(flags: DemoFlags): Promise<boolean> {
  const steps = new Steps();
  const chosen: Drill[] = flags.quick ? [drills.stop, drills.pause, drills.move, drills.cutWithoutControl] : Object.values(drills);
  steps.lines(["", steps.bold("Aloft: from kubectl apply to an address that survives its node"), ""]);
  const cluster = await steps.step(`LAN with ${nodeCount} nodes and a client`, () =>
    Cluster.create({ nodes: nodeCount, outlivesProcess: flags.keep }),
  );
  try {
    const { metadata } = await bringUp(cluster, steps);
    await printVirtualIP(cluster, steps, metadata.name);
    steps.line();
    const results = await runDrills(cluster, steps, chosen, metadata.name);
    await printOutput(steps, `kubectl vip timeline ${metadata.name}`, () => cluster.vip(["timeline", metadata.name]));
    steps.line();
    if (flags.json) writeFileSync(flags.json, `${JSON.stringify({ drills: results }, null, 2)}\n`);
    if (flags.keep) keepRunning(cluster);
    else await steps.step("everything removed", () => cluster.destroy());
    printResults(results, steps);
    const failed = failures(results);
    printVerdict(failed, steps);
    if (flags.keep) steps.lines(howToUse(cluster));
    return failed.length === 0;
  } catch (error) {
    cluster.keepLogs();
    steps.lines(["", steps.red(error instanceof Error ? error.message : String(error)), `logs are in ${cluster.lan.directory}`, ""]);
    await cluster.destroy();
    return false;
  }
}
