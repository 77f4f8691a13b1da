/** `aloft vip`, which bin/kubectl-vip makes `kubectl vip`: what the VirtualIPs of a cluster do and why, and planned moves. */
import { parseDuration } from "../api/duration.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Output } from "./cli.ts";
import { type FlagValues, flagHelp, parseArguments, UsageError } from "./flags.ts";
import { ipvsFlags } from "./ipvsCommand.ts";
import { type Format, parseFormat } from "./values.ts";
import type { ClusterState } from "./vip/clusterState.ts";

export const vipFlags = {
  output: { short: "o", placeholder: "table|json", help: "how to print", parse: parseFormat, default: "table" },
  to: { placeholder: "NODE", help: "with move: the node that shall answer" },
  timeout: { placeholder: "DURATION", help: "with move and drain: how long to wait until it is done", parse: parseTimeout, default: "15s" },
  node: { placeholder: "NODE", help: "with ipvs: only that one" },
  all: { help: `with ipvs: ${ipvsFlags.all.help}` },
  interval: { ...ipvsFlags.interval, help: `with ipvs: ${ipvsFlags.interval.help}` },
  kubeconfig: { placeholder: "FILE", help: "how to reach the API server; default: $KUBECONFIG, then ~/.kube/config" },
  context: { placeholder: "NAME", help: "context of the kubeconfig" },
} as const;
type Flags = FlagValues<typeof vipFlags>;

export const vipUsage = `usage: kubectl vip status [NAME]          all VirtualIPs, or one with its nodes
       kubectl vip timeline NAME          who held it, since when and why
       kubectl vip explain NAME           why it is there, and what a loss of that node would bring
       kubectl vip move NAME --to NODE    hand it over, make-before-break
       kubectl vip drain NODE             hand over all that the node holds, and keep it out of elections
       kubectl vip undrain NODE           let it take part again
       kubectl vip ipvs [NAMESPACE/NAME]  tables of the directors, with counters
       kubectl vip doctor                 what is wrong with nodes and objects, and what puts it right

${flagHelp(vipFlags)}`;

interface Call {
  words: string[];
  flags: Flags;
  output: Output;
}

const subcommands: Record<string, { names: [least: number, most: number]; run(call: Call): Promise<number> }> = {
  status: { names: [0, 1], run: showStatus },
  timeline: { names: [1, 1], run: showTimeline },
  explain: { names: [1, 1], run: showExplanation },
  move: { names: [1, 1], run: move },
  drain: { names: [1, 1], run: drain },
  undrain: { names: [1, 1], run: undrain },
  ipvs: { names: [0, 1], run: showTables },
  doctor: { names: [0, 0], run: doctor },
};

/** @returns 0; 1 when the API server cannot be asked, there is no such object, a move is not done in time, or the doctor finds trouble. */
export async function runVipCommand(args: string[], output: Output): Promise<number> {
  const { flags, words } = parseArguments(vipFlags, args);
  const [name = "", ...rest] = words;
  const subcommand = subcommands[name];
  if (!subcommand)
    throw new UsageError(
      name === "" ? "vip: expected status, timeline, explain, move, drain, undrain, ipvs or doctor" : `vip: unknown subcommand "${name}"`,
    );
  const [least, most] = subcommand.names;
  if (rest.length < least) throw new UsageError(`vip ${name}: expected a name`);
  if (rest.length > most) throw new UsageError(`vip ${name}: "${rest[most]}" is one name too many`);
  if ((name === "move") !== (flags.to !== undefined))
    throw new UsageError(name === "move" ? "vip move: expected --to NODE" : `vip ${name} takes no --to`);
  try {
    return await subcommand.run({ words: rest, flags, output });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { describeTrouble } = await import("./vip/requestTrouble.ts");
    output.error(`aloft: ${describeTrouble(error)}`);
    return 1;
  }
}

async function showStatus({ words: [name], flags, output }: Call): Promise<number> {
  const { detailLines, statusLines, statusRows } = await import("./vip/statusView.ts");
  const { pickVirtualIP } = await import("./vip/clusterState.ts");
  const cluster = await readCluster(flags);
  const rows = statusRows(name === undefined ? cluster : { ...cluster, virtualIPs: [pickVirtualIP(cluster.virtualIPs, name)] });
  const [row] = rows;
  print(flags.output, output, name === undefined ? rows : row, () =>
    name !== undefined && row ? detailLines(row, new Date()) : statusLines(rows, new Date()),
  );
  return 0;
}

async function showTimeline({ words: [name = ""], flags, output }: Call): Promise<number> {
  const { timelineLines, timelineOf } = await import("./vip/timelineView.ts");
  const { pickVirtualIP } = await import("./vip/clusterState.ts");
  const timeline = timelineOf(pickVirtualIP((await readCluster(flags)).virtualIPs, name));
  print(flags.output, output, timeline, () => timelineLines(timeline, new Date()));
  return 0;
}

async function showExplanation({ words: [name = ""], flags, output }: Call): Promise<number> {
  const { explain, explanationLines } = await import("./vip/explainView.ts");
  const { pickVirtualIP } = await import("./vip/clusterState.ts");
  const { loadAddon } = await import("../agent/native/addon.ts");
  const cluster = await readCluster(flags);
  const explanation = explain(pickVirtualIP(cluster.virtualIPs, name), cluster, (candidates, active) => {
    const answer = loadAddon().forecast(candidates, active);
    if (!answer.ok) throw new Error(answer.error.message);
    return answer;
  });
  print(flags.output, output, explanation, () => explanationLines(explanation, new Date()));
  return 0;
}

async function move({ words: [name = ""], flags, output }: Call): Promise<number> {
  const { moveVirtualIP } = await import("./vip/actions.ts");
  const result = await withClient(flags, (client) => moveVirtualIP(client, name, flags.to ?? "", patience(flags)));
  print(flags.output, output, result, () => [result.message]);
  return result.done ? 0 : 1;
}

async function drain({ words: [node = ""], flags, output }: Call): Promise<number> {
  const { drainNode } = await import("./vip/actions.ts");
  const result = await withClient(flags, (client) => drainNode(client, node, patience(flags)));
  print(flags.output, output, result, () => [result.message]);
  return result.drained ? 0 : 1;
}

async function undrain({ words: [node = ""], flags, output }: Call): Promise<number> {
  const { undrainNode } = await import("./vip/actions.ts");
  await withClient(flags, (client) => undrainNode(client, node));
  print(flags.output, output, { node, drained: false }, () => [`${node} takes part again`]);
  return 0;
}

async function showTables({ words: [virtualServer], flags, output }: Call): Promise<number> {
  const { readDirectors, readTables } = await import("./vip/ipvsTables.ts");
  const { chosenServices, ipvsLines } = await import("./ipvsView.ts");
  const { checkVirtualServerName, readReports } = await import("./ipvsCommand.ts");
  checkVirtualServerName(virtualServer);
  const reports = await withClient(flags, async (client) => {
    const directors = await readDirectors(client, flags.node);
    return readReports(() => readTables(client, directors), flags.interval);
  });
  const chosen = reports.map((report) => chosenServices(report, { virtualServer, all: flags.all }));
  print(flags.output, output, chosen, () => ipvsLines(chosen, flags.interval !== undefined));
  return chosen.some(({ message }) => message !== undefined) ? 1 : 0;
}

async function doctor({ flags, output }: Call): Promise<number> {
  const { readPatient } = await import("./vip/patient.ts");
  const { examineCluster } = await import("./vip/clusterRules.ts");
  const { findingLines, isTrouble } = await import("./findingView.ts");
  const findings = examineCluster(await withClient(flags, readPatient), new Date());
  print(flags.output, output, findings, () => findingLines(findings));
  return findings.some(isTrouble) ? 1 : 0;
}

const patience = ({ timeout }: Flags) => ({ clock: systemClock, waitMs: timeout });

async function readCluster(flags: Flags): Promise<ClusterState> {
  const { readClusterState } = await import("./vip/clusterState.ts");
  return withClient(flags, readClusterState);
}

type Client = import("../kube/client.ts").KubeClient;

async function withClient<Result>({ kubeconfig, context }: Flags, use: (client: Client) => Promise<Result>): Promise<Result> {
  const { KubeClient } = await import("../kube/client.ts");
  const client = new KubeClient({ kubeconfig, context });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

function print(format: Format, output: Output, value: unknown, lines: () => string[]): void {
  output.out(format === "json" ? JSON.stringify(value, null, 2) : lines().join("\n"));
}

function parseTimeout(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) throw new Error('must be a duration such as "15s"');
  return milliseconds;
}
