/** A small Kubernetes cluster on a LAN: API server and operator on the fabric, one agent in the network namespace of each node. */
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatAddress, parseAddress, parsePrefix } from "../../src/api/ipAddress.ts";
import type { NodeAgent } from "../../src/api/nodeAgent.ts";
import type { VirtualIP } from "../../src/api/virtualIP.ts";
import type { BackgroundProcess } from "../support/backgroundProcess.ts";
import { run } from "../support/command.ts";
import { type ControlPlane, startControlPlane } from "../support/controlPlane.ts";
import { Lan } from "../support/lan.ts";
import { aloftProgram } from "../support/standaloneAgent.ts";
import { hopeless, until } from "../support/waiting.ts";
import { type Standing, standing } from "./bounds.ts";
import { agentUser, nodeObject, operatorUser, users } from "./identities.ts";

/** Path of a file of this checkout. */
export const checkout = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const apiPort = 6443;

export interface ClusterOptions {
  nodes: number;
  /** Everything goes on when this process ends. */
  outlivesProcess?: boolean;
}

export class Cluster {
  readonly lan: Lan;
  private plane: ControlPlane | undefined;
  private operator: BackgroundProcess | undefined;
  private readonly agents = new Map<string, BackgroundProcess>();
  private readonly outlivesProcess: boolean;

  private constructor(lan: Lan, outlivesProcess: boolean) {
    this.lan = lan;
    this.outlivesProcess = outlivesProcess;
  }

  /** The LAN alone; the rest is started step by step. */
  static async create(options: ClusterOptions): Promise<Cluster> {
    return new Cluster(await Lan.create({ nodes: options.nodes }), options.outlivesProcess ?? false);
  }

  get controlPlane(): ControlPlane {
    if (!this.plane) throw new Error("the control plane was not started");
    return this.plane;
  }

  async startControlPlane(): Promise<void> {
    this.plane = await startControlPlane({
      netns: this.lan.namespace("fabric"),
      listenAddress: Lan.fabricAddress.IPv4,
      port: apiPort,
      users: users(this.lan.nodes),
      outlivesProcess: this.outlivesProcess,
    });
  }

  kubectl(args: string[], input?: string): Promise<string> {
    return this.controlPlane.kubectl(args, input === undefined ? {} : { input });
  }

  /** `kubectl vip …` as a user calls it: kubectl finds bin/kubectl-vip in PATH. */
  vip(args: string[]): Promise<string> {
    const kubectl = ["nsenter", `--net=/run/netns/${this.lan.namespace("fabric")}`, "--", this.controlPlane.kubectlPath, "vip"];
    const [program = "", ...rest] = [...kubectl, ...args];
    const env = { ...process.env, PATH: `${checkout("bin")}:${process.env.PATH}`, KUBECONFIG: this.controlPlane.kubeconfig() };
    return run(program, rest, { env, timeoutMs: 60_000 });
  }

  /** Applies a file of the checkout. */
  async apply(path: string): Promise<void> {
    await this.kubectl(["apply", "-f", checkout(path)]);
  }

  /** Kinds, permissions, and one Node object per node, Ready as a kubelet would report it. */
  async installAloft(): Promise<void> {
    await this.apply("crds");
    await this.kubectl(["wait", "--for=condition=Established", "--timeout=30s", "crd", "--all"]);
    await this.apply("deploy/rbac.yaml");
    const nodes = this.lan.nodes.map((node) => nodeObject(node, this.lan.nodeAddress(node)));
    await this.kubectl(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items: nodes }));
  }

  /** Starts operator and agents, and returns when each agent has reported. */
  async startAloft(): Promise<void> {
    this.startOperator();
    for (const node of this.lan.nodes) this.startAgent(node);
    const reported = async () => {
      const ended = [this.operator, ...this.agents.values()].find((process) => process?.running === false);
      if (ended) throw hopeless(`${ended.name} ended with status ${ended.status?.code}: ${ended.logTail(3)}`);
      const { items } = JSON.parse(await this.kubectl(["get", "nodeagents", "-o", "json"])) as { items: NodeAgent[] };
      return this.lan.nodes.every((node) => items.find(({ metadata }) => metadata.name === node)?.status?.state === "Running");
    };
    await until("a report of every agent", reported, { timeoutMs: 60_000, everyMs: 200, hint: () => this.logHint() });
  }

  startOperator(): void {
    if (this.operator?.running) return;
    const flags = ["--kubeconfig", this.controlPlane.kubeconfig(operatorUser.name), "--lease-namespace", "aloft-system"];
    this.operator = this.lan.spawn("fabric", "operator", [aloftProgram, "operator", ...flags]);
  }

  /** The command line of a node's agent. */
  agentCommand(node: string): string[] {
    const stateDirectory = join(this.lan.directory, `state-${node}`);
    mkdirSync(stateDirectory, { recursive: true });
    const kubeconfig = this.controlPlane.kubeconfig(agentUser(node).name);
    // On an address of the node: the API server asks there what `kubectl vip ipvs` prints.
    const http = `${this.lan.nodeAddress(node).IPv4}:9105`;
    return [aloftProgram, "agent", "--kubeconfig", kubeconfig, "--state-dir", stateDirectory, "--node", node, "--http", http];
  }

  startAgent(node: string): void {
    if (this.agents.get(node)?.running) return;
    this.agents.set(node, this.lan.spawn(node, `agent-${node}`, this.agentCommand(node)));
  }

  agent(node: string): BackgroundProcess {
    const agent = this.agents.get(node);
    if (!agent) throw new Error(`no agent was started on ${node}`);
    return agent;
  }

  /** Operator and API server gone at once, without a farewell. */
  async killControl(): Promise<void> {
    await Promise.all([this.operator?.kill(), this.controlPlane.killApiServer()]);
  }

  async restoreControl(): Promise<void> {
    await this.controlPlane.startApiServer();
    this.startOperator();
  }

  async virtualIP(name: string): Promise<VirtualIP> {
    return JSON.parse(await this.kubectl(["get", "vip", name, "-o", "json"])) as VirtualIP;
  }

  /** Waits until the VirtualIP's Ready condition is True. */
  async ready(name: string): Promise<void> {
    const isReady = async () =>
      (await this.virtualIP(name)).status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
    await until(`Ready of VirtualIP ${name}`, isReady, { timeoutMs: 60_000, everyMs: 200, hint: () => this.logHint() });
  }

  /**
   * Waits until all is whole: the node of the highest priority holds the addresses, every other one stands by, the status says so,
   * the kernels agree, and that for half a second.
   */
  async settled(name: string): Promise<Standing> {
    let agreedSince: number | undefined;
    let seen = "";
    const settled = async () => {
      const { status = {}, spec } = await this.virtualIP(name);
      const addresses = spec.addresses.map(({ address }) => withoutPrefix(address));
      const now = standing(status);
      const holders = await this.holders(addresses);
      seen = `active ${status.activeNode ?? "nobody"}, addresses on ${holders.join(" and ") || "no node"}`;
      const isWhole = now !== undefined && isEverybodyIn(status, this.lan.nodes.length) && holders.join() === now.active;
      if (!isWhole) agreedSince = undefined;
      else agreedSince ??= performance.now();
      return agreedSince !== undefined && performance.now() - agreedSince > 500 ? now : undefined;
    };
    const hint = () => `last seen: ${seen}; ${this.logHint()}`;
    return until(`a settled VirtualIP ${name}`, settled, { timeoutMs: 60_000, everyMs: 200, hint });
  }

  /** Nodes whose kernel has any of the addresses. */
  private async holders(addresses: readonly string[]): Promise<string[]> {
    const held = await Promise.all(
      this.lan.nodes.map(async (node) =>
        (await this.lan.addresses(node)).some(({ address }) => addresses.includes(address)) ? [node] : [],
      ),
    );
    return held.flat();
  }

  logHint(): string {
    const logs = ["operator", ...this.lan.nodes.map((node) => `agent-${node}`)].map((name) => join(this.lan.directory, `${name}.log`));
    const damage = logs.filter(existsSync).flatMap((log) => lastComplaint(log));
    return damage.length === 0 ? "no log says why" : ["the logs complain:", ...damage].join("\n    ");
  }

  /** Leaves the logs of all processes in the LAN's directory when everything else goes. */
  keepLogs(): void {
    this.lan.keepDirectory();
    for (const name of ["etcd.log", "kube-apiserver.log"]) {
      const log = this.plane && join(this.plane.folder, name);
      if (log && existsSync(log)) copyFileSync(log, join(this.lan.directory, name));
    }
  }

  /** Ends and removes everything. Idempotent. */
  async destroy(): Promise<void> {
    await this.plane?.stop();
    await this.lan.destroy();
  }
}

/** All candidates take part, and the first in priority is the active one. */
function isEverybodyIn(status: NonNullable<VirtualIP["status"]>, count: number): boolean {
  const nodes = [...(status.nodes ?? [])].sort((a, b) => b.priority - a.priority);
  const states = nodes.map(({ v4, v6 }) => v4 ?? v6);
  return nodes.length === count && nodes[0]?.name === status.activeNode && states.slice(1).every((state) => state === "BACKUP");
}

/** "198.51.100.50/24" → "198.51.100.50", in the form in which the kernel prints it. */
export function withoutPrefix(text: string): string {
  const address = parsePrefix(text) ?? parseAddress(text);
  return address ? formatAddress(address) : text;
}

/** The last warning or worse of a log, in short. */
function lastComplaint(log: string): string[] {
  const complaint = readFileSync(log, "utf8")
    .split("\n")
    .findLast((line) => /"level":"(warn|error|fatal)"/.test(line));
  if (complaint === undefined) return [];
  const { msg, error } = JSON.parse(complaint) as { msg?: string; error?: { message?: string } };
  return [`${basename(log)}: ${[msg, error?.message].filter(Boolean).join(": ")}`];
}
