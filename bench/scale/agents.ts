/**
 * Agents of many nodes, played cheaply: agents.ts KUBECONFIG. They elect as VRRP does, in rounds, and report as real ones do: what has changed
 * at once, coalesced, and a heartbeat twice a minute. Runs until SIGTERM.
 */
import { setInterval } from "node:timers/promises";
import type { NodeAgentSpec, VirtualRouterStatus } from "../../src/api/nodeAgent.ts";
import { KubeClient } from "../../src/kube/client.ts";
import { Informer } from "../../src/kube/informer.ts";
import type { KubeObject } from "../../src/kube/object.ts";
import { nodeAgents } from "../../src/operator/controllers/resources.ts";
import { ElectionModel } from "../../test/unit/operator/electionModel.ts";
import { interfacesOf } from "./network.ts";

/** Agents coalesce what they report over this time. */
const beatMs = 50;
/** Active_Down_Interval at 100 ms. */
const listenRounds = 6;
const heartbeatMs = 30_000;

interface Agent {
  object: KubeObject;
  /** What was last reported, but for the time. */
  reported: string;
  nextBeat: number;
  busy: boolean;
}

class Agents {
  readonly #client: KubeClient;
  readonly #informer: Informer;
  readonly #agents = new Map<string, Agent>();
  readonly #election = new ElectionModel(listenRounds);
  /** When each round was. */
  readonly #times: string[] = [""];

  constructor(kubeconfig: string) {
    this.#client = new KubeClient({ kubeconfig });
    this.#informer = new Informer({ client: this.#client, resource: nodeAgents });
    this.#informer.onChange((name) => this.#take(name));
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#informer.start();
    try {
      for await (const _ of setInterval(beatMs, undefined, { signal })) this.#beat();
    } catch {
      // Stopped.
    }
    await this.#informer.stop();
    await this.#client.close();
  }

  #take(name: string): void {
    const object = this.#informer.get(name);
    if (!object) return void this.#agents.delete(name);
    // Heartbeats of different agents are at different times.
    const known = this.#agents.get(name) ?? {
      object,
      reported: "",
      nextBeat: performance.now() + heartbeatMs * Math.random(),
      busy: false,
    };
    this.#agents.set(name, Object.assign(known, { object }));
  }

  #beat(): void {
    this.#times.push(new Date().toISOString());
    this.#election.step(new Map([...this.#agents].map(([name, { object }]) => [name, (object.spec as NodeAgentSpec).virtualRouters])));
    for (const [name, agent] of this.#agents) if (!agent.busy) void this.#report(name, agent);
  }

  async #report(name: string, agent: Agent): Promise<void> {
    const virtualRouters: VirtualRouterStatus[] = this.#election.report(name, (round) => this.#times[round] ?? "");
    const found = { observedGeneration: agent.object.metadata.generation ?? 0, virtualRouters, interfaces: interfacesOf(name) };
    const content = JSON.stringify(found);
    const now = performance.now();
    if (content === agent.reported && now < agent.nextBeat) return;
    agent.busy = true;
    try {
      const status = { ...found, state: "Running", lastReportTime: new Date().toISOString() };
      await this.#client.apply(nodeAgents, { metadata: { name }, status }, { fieldManager: `agent-${name}`, subresource: "status" });
      agent.reported = content;
      agent.nextBeat = now + heartbeatMs;
    } catch {
      // The next beat tries again, as an agent does.
    }
    agent.busy = false;
  }
}

const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
await new Agents(process.argv[2] ?? "").run(stop.signal);
