/** `aloft ipvs`: the kernel's table of this node with counters, as its agent tells it. */
import { setTimeout as delay } from "node:timers/promises";
import { parseDuration } from "../api/duration.ts";
import { type IpvsReport, ipvsReportSchema } from "../api/ipvsReport.ts";
import type { Output } from "./cli.ts";
import { flagHelp, parseArguments, UsageError } from "./flags.ts";
import { chosenServices, ipvsLines, ratesBetween } from "./ipvsView.ts";
import { parseFormat, parseListenAddress } from "./values.ts";

/** Those that `kubectl vip ipvs` has, too. */
export const ipvsFlags = {
  all: { help: "services of others, too" },
  interval: { placeholder: "DURATION", help: "what happens in that time, per second, instead of counters", parse: parseInterval },
} as const;

const ownFlags = {
  output: { short: "o", placeholder: "table|json", help: "how to print", parse: parseFormat, default: "table" },
  ...ipvsFlags,
  http: { placeholder: "ADDRESS:PORT", help: "where the agent serves", parse: parseListenAddress, default: "127.0.0.1:9105" },
} as const;

export const ipvsUsage = `usage: aloft ipvs [NAMESPACE/NAME] [flags]

The services of IPVS on this node, of all VirtualServers or of one, with their real servers. Of a whole cluster: kubectl vip ipvs.

${flagHelp(ownFlags)}`;

function parseInterval(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined || milliseconds <= 0) throw new Error('must be a duration such as "1s"');
  return milliseconds;
}

/** What a report says, or with an interval what two of them say together. */
export async function readReports(read: () => Promise<IpvsReport[]>, intervalMs: number | undefined): Promise<IpvsReport[]> {
  const first = await read();
  if (intervalMs === undefined) return first;
  await delay(intervalMs);
  const before = new Map(first.map((report) => [report.node, report]));
  return (await read()).map((report) => ratesBetween(before.get(report.node) ?? report, report));
}

/** What no service is called names none of them. @throws UsageError */
export function checkVirtualServerName(name: string | undefined): void {
  if (name !== undefined && !/^[^/]+\/[^/]+$/.test(name)) throw new UsageError(`ipvs ${name}: must be NAMESPACE/NAME of a VirtualServer`);
}

export function parseReport(text: string): IpvsReport {
  return ipvsReportSchema.parse(JSON.parse(text));
}

export async function runIpvsCommand(args: string[], output: Output): Promise<number> {
  const { flags, words } = parseArguments(ownFlags, args);
  const [virtualServer, more] = words;
  if (more !== undefined) throw new UsageError(`ipvs: "${more}" is one name too many`);
  checkVirtualServerName(virtualServer);
  if (!flags.http) throw new UsageError("--http off: the agent must be asked somewhere");
  const { host, port } = flags.http;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}/ipvs`;
  try {
    const reports = await readReports(async () => [parseReport(await (await fetch(url)).text())], flags.interval);
    const chosen = reports.map((report) => chosenServices(report, { virtualServer, all: flags.all }));
    output.out(flags.output === "json" ? JSON.stringify(chosen[0], null, 2) : ipvsLines(chosen, flags.interval !== undefined).join("\n"));
    return chosen.some(({ message }) => message !== undefined) ? 1 : 0;
  } catch (error) {
    const { message, cause } = error as Error;
    output.error(`aloft: no agent tells of its table at ${url}: ${cause instanceof Error ? cause.message : message}`);
    return 1;
  }
}
