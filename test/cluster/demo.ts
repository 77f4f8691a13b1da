/** From `helm install` to a Service that survives its node, on a cluster with kubelets and containers, in namespaces of this machine. */
import { writeFileSync } from "node:fs";
import type { DemoFlags } from "../e2e/demo.ts";
import { type DrillResult, failures, formatDrills } from "../e2e/report.ts";
import { Steps } from "../e2e/steps.ts";
import { KubeCluster } from "../support/kubeCluster.ts";
import { carrier, clusterDrills, type RollResult, rollFailures, runClusterDrill, runRoll, type Stage, whole } from "./demoDrills.ts";
import { addressPool, echoService, namespace, User } from "./user.ts";

const range = "172.30.0.210-172.30.0.219";
const port = 8080;
const mostInstallSeconds = 30;

interface Results {
  installSeconds: number;
  drills: DrillResult[];
  roll: RollResult;
}

/** Whether all went well. */
export async function runDemo(flags: DemoFlags): Promise<boolean> {
  const steps = new Steps();
  steps.lines(["", steps.bold("Aloft: from helm install to a Service that survives its node"), ""]);
  const cluster = await steps.step("a cluster: control plane; n1, n2, n3 with kubelet and containerd; a client outside", () =>
    KubeCluster.up(),
  );
  try {
    const user = new User(cluster);
    await steps.step("kubectl apply: a web server on every node that says the node's name", () => user.startEcho());
    const { stage, installSeconds } = await install(cluster, user, steps);
    await show(stage, steps);
    const drills: DrillResult[] = [];
    for (const drill of clusterDrills) drills.push(await steps.step(`drill: ${drill.title}`, () => runClusterDrill(stage, drill)));
    const roll = await steps.step("drill: update of the agents, node by node, under load", () => runRoll(stage));
    await steps.step("whole again", () => whole(stage));
    await printTimeline(stage, steps);
    const left = flags.keep ? [] : await uninstall(stage, steps);
    if (flags.keep) cluster.keep();
    else await steps.step("everything removed", () => cluster.down());
    const results = { installSeconds, drills, roll };
    if (flags.json) writeFileSync(flags.json, `${JSON.stringify(results, null, 2)}\n`);
    const failed = [...failuresOf(results), ...left];
    printResults(results, steps);
    printVerdict(failed, steps, flags.keep ? "" : "; nothing was left behind");
    if (flags.keep) steps.lines(howToUse(cluster, stage.address));
    return failed.length === 0;
  } catch (error) {
    steps.lines(["", steps.red(error instanceof Error ? error.message : String(error)), ""]);
    await cluster.down();
    return false;
  }
}

async function install(cluster: KubeCluster, user: User, steps: Steps): Promise<{ stage: Stage; installSeconds: number }> {
  const startedAt = performance.now();
  await steps.step(`helm install aloft charts/aloft --namespace ${namespace} --create-namespace --wait`, () => user.install());
  await steps.step(`kubectl apply: AddressPool public (${range})`, () => cluster.apply(addressPool("public", [range])));
  await steps.step("kubectl apply: Service echo of type LoadBalancer", () => cluster.apply(echoService("echo")));
  const address = await steps.step("it has an address", () => user.serviceAddress("echo"));
  await steps.step(`curl http://${address}:${port} from outside answers`, () => user.answersWithin(address, 30_000));
  const installSeconds = (performance.now() - startedAt) / 1000;
  const stage = { cluster, user, address };
  await steps.step("one node answers, all others stand by", () => whole(stage));
  return { stage, installSeconds };
}

async function show(stage: Stage, steps: Steps): Promise<void> {
  const { cluster, user, address } = stage;
  await printOutput(steps, "kubectl get service echo", () => cluster.kubectl(["get", "service", "echo"]));
  await printOutput(steps, `curl http://${address}:${port}`, () => user.answers(address));
  await printOutput(steps, "kubectl get vip -o wide", () => cluster.kubectl(["get", "vip", "-o", "wide"]));
  await printOutput(steps, "kubectl vip explain", async () =>
    cluster.aloft(["vip", "explain", (await carrier(stage))?.metadata.name ?? ""]),
  );
  steps.line();
}

async function printTimeline(stage: Stage, steps: Steps): Promise<void> {
  const name = (await carrier(stage))?.metadata.name ?? "";
  await printOutput(steps, `kubectl vip timeline ${name}`, () => stage.cluster.aloft(["vip", "timeline", name]));
  steps.line();
}

async function printOutput(steps: Steps, command: string, run: () => Promise<string>): Promise<void> {
  const output = await run();
  steps.lines(["", steps.bold(`$ ${command}`), ...output.trimEnd().split("\n")]);
}

/** What is left that should not be. */
async function uninstall({ cluster, user, address }: Stage, steps: Steps): Promise<string[]> {
  await steps.step(`helm uninstall aloft --namespace ${namespace} --wait`, () =>
    cluster.helm(["uninstall", "aloft", "-n", namespace, "--wait", "--timeout=120s"]),
  );
  await printOutput(steps, "kubectl get service echo", () => cluster.kubectl(["get", "service", "echo"]));
  steps.line();
  await steps.step("kubectl delete service echo, addresspool public, and the kinds", async () => {
    await cluster.kubectl(["delete", "service/echo", "addresspool/public", "--timeout=20s"]);
    await cluster.kubectl(["delete", "crd", "-l", "app.kubernetes.io/name=aloft", "--timeout=30s"]);
  });
  return (await user.leftOnNodes([address])).map((what) => `left behind on ${what}`);
}

function failuresOf({ installSeconds, drills, roll }: Results): string[] {
  const slow = installSeconds > mostInstallSeconds ? [`helm install to the first answer took ${installSeconds.toFixed(1)} s`] : [];
  return [...slow, ...failures(drills), ...rollFailures(roll)];
}

function printResults({ installSeconds, drills, roll }: Results, steps: Steps): void {
  const [titles = "", ...lines] = formatDrills(drills);
  steps.line();
  steps.line(`  ${steps.bold(titles)}`);
  for (const line of lines) steps.line(`  ${line.endsWith("ok") ? line : steps.red(line)}`);
  const { opened, failed, cut, slowestMs, established, moves, medianMs } = roll;
  const ways = moves.map(({ from, to }) => `${from} → ${to}`).join(", ");
  steps.lines([
    "",
    "Times in ms. Takeover: last advert of the old node to the first of the new one, by the client's kernel. Protocol: what VRRP itself takes",
    "at most with these priorities and this interval. Bound: the same and 50 ms for the machine. Client outage: questions to the Service that",
    "nobody answered, one each 2 ms. Two answered: how long two nodes answered for the address.",
    "",
    `From helm install to the first answer: ${installSeconds.toFixed(1)} s.`,
    `Update of the agents: ${opened.toLocaleString("en")} new connections meanwhile, ${failed} failed, the slowest took ${slowestMs} ms. The address moved ${moves.length === 1 ? "once" : `${moves.length} times`} (${ways}),`,
    `nobody answered for ${medianMs} ms (median). Connections are with a pod of the node that answers, and end when it hands over: ${established.broken} of ${established.held} that stood,`,
    `and ${cut} that had just been accepted.`,
    "",
  ]);
}

function printVerdict(failed: readonly string[], steps: Steps, further: string): void {
  const verdict = `Every takeover stayed within its bound, and no two nodes ever answered${further}.`;
  if (failed.length === 0) steps.line(`  ${steps.green(verdict)}`);
  else steps.lines(failed.map((failure) => steps.red(failure)));
  steps.line();
}

function howToUse(cluster: KubeCluster, address: string): string[] {
  const [fabric, client] = [cluster.enter("fabric").join(" "), cluster.enter("client").join(" ")];
  return [
    "It goes on running. The API server listens inside the LAN: commands start in one of its namespaces.",
    "",
    `export KUBECONFIG=${cluster.kubeconfig}`,
    `watch             ${fabric} ${cluster.kubectlPath} get vip -o wide --watch`,
    `ask as a client   ${client} curl http://${address}:${port}`,
    `enter a node      ${cluster.enterNode("n1").join(" ")} sh`,
    "end it all        npm run demo -- --stop",
    "",
  ];
}
