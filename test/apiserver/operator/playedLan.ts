/**
 * Agents played by the test: they take their NodeAgent.spec from the API server, elect as VRRP does
 * and report through NodeAgent.status, as real ones do.
 */
import { setInterval } from "node:timers/promises";
import type { NodeAgentStatus, VirtualRouterSpec, VirtualRouterStatus } from "../../../src/api/nodeAgent.ts";
import { nodeAgentSchema } from "../../../src/api/nodeAgent.ts";
import type { NodeVirtualServerStatus } from "../../../src/api/virtualServerStatus.ts";
import type { KubeClient } from "../../../src/kube/client.ts";
import { Informer } from "../../../src/kube/informer.ts";
import { nodeAgents, nodes, virtualServers } from "../../../src/operator/controllers/resources.ts";
import { ElectionModel } from "../../unit/operator/electionModel.ts";

export interface PlayedNode {
  name: string;
  interfaces: { name: string; up: boolean; addresses: string[] }[];
  /** A dead node neither reports nor takes part in elections. */
  alive: boolean;
}

const beatMs = 50;
const heartbeatMs = 400;
/** Active_Down_Interval: nobody claims an address before every candidate has had the time to hear of it. */
const listenRounds = 6;
const eth0 = (host: number) => [{ name: "eth0", up: true, addresses: [`192.0.2.${host}/24`, `2001:db8::${host}/64`, `fe80::${host}/64`] }];

/** What an agent reports besides the election. */
export interface Sightings {
  /** Of all virtual routers of a VirtualIP, by its name. */
  routers: Record<string, Partial<VirtualRouterStatus>>;
  unknownRouters?: NodeAgentStatus["unknownRouters"];
  /** Of VirtualServers, by NAMESPACE/NAME, besides that all is well. */
  servers?: Record<string, Partial<NodeVirtualServerStatus>>;
}

type Found = Pick<NodeAgentStatus, "observedGeneration" | "virtualRouters" | "virtualServers" | "unknownRouters">;

export class PlayedLan {
  readonly #client: KubeClient;
  readonly #informer: Informer;
  readonly #virtualServers: Informer;
  readonly #nodes = new Map<string, PlayedNode>();
  /** Who is MASTER, who hands over. */
  readonly election = new ElectionModel(listenRounds);
  readonly #sightings = new Map<string, Sightings>();
  /** When each round was. */
  readonly #times: string[] = [""];
  readonly #reported = new Map<string, string>();
  /** Silence that a takeover from a dead node reports, in ms. */
  silenceMs = 312;
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();

  constructor(client: KubeClient) {
    this.#client = client;
    const timings = { backoff: { first: 50, longest: 500 } };
    this.#informer = new Informer({ client, resource: nodeAgents, timings });
    this.#virtualServers = new Informer({ client, resource: virtualServers, timings });
  }

  start(): void {
    this.#informer.start();
    this.#virtualServers.start();
    this.#running = this.#beat();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await Promise.all([this.#informer.stop(), this.#virtualServers.stop()]);
  }

  /** Creates a Node object, Ready, and its agent. */
  async addNode(name: string, host: number, labels: Record<string, string> = {}): Promise<PlayedNode> {
    await this.#client.create(nodes, { metadata: { name, labels } }, { fieldManager: "test" });
    const node = { name, interfaces: eth0(host), alive: true };
    this.#nodes.set(name, node);
    return node;
  }

  node(name: string): PlayedNode {
    const node = this.#nodes.get(name);
    if (!node) throw new Error(`no node ${name}`);
    return node;
  }

  forgetNode(name: string): void {
    this.#nodes.delete(name);
  }

  /** What NodeAgent.spec says of a VirtualIP, by node. */
  routersOf(virtualIP: string): Record<string, VirtualRouterSpec[]> {
    const entries = this.#informer.list().map((object) => {
      const { metadata, spec } = nodeAgentSchema.parse(object);
      return [metadata.name, spec.virtualRouters.filter((router) => router.virtualIP === virtualIP)] as const;
    });
    return Object.fromEntries(entries.filter(([, routers]) => routers.length > 0));
  }

  async #beat(): Promise<void> {
    try {
      for await (const _ of setInterval(beatMs, undefined, { signal: this.#stop.signal })) await this.#reportAll();
    } catch {
      // Stopped.
    }
  }

  /** From now on the agent of the node reports that too. */
  sees(node: string, sightings: Sightings): void {
    this.#sightings.set(node, sightings);
  }

  async #reportAll(): Promise<void> {
    const living = this.#informer.list().filter(({ metadata }) => this.#nodes.get(metadata.name)?.alive);
    const agents = living.map((object) => nodeAgentSchema.parse(object));
    this.#times.push(new Date().toISOString());
    this.election.step(new Map(agents.map(({ metadata, spec }) => [metadata.name, spec.virtualRouters])));
    await Promise.all(
      agents.map(({ metadata, spec }) => {
        const { routers = {}, unknownRouters, servers = {} } = this.#sightings.get(metadata.name) ?? {};
        const reports = this.election.report(metadata.name, (round) => this.#times[round] ?? "");
        const virtualRouters = reports.map((report) => ({
          ...report,
          ...(report.reason === "AdvertTimeout" && { silenceMs: this.silenceMs }),
          ...routers[report.virtualIP],
        }));
        const programmed = (spec.virtualServers ?? []).map((entry) => this.#serverReport(entry, servers));
        return this.#report(metadata.name, {
          observedGeneration: metadata.generation ?? 0,
          virtualRouters,
          virtualServers: programmed,
          unknownRouters,
        });
      }),
    );
  }

  #serverReport({ namespace, name }: { namespace: string; name: string }, seen: Sightings["servers"] = {}): NodeVirtualServerStatus {
    const key = `${namespace}/${name}`;
    const observedGeneration = this.#virtualServers.get(key)?.metadata.generation;
    return { namespace, name, observedGeneration, programmed: true, up: 2, total: 2, quorum: true, ...seen[key] };
  }

  /** Only what changed, or the heartbeat. */
  async #report(name: string, found: Found): Promise<void> {
    const { interfaces } = this.node(name);
    const beat = Math.floor(performance.now() / heartbeatMs);
    const content = JSON.stringify({ found, interfaces, beat });
    if (this.#reported.get(name) === content) return;
    const status = { ...found, state: "Running", lastReportTime: new Date().toISOString(), interfaces };
    try {
      await this.#client.apply(nodeAgents, { metadata: { name }, status }, { fieldManager: `agent-${name}`, subresource: "status" });
      this.#reported.set(name, content);
    } catch {
      // The API server is away or the object is gone: the next beat tries again, as an agent does.
    }
  }
}
