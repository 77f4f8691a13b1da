/** Two standalone agents as directors, with real servers behind them and crowds of clients before them. */
import { fileURLToPath } from "node:url";
import { apiVersion } from "../../src/api/group.ts";
import type { Family } from "../../src/api/ipAddress.ts";
import type { VirtualServerInput } from "../../src/api/virtualServer.ts";
import { Agent, yamlFile } from "../netns/agentStandaloneProcess.ts";
import { RemoteControl } from "../support/remoteControl.ts";
import { until } from "../support/waiting.ts";
import type { CrowdAnswers, CrowdRequest } from "./crowdHost.ts";
import { type Forwarding, families, ports, TrafficLan, virtualAddresses } from "./trafficLan.ts";

const crowdProgram = fileURLToPath(new URL("./crowdHost.ts", import.meta.url));

export const advertisementIntervalMs = 100;
/** Of the directors, in their order. */
export const priorities = [254, 244];
/** Three intervals and the skew of the second director: RFC 9568 §6.1. */
export const activeDownMs = (3 + (256 - (priorities[1] ?? 0)) / 256) * advertisementIntervalMs;

/** With everything else that goes on in a machine of one slow processor. */
const startLimitMs = 30_000;

export const forwardings: readonly Forwarding[] = ["DR", "NAT", "TUN"];

export interface Service {
  forwarding: Forwarding;
  /** Indexes of real servers. */
  servers: readonly number[];
  changes?: Partial<VirtualServerInput>;
}

export interface PairSettings {
  services: readonly Service[];
  /** spec of an AgentConfig. */
  config?: object;
  /** Changes of spec.vrrp. */
  vrrp?: object;
  /** Instead of those of the directors. */
  priorities?: readonly number[];
}

export class Pair {
  readonly bed: TrafficLan;
  readonly crowd: RemoteControl<CrowdRequest, CrowdAnswers>;
  readonly knocker: RemoteControl<CrowdRequest, CrowdAnswers>;
  readonly agents: Agent[] = [];

  private constructor(bed: TrafficLan) {
    this.bed = bed;
    const client = () => new RemoteControl<CrowdRequest, CrowdAnswers>(bed.lan, "client", crowdProgram);
    this.crowd = client();
    this.knocker = client();
  }

  static async create(servers = 3): Promise<Pair> {
    return new Pair(await TrafficLan.create({ directors: 2, servers, gateway: virtualAddresses.NAT }));
  }

  /** What a director reads. Both have the same services, and each its priority. */
  file(director: number, { services, config, vrrp, priorities: given = priorities }: PairSettings): string {
    const name = this.name(director);
    const virtualIP = {
      apiVersion,
      kind: "VirtualIP",
      metadata: { name: "edge" },
      spec: {
        addresses: services.flatMap(({ forwarding }) => families.map((family) => ({ address: virtualAddresses[forwarding][family] }))),
        interface: "eth0",
        nodes: { overrides: [{ name, priority: given[director] }] },
        vrrp: { virtualRouterID: 51, advertisementInterval: `${advertisementIntervalMs}ms`, ...vrrp },
      },
    };
    const servers = services.flatMap((service) => families.map((family) => this.virtualServer(service, family)));
    const configs = config ? [{ apiVersion, kind: "AgentConfig", metadata: { name: "directors" }, spec: config }] : [];
    return yamlFile(virtualIP, ...servers, ...configs);
  }

  private virtualServer({ forwarding, servers, changes }: Service, family: Family): object {
    const spec: VirtualServerInput = {
      virtualIP: "edge",
      addresses: [virtualAddresses[forwarding][family]],
      ports: [{ port: ports.virtual }],
      forwarding,
      realServers: servers.map((index) => ({
        address: this.bed.lan.nodeAddress(this.bed.servers[index] ?? "")[family],
        port: forwarding === "NAT" ? ports.translated : ports.virtual,
      })),
      ...changes,
    };
    return { apiVersion, kind: "VirtualServer", metadata: { name: `${forwarding}-${family}`.toLowerCase(), namespace: "default" }, spec };
  }

  name(director: number): string {
    return this.bed.directors[director] ?? "";
  }

  agent(director: number): Agent {
    const agent = this.agents[director];
    if (!agent) throw new Error(`there is no director ${director}`);
    return agent;
  }

  /** Starts a director; again with the state that the one before left there. */
  async start(director: number, settings: PairSettings): Promise<Agent> {
    const stateDirectory = this.agents[director]?.stateDirectory;
    const agent = new Agent(this.bed.lan, this.name(director), { text: this.file(director, settings), stateDirectory });
    this.agents[director] = agent;
    const isReady = () => agent.lines().some(({ msg }) => msg === "ready");
    await until(`"ready" from ${agent.node}`, isReady, { timeoutMs: startLimitMs, hint: () => agent.process.logTail(8) });
    return agent;
  }

  /** Both, of which the first holds the addresses: with synchronisation it would not preempt at once. */
  async startBoth(settings: PairSettings): Promise<void> {
    await this.start(0, settings);
    await this.holds(0);
    await this.start(1, settings);
  }

  /** Waits for the state of a director in both families. */
  async becomes(director: number, state: "MASTER" | "BACKUP"): Promise<void> {
    const agent = this.agent(director);
    const isThere = (family: Family) => agent.changes(`edge/${family}`).at(-1)?.to === state;
    const hint = () => agent.process.logTail(8);
    await until(`${state} on ${agent.node}`, () => families.every(isThere), { everyMs: 10, timeoutMs: 30_000, hint });
  }

  /** Waits until a director has taken over. */
  async holds(director: number): Promise<void> {
    await this.becomes(director, "MASTER");
    await until(`the addresses on ${this.name(director)}`, async () => {
      const held = (await this.bed.lan.addresses(this.name(director))).map(({ address }) => address);
      return families.every((family) => held.includes(virtualAddresses.DR[family]));
    });
  }

  reload(settings: PairSettings): void {
    for (const [director, agent] of this.agents.entries()) agent.reload(this.file(director, settings));
  }

  async sysctl(director: number, name: string): Promise<string> {
    return (await this.bed.lan.exec(this.name(director), ["sysctl", "-n", `net.ipv4.vs.${name}`])).trim().replace(/\s+/g, " ");
  }

  /** Ends both, and what is left of their work. */
  async stop(): Promise<void> {
    await this.crowd.ask({ do: "disperse" });
    await Promise.all(this.agents.map((agent) => agent.process.stop()));
    this.agents.length = 0;
  }

  async destroy(): Promise<void> {
    await this.crowd.kill();
    await this.knocker.kill();
    await this.bed.destroy();
  }
}
