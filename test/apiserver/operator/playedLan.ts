/**
 * Agents played by the test: they take their NodeAgent.spec from the API server, elect as VRRP does (the highest priority of those that
 * live) and report through NodeAgent.status, as real ones do.
 */
import { setInterval } from "node:timers/promises";
import type { VirtualRouterSpec, VirtualRouterStatus } from "../../../src/api/nodeAgent.ts";
import { nodeAgentSchema } from "../../../src/api/nodeAgent.ts";
import type { KubeClient } from "../../../src/kube/client.ts";
import { Informer } from "../../../src/kube/informer.ts";
import { nodeAgents, nodes } from "../../../src/operator/controllers/resources.ts";

export interface PlayedNode {
  name: string;
  interfaces: { name: string; up: boolean; addresses: string[] }[];
  /** A dead node neither reports nor takes part in elections. */
  alive: boolean;
}

interface Change {
  state: VirtualRouterStatus["state"];
  since: string;
  reason: string;
  silenceMs?: number;
  transitions: number;
}

const heartbeatMs = 400;
/** Active_Down_Interval: nobody claims an address before every candidate has had the time to hear of it. */
const listenMs = 300;
const eth0 = (host: number) => [{ name: "eth0", up: true, addresses: [`192.0.2.${host}/24`, `2001:db8::${host}/64`] }];

export class PlayedLan {
  readonly #client: KubeClient;
  readonly #informer: Informer;
  readonly #nodes = new Map<string, PlayedNode>();
  readonly #changes = new Map<string, Change>();
  readonly #reported = new Map<string, string>();
  /** Silence that a takeover from a dead node reports, in ms. */
  silenceMs = 312;
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();

  constructor(client: KubeClient) {
    this.#client = client;
    this.#informer = new Informer({ client, resource: nodeAgents, timings: { backoff: { first: 50, longest: 500 } } });
  }

  start(): void {
    this.#informer.start();
    this.#running = this.#beat();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#informer.stop();
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
      for await (const _ of setInterval(50, undefined, { signal: this.#stop.signal })) await this.#reportAll();
    } catch {
      // Stopped.
    }
  }

  async #reportAll(): Promise<void> {
    const living = this.#informer.list().filter(({ metadata }) => this.#nodes.get(metadata.name)?.alive);
    const agents = living.map((object) => nodeAgentSchema.parse(object));
    const elected = new Map<string, { node: string; priority: number }>();
    for (const { metadata, spec } of agents) {
      for (const { virtualIP, family, priority } of spec.virtualRouters) {
        if (this.#isListening(`${virtualIP}/${family}`)) continue;
        const best = elected.get(`${virtualIP}/${family}`);
        if (!best || priority > best.priority) elected.set(`${virtualIP}/${family}`, { node: metadata.name, priority });
      }
    }
    await Promise.all(
      agents.map(({ metadata, spec }) => {
        const routers = spec.virtualRouters.map((router) => {
          const isMaster = elected.get(`${router.virtualIP}/${router.family}`)?.node === metadata.name;
          return this.#play(metadata.name, router, isMaster ? "MASTER" : "BACKUP");
        });
        return this.#report(metadata.name, metadata.generation ?? 0, routers);
      }),
    );
  }

  #play(node: string, { virtualIP, family, priority }: VirtualRouterSpec, state: "MASTER" | "BACKUP"): VirtualRouterStatus {
    const key = `${node} ${virtualIP} ${family}`;
    const before = this.#changes.get(key);
    if (before?.state !== state) this.#changes.set(key, this.#change(`${virtualIP}/${family}`, before, state));
    const { transitions = 0, since = "", reason = "", silenceMs } = this.#changes.get(key) ?? {};
    return { virtualIP, family, state, priority, since, reason, silenceMs, transitions };
  }

  readonly #firstHeardOf = new Map<string, number>();

  #isListening(router: string): boolean {
    const since = this.#firstHeardOf.get(router) ?? performance.now();
    this.#firstHeardOf.set(router, since);
    return performance.now() < since + listenMs;
  }

  readonly #everElected = new Set<string>();

  #change(router: string, before: Change | undefined, state: "MASTER" | "BACKUP"): Change {
    const common = { state, since: new Date().toISOString(), transitions: (before?.transitions ?? 0) + 1 };
    if (state === "BACKUP") return { ...common, reason: before ? "HigherPriority" : "Started" };
    const isFirst = !this.#everElected.has(router);
    this.#everElected.add(router);
    return isFirst ? { ...common, reason: "FirstElection" } : { ...common, reason: "AdvertTimeout", silenceMs: this.silenceMs };
  }

  /** Only what changed, or the heartbeat. */
  async #report(name: string, observedGeneration: number, virtualRouters: VirtualRouterStatus[]): Promise<void> {
    const { interfaces } = this.node(name);
    const beat = Math.floor(performance.now() / heartbeatMs);
    const content = JSON.stringify({ observedGeneration, virtualRouters, interfaces, beat });
    if (this.#reported.get(name) === content) return;
    const status = { observedGeneration, state: "Running", lastReportTime: new Date().toISOString(), virtualRouters, interfaces };
    try {
      await this.#client.apply(nodeAgents, { metadata: { name }, status }, { fieldManager: `agent-${name}`, subresource: "status" });
      this.#reported.set(name, content);
    } catch {
      // The API server is away or the object is gone: the next beat tries again, as an agent does.
    }
  }
}
