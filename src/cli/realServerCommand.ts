/** `aloft realserver`: a host outside of a cluster takes what a director passes on to it by DR or TUN. */
import type { AgentOptions } from "../agent/options.ts";
import { type Family, formatAddress, parseAddress } from "../api/ipAddress.ts";
import { type TunnelDevice, tunnelDevices } from "../api/nodeAgent.ts";
import { tunnelDevice } from "../plan/realServer.ts";
import { readEnvironment } from "../runtime/env.ts";
import type { Output } from "./cli.ts";
import { type FlagValues, flagHelp, parseFlags, UsageError } from "./flags.ts";
import { logLevelFlag, parseFormat, parseListenAddress } from "./values.ts";

export const realServerFlags = {
  address: { placeholder: "ADDRESS", help: "of the virtual server; may be repeated", repeatable: true },
  tunnel: {
    placeholder: "KIND",
    help: `with forwarding TUN: ipip, gue or gre, as the way to this host is of the address's family; else one of ${tunnelDevices.join(", ")}; may be repeated`,
    repeatable: true,
  },
  check: { help: "change nothing: say what is missing, with exit status 1 when anything is" },
  output: { short: "o", placeholder: "table|json", help: "with --check: how to print", parse: parseFormat, default: "table" },
  "state-dir": {
    placeholder: "DIR",
    help: "where it keeps what it has changed; one process per directory",
    default: "/var/lib/aloft-realserver",
  },
  http: {
    placeholder: "ADDRESS:PORT",
    help: 'where /metrics, /healthz and /readyz are served, or "off"',
    parse: parseListenAddress,
    default: "off",
  },
  "log-level": logLevelFlag,
} as const;

export const realServerUsage = `usage: aloft realserver --address ADDRESS... [--tunnel KIND] [flags]
       aloft realserver --address ADDRESS... [--tunnel KIND] --check

Runs until it is stopped, and puts back what others change. Then everything is as it was.

${flagHelp(realServerFlags)}`;

type Flags = FlagValues<typeof realServerFlags>;
type Role = Omit<Extract<AgentOptions["source"], { kind: "realserver" }>, "kind">;

/** @throws UsageError */
export function realServerRole({ address: texts, tunnel: kinds }: Pick<Flags, "address" | "tunnel">): Role {
  if (texts.length === 0) throw new UsageError("realserver: expected --address ADDRESS");
  const addresses = texts.map((text) => {
    const address = parseAddress(text);
    if (!address) throw new UsageError(`--address ${text}: is not an address`);
    return address;
  });
  const families = [...new Set(addresses.map(({ family }) => family))];
  const tunnels = kinds.flatMap((kind) => devicesOf(kind, families));
  return { addresses: addresses.map(formatAddress), tunnels: [...new Set(tunnels)] };
}

function devicesOf(kind: string, families: readonly Family[]): TunnelDevice[] {
  const device = tunnelDevices.find((known) => known === kind);
  if (device) return [device];
  const type = (["IPIP", "GUE", "GRE"] as const).find((known) => known.toLowerCase() === kind);
  if (!type) throw new UsageError(`--tunnel ${kind}: must be ipip, gue, gre or one of ${tunnelDevices.join(", ")}`);
  return families.map((family) => tunnelDevice(type, family, family));
}

/** Runs until a signal, or with --check says what it finds. */
export async function runRealServerCommand(args: string[], output: Output): Promise<number | undefined> {
  const flags = parseFlags(realServerFlags, args);
  const role = realServerRole(flags);
  if (flags.check) return check(role, flags, output);
  const { runAgent } = await import("../agent/main.ts");
  return runAgent({
    source: { kind: "realserver", ...role },
    node: readEnvironment().hostName,
    stateDirectory: flags["state-dir"],
    allowedDirectories: [],
    http: flags.http,
    logLevel: flags["log-level"],
  });
}

async function check({ addresses, tunnels }: Role, flags: Flags, output: Output): Promise<number> {
  const { readMachine } = await import("../agent/doctor/readMachine.ts");
  const { examineNode } = await import("../agent/doctor/nodeRules.ts");
  const { findingLines, isTrouble } = await import("./findingView.ts");
  const asked = {
    isDirector: false,
    services: [],
    foreign: [],
    schedulers: [],
    translated: [],
    usesNetfilter: false,
    serverAddresses: addresses,
    tunnels,
    carriers: [],
  };
  const findings = examineNode(readMachine(), asked);
  output.out(flags.output === "json" ? JSON.stringify(findings, null, 2) : findingLines(findings).join("\n"));
  return findings.some(isTrouble) ? 1 : 0;
}
