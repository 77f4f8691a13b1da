/** Real agents on the nodes of a LAN, the operator and a real kube-apiserver; what a client on the LAN sees while a node meets with something. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { drainAnnotation } from "../../../src/api/group.ts";
import type { NodeAgent } from "../../../src/api/nodeAgent.ts";
import { excludeLabel } from "../../../src/api/service.ts";
import { nodeAgents, nodes } from "../../../src/operator/controllers/resources.ts";
import type { BackgroundProcess } from "../../support/backgroundProcess.ts";
import { Lan } from "../../support/lan.ts";
import { type Observation, Observer } from "../../support/observer.ts";
import { aloftProgram } from "../../support/standaloneAgent.ts";
import { Tunnel } from "../../support/tunnel.ts";
import { until } from "../../support/waiting.ts";
import { ServiceBed } from "./serviceBed.ts";
import { Testbed } from "./testbed.ts";

const fieldManager = "test";

export class NodeBed {
  readonly bed: Testbed;
  readonly desk: ServiceBed;
  readonly lan: Lan;
  readonly #tunnel: Tunnel;
  readonly #agents = new Map<string, BackgroundProcess>();

  private constructor(bed: Testbed, lan: Lan, tunnel: Tunnel) {
    this.bed = bed;
    this.desk = new ServiceBed(bed);
    this.lan = lan;
    this.#tunnel = tunnel;
  }

  /** Nodes n1, n2, …, each Ready and with a running agent. */
  static async start(count: number): Promise<NodeBed> {
    const lan = await Lan.create({ nodes: count });
    try {
      const bed = await Testbed.start(lan.nodes.map((node) => ({ name: `agent-${node}`, groups: ["aloft:agents"] })));
      const tunnel = await Tunnel.open(lan, Number(new URL(bed.plane.url).port));
      const self = new NodeBed(bed, lan, tunnel);
      await Promise.all(lan.nodes.map((node) => tunnel.reach(lan, node)));
      for (const node of lan.nodes) {
        await self.createNode(node);
        self.startAgent(node);
      }
      return self;
    } catch (error) {
      await lan.destroy();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.kill()));
    await this.bed.stop();
    this.#tunnel.close();
    await this.lan.destroy();
  }

  startAgent(node: string): void {
    const state = join(this.lan.directory, `state-${node}`);
    mkdirSync(state, { recursive: true });
    const access = ["--kubeconfig", this.bed.plane.kubeconfig(`agent-${node}`), "--node", node];
    const command = [aloftProgram, "agent", ...access, "--state-dir", state, "--http", "127.0.0.1:9105"];
    this.#agents.set(node, this.lan.spawn(node, `agent-${node}`, command));
  }

  agent(node: string): BackgroundProcess {
    const agent = this.#agents.get(node);
    if (!agent) throw new Error(`no agent runs on ${node}`);
    return agent;
  }

  /** As kubelet registers it. */
  async createNode(name: string): Promise<string | undefined> {
    const { metadata } = await this.bed.client.create(nodes, { metadata: { name } }, { fieldManager });
    await this.setReady(name, "True");
    return metadata.uid;
  }

  async setReady(name: string, status: "True" | "Unknown"): Promise<void> {
    const conditions = [{ type: "Ready", status, reason: "Test", message: "" }];
    await this.bed.client.patch(nodes, { name }, { status: { conditions } }, { fieldManager, subresource: "status" });
  }

  async patchNode(name: string, patch: object): Promise<void> {
    await this.bed.client.patch(nodes, { name }, patch, { fieldManager });
  }

  /** As it was at the start, whatever a test did to it. */
  async restore(name: string): Promise<void> {
    const { client } = this.bed;
    const links = await this.lan.exec(name, ["ip", "-brief", "link"]);
    if (links.includes("lan0")) await this.lan.exec(name, ["ip", "link", "set", "lan0", "name", "eth0"]);
    if (await client.find(nodes, { name })) {
      const metadata = { labels: { [excludeLabel]: null }, annotations: { [drainAnnotation]: null } };
      await this.patchNode(name, { metadata, spec: { taints: null, unschedulable: null } });
      await this.setReady(name, "True");
    } else {
      await this.createNode(name);
    }
    if (!this.#agents.get(name)?.running) this.startAgent(name);
  }

  nodeAgent(name: string): Promise<(NodeAgent & { metadata: { ownerReferences?: { uid: string }[] } }) | undefined> {
    return this.bed.client.find(nodeAgents, { name });
  }

  /** Until the node answers for each of the VirtualIPs, as its own agent says and as their statuses say, and others stand by. */
  async untilHolds(node: string, ...virtualIPs: string[]): Promise<void> {
    let last: NodeAgent | undefined;
    const holdsAll = async () => {
      last = await this.nodeAgent(node);
      const { metadata, status } = last ?? {};
      return status?.masters === virtualIPs.length && status.observedGeneration === metadata?.generation;
    };
    await until(`${node} to be MASTER of ${virtualIPs}`, holdsAll, { timeoutMs: 20_000, hint: () => JSON.stringify(last?.status) });
    for (const name of virtualIPs) {
      await this.bed.untilVirtualIP(
        name,
        `to be on ${node}, with others that stand by`,
        ({ status }) => status?.activeNode === node && status.summary?.state === "Active",
        20_000,
      );
    }
  }

  async untilCandidates(virtualIP: string, wanted: string): Promise<void> {
    const names = async () =>
      (await this.bed.virtualIP(virtualIP))?.status?.nodes
        ?.map(({ name }) => name)
        .sort()
        .join(" ");
    let last: string | undefined;
    await until(
      `the candidates of ${virtualIP} to be ${wanted}`,
      async () => {
        last = await names();
        return last === wanted;
      },
      { timeoutMs: 15_000, hint: () => `they are ${last}` },
    );
  }

  /** What a client sees of the addresses while `happen` goes on, and until a little after it. */
  async watch(addresses: readonly string[], happen: () => Promise<void>): Promise<Sight> {
    const observer = await Observer.start(this.lan, addresses);
    await happen();
    return new Sight(await observer.stop());
  }
}

export class Sight {
  readonly #observation: Observation;

  constructor(observation: Observation) {
    this.#observation = observation;
  }

  /** The client's longest outage, in ms. */
  outage(address: string): number {
    return this.#longest(this.#observation.outages, address);
  }

  /** The longest time in which two nodes answered, in ms. */
  double(address: string): number {
    return this.#longest(this.#observation.doubleAnswers, address);
  }

  /** Whether the client's pings were answered to the end. */
  isAnswered(address: string): boolean {
    return !this.#observation.outages.some((outage) => outage.address === address && outage.openEnd);
  }

  #longest(spans: readonly { address: string; fromNs: bigint; toNs: bigint }[], address: string): number {
    const own = spans.filter((span) => span.address === address);
    return Math.max(0, ...own.map(({ fromNs, toNs }) => Number(toNs - fromNs) / 1e6));
  }
}
