/** The table of commands. Each is imported when it is called, so that the agent never loads the operator's client. */
import { UsageError } from "./flags.ts";

export interface Output {
  out(text: string): void;
  error(text: string): void;
}

interface Command {
  summary: string;
  /** The exit status, or undefined while the command goes on running and exits by itself. */
  run(args: string[], output: Output): Promise<number | undefined>;
  usage?(): Promise<string>;
  /** What shows the usage, where that is not "aloft help COMMAND". */
  helpedBy?: string;
}

const commands: Record<string, Command> = {
  operator: {
    summary: "plan VirtualIPs for the nodes of a cluster",
    run: async (args) => (await import("./operatorCommand.ts")).runOperatorCommand(args),
    usage: async () => (await import("./operatorCommand.ts")).operatorUsage,
  },
  agent: {
    summary: "hold virtual IPs on this node, in a cluster or with --standalone",
    run: async (args) => (await import("./agentCommand.ts")).runAgentCommand(args),
    usage: async () => (await import("./agentCommand.ts")).agentUsage,
  },
  realserver: {
    summary: "take what a director passes on to this host by DR or TUN",
    run: async (args, output) => (await import("./realServerCommand.ts")).runRealServerCommand(args, output),
    usage: async () => (await import("./realServerCommand.ts")).realServerUsage,
  },
  doctor: {
    summary: "say what is wrong with the settings of this node, and what puts it right",
    run: async (args, output) => (await import("./doctorCommand.ts")).runDoctorCommand(args, output),
    usage: async () => (await import("./doctorCommand.ts")).doctorUsage,
  },
  ipvs: {
    summary: "show the services of IPVS on this node, with counters",
    run: async (args, output) => (await import("./ipvsCommand.ts")).runIpvsCommand(args, output),
    usage: async () => (await import("./ipvsCommand.ts")).ipvsUsage,
  },
  vip: {
    summary: "show, explain and move the VirtualIPs of a cluster (kubectl vip)",
    run: async (args, output) => (await import("./vipCommand.ts")).runVipCommand(args, output),
    usage: async () => (await import("./vipCommand.ts")).vipUsage,
    helpedBy: "kubectl vip --help",
  },
  import: {
    summary: "turn keepalived.conf of several nodes, or what MetalLB and kube-vip have, into objects of a cluster",
    run: async (args, output) => (await import("./importCommand.ts")).runImportCommand(args, output),
    usage: async () => (await import("./importCommand.ts")).importUsage,
  },
  manifest: {
    summary: "print a static Pod that holds the address of a control plane",
    run: async (args, output) => (await import("./manifestCommand.ts")).runManifestCommand(args, output),
    usage: async () => (await import("./manifestCommand.ts")).manifestUsage,
  },
  installation: {
    summary: "verify an installation in a cluster, or withdraw it before it is uninstalled",
    run: async (args, output) => (await import("./installationCommand.ts")).runInstallationCommand(args, output),
    usage: async () => (await import("./installationCommand.ts")).installationUsage,
  },
  version: { summary: "print the version", run: printVersion },
  help: { summary: "print this, or the flags of a command", run: printHelp },
};

const names = Object.keys(commands);

/** Runs one command line (without the program's name). */
export async function runCli(args: string[], output: Output): Promise<number | undefined> {
  const [name = "", ...rest] = args;
  const command = commands[alias(name)];
  try {
    if (!command) throw new UsageError(name === "" ? "no command given" : `unknown command "${name}"`);
    if (command.usage && rest.some((arg) => arg === "--help" || arg === "-h")) {
      output.out(await command.usage());
      return 0;
    }
    return await command.run(rest, output);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    output.error(`aloft: ${error.message}; see "${command?.helpedBy ?? `aloft help${command?.usage ? ` ${name}` : ""}`}"`);
    return 2;
  }
}

function alias(name: string): string {
  if (name === "--help" || name === "-h") return "help";
  return name === "--version" ? "version" : name;
}

async function printVersion(args: string[], output: Output): Promise<number> {
  if (args.length > 0) throw new UsageError("version takes no arguments");
  const { version } = await import("../runtime/version.ts");
  output.out(`aloft ${version}`);
  return 0;
}

async function printHelp([name, ...more]: string[], output: Output): Promise<number> {
  if (more.length > 0) throw new UsageError("help takes at most one command");
  if (name === undefined) {
    const width = Math.max(...names.map((known) => known.length));
    const rows = names.map((known) => `  ${known.padEnd(width)}  ${commands[known]?.summary}`);
    output.out(`usage: aloft COMMAND [flags]\n\n${rows.join("\n")}`);
    return 0;
  }
  const command = commands[name];
  if (!command) throw new UsageError(`unknown command "${name}"`);
  output.out(command.usage ? await command.usage() : `aloft ${name}: ${command.summary}`);
  return 0;
}
