/** `aloft agent --standalone` on a node of a LAN. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { formatDuration } from "../../src/api/duration.ts";
import { apiVersion } from "../../src/api/group.ts";
import type { BackgroundProcess } from "./backgroundProcess.ts";
import { keepalivedConfiguration } from "./keepalived.ts";
import type { Lan } from "./lan.ts";
import type { RouterSettings, VrrpRouter } from "./vrrpRouter.ts";
import { hopeless, until } from "./waiting.ts";

/** The checkout's launcher. */
export const aloftProgram = fileURLToPath(new URL("../../bin/aloft", import.meta.url));

export interface StandaloneOptions {
  logLevel?: string;
  /** State directory to start in, as after a restart; default: a new one. */
  stateDirectory?: string;
  /** Beside that of this process. */
  env?: NodeJS.ProcessEnv;
  /** What describes its routers; default: VirtualIP objects. */
  form?: Form;
}

/** VirtualIP objects, or a keepalived.conf. */
export type Form = "yaml" | "conf";

/** The file that the agent reads: one VirtualIP per router. Pure. */
export function standaloneFile(node: string, routers: readonly RouterSettings[]): string {
  return routers
    .flatMap((router) => [virtualIP(node, router), ...secretOf(router)])
    .map((document) => `---\n${stringify(document)}`)
    .join("");
}

const nameOf = ({ family, virtualRouterID }: RouterSettings) => `${family.toLowerCase()}-${virtualRouterID}`;

function virtualIP(node: string, router: RouterSettings) {
  const { virtualRouterID, family, version, priority, advertisementIntervalMs, addresses, preempt = true } = router;
  const { unicast, minimumTTL, password, virtualMAC } = router;
  const sourceAddress = unicast && { [family === "IPv4" ? "ipv4" : "ipv6"]: unicast.source };
  return {
    apiVersion,
    kind: "VirtualIP",
    metadata: { name: nameOf(router) },
    spec: {
      addresses: addresses.map((address) => ({ address })),
      interface: router.interface ?? "eth0",
      nodes: { overrides: [{ name: node, priority, ...(sourceAddress && { sourceAddress }) }] },
      vrrp: {
        version,
        virtualRouterID,
        advertisementInterval: formatDuration(advertisementIntervalMs),
        preempt,
        ...(unicast && { mode: "Unicast", unicastPeers: [unicast.peer], minimumTTL }),
        ...(password !== undefined && { authentication: { type: "PASS", secretRef: { name: nameOf(router) } } }),
        ...(virtualMAC && { virtualMAC }),
      },
    },
  };
}

function secretOf(router: RouterSettings): object[] {
  const { password } = router;
  if (password === undefined) return [];
  return [{ apiVersion: "v1", kind: "Secret", metadata: { name: nameOf(router) }, stringData: { password } }];
}

let started = 0;

/** Starts the agent on a node and returns when it says that it is ready. */
export async function startStandaloneAgent(
  lan: Lan,
  node: string,
  routers: readonly RouterSettings[],
  options: StandaloneOptions = {},
): Promise<StandaloneAgent> {
  const name = `aloft-${node}-${started++}`;
  const stateDirectory = options.stateDirectory ?? join(lan.directory, name);
  mkdirSync(stateDirectory, { recursive: true });
  const { form = "yaml" } = options;
  const file = join(lan.directory, `${name}.${form}`);
  writeFileSync(file, form === "yaml" ? standaloneFile(node, routers) : keepalivedConfiguration(node, routers, { linkLocalFirst: false }));
  const flags = [
    "--config",
    file,
    "--state-dir",
    stateDirectory,
    "--http",
    "off",
    "--node",
    node,
    "--log-level",
    options.logLevel ?? "info",
  ];
  const agent = lan.spawn(node, name, [aloftProgram, "agent", "--standalone", ...flags], { env: { ...process.env, ...options.env } });
  const ready = () => {
    if (!agent.running) throw hopeless(`it ended with status ${agent.status?.code}`);
    return /"msg":"ready/.test(agent.log());
  };
  await until(`"ready" from the agent on ${node}`, ready, { everyMs: 20, hint: () => `its log is ${agent.logFile}:\n${agent.logTail(8)}` });
  return new StandaloneAgent(node, agent, stateDirectory);
}

export class StandaloneAgent implements VrrpRouter {
  readonly make = "aloft";
  readonly node: string;
  readonly stateDirectory: string;
  private readonly agent: BackgroundProcess;

  constructor(node: string, agent: BackgroundProcess, stateDirectory: string) {
    this.node = node;
    this.agent = agent;
    this.stateDirectory = stateDirectory;
  }

  get pid(): number {
    return this.agent.pid;
  }

  terminate(): void {
    this.agent.signal("SIGTERM");
  }

  async stop(): Promise<void> {
    await this.agent.stop();
  }

  async kill(): Promise<void> {
    await this.agent.kill();
  }

  log(): string {
    return this.agent.log();
  }

  logTail(): string {
    return this.agent.logTail();
  }
}
