/** A control plane with Aloft's kinds, played agents, and helpers to read what the operator wrote. */
import { join } from "node:path";
import type { AddressPool } from "../../../src/api/addressPool.ts";
import { type VirtualIP, virtualIPSchema } from "../../../src/api/virtualIP.ts";
import { type VirtualServer, virtualServerSchema } from "../../../src/api/virtualServer.ts";
import { KubeClient } from "../../../src/kube/client.ts";
import { isKubeError } from "../../../src/kube/kubeError.ts";
import { agentConfigs, nodeAgents, nodes, virtualIPs, virtualServers } from "../../../src/operator/controllers/resources.ts";
import { type ControlPlane, type ControlPlaneUser, startControlPlane } from "../../support/controlPlane.ts";
import { until } from "../../support/waiting.ts";
import { type OperatorFlags, OperatorProcess } from "./operatorProcess.ts";
import { PlayedLan } from "./playedLan.ts";

const crds = join(import.meta.dirname, "../../../crds");
/** The operator runs with these rights and no more. */
const rbac = join(import.meta.dirname, "../../../deploy/rbac.yaml");

export class Testbed {
  readonly plane: ControlPlane;
  readonly client: KubeClient;
  lan: PlayedLan;
  readonly #operators: OperatorProcess[] = [];

  private constructor(plane: ControlPlane) {
    this.plane = plane;
    this.client = new KubeClient({ kubeconfig: plane.kubeconfig() });
    this.lan = new PlayedLan(this.client);
    this.lan.start();
  }

  /** @param others users beside those that operators run as. */
  static async start(others: ControlPlaneUser[] = []): Promise<Testbed> {
    const plane = await startControlPlane({ users: [{ name: "operator", groups: ["aloft:operators"] }, { name: "limited" }, ...others] });
    await plane.kubectl(["apply", "-f", rbac]);
    await plane.kubectl(["apply", "--server-side", "-f", crds]);
    await plane.kubectl(["wait", "--for=condition=Established", "--timeout=30s", "-f", crds]);
    return new Testbed(plane);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#operators.map((operator) => operator.kill()));
    await this.lan.stop();
    await this.client.close();
    await this.plane.stop();
  }

  async startOperator(name: string, flags?: OperatorFlags): Promise<OperatorProcess> {
    const operator = await OperatorProcess.start(this.plane, name, flags);
    this.#operators.push(operator);
    return operator;
  }

  get hasOperator(): boolean {
    return this.#operators.length > 0;
  }

  async endOperators(): Promise<void> {
    await Promise.all(this.#operators.splice(0).map((operator) => operator.kill()));
  }

  /** Ends operators and agents and removes all objects, so that the next test begins with nothing. */
  async clear(): Promise<void> {
    await this.endOperators();
    await this.lan.stop();
    for (const { metadata } of (await this.client.list(virtualIPs)).items) {
      const { name } = metadata;
      await this.client.patch(virtualIPs, { name }, { metadata: { finalizers: null } }, { fieldManager: "test" });
      await this.client.delete(virtualIPs, { name });
    }
    for (const resource of [virtualServers, nodeAgents, agentConfigs, nodes]) {
      for (const { metadata } of (await this.client.list(resource)).items) await this.client.delete(resource, metadata);
    }
    await this.plane.kubectl(["delete", "events", "--all", "--namespace=default"]);
    await this.plane.kubectl(["delete", "leases", "--all", "--namespace=aloft-system"]);
    this.lan = new PlayedLan(this.client);
    this.lan.start();
  }

  async createVirtualIP(name: string, spec: object): Promise<void> {
    await this.client.create(virtualIPs, { metadata: { name }, spec }, { fieldManager: "test" });
  }

  async virtualIP(name: string): Promise<VirtualIP | undefined> {
    const object = await this.client.find(virtualIPs, { name });
    return object && virtualIPSchema.parse(object);
  }

  /** Reads the VirtualIP until `isAsWanted`; fails with its last status. */
  async untilVirtualIP(name: string, what: string, isAsWanted: (vip: VirtualIP) => boolean, timeoutMs = 15_000): Promise<VirtualIP> {
    let last: VirtualIP | undefined;
    const probe = async () => {
      last = await this.virtualIP(name);
      return last && isAsWanted(last) ? last : undefined;
    };
    return until(`${name} ${what}`, probe, { timeoutMs, hint: () => `its status is ${JSON.stringify(last?.status, undefined, 1)}` });
  }

  /** In the namespace default. */
  async createVirtualServer(name: string, spec: object): Promise<void> {
    await this.client.create(virtualServers, { metadata: { name, namespace: "default" }, spec }, { fieldManager: "test" });
  }

  /** As untilVirtualIP(). */
  async untilVirtualServer(name: string, what: string, isAsWanted: (server: VirtualServer) => boolean): Promise<VirtualServer> {
    let last: VirtualServer | undefined;
    const probe = async () => {
      const object = await this.client.find(virtualServers, { name, namespace: "default" });
      last = object && virtualServerSchema.parse(object);
      return last && isAsWanted(last) ? last : undefined;
    };
    return until(`${name} ${what}`, probe, {
      timeoutMs: 15_000,
      hint: () => `its status is ${JSON.stringify(last?.status, undefined, 1)}`,
    });
  }

  /** Until one node answers and another stands by, so that nothing more is to be written. */
  untilRedundant(name: string): Promise<VirtualIP> {
    return this.untilVirtualIP(name, "to be redundant", ({ status }) => status?.summary?.state === "Active", 20_000);
  }

  untilActive(name: string, node: string, timeoutMs?: number): Promise<VirtualIP> {
    return this.untilVirtualIP(name, `to be active on ${node}`, ({ status }) => status?.activeNode === node, timeoutMs);
  }

  async untilGone(name: string, timeoutMs = 15_000): Promise<void> {
    await until(`${name} to be gone`, async () => (await this.client.find(virtualIPs, { name })) === undefined, { timeoutMs });
  }

  /** Reasons and messages of the Events about a VirtualIP, oldest first: "Normal Announced: n1 answers…". */
  async eventsOf(name: string): Promise<string[]> {
    const text = await this.plane.kubectl(["get", "events", "--field-selector", `involvedObject.name=${name}`, "-o", "json"]);
    const { items } = JSON.parse(text) as {
      items: { type: string; reason: string; message: string; metadata: { resourceVersion: string } }[];
    };
    const ordered = items.sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion));
    return ordered.map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
  }

  /** Waits for an Event that matches; Events are written a little after what they tell of. */
  async untilEvent(name: string, pattern: RegExp): Promise<string[]> {
    const probe = async () => {
      const events = await this.eventsOf(name);
      return events.some((event) => pattern.test(event)) && events;
    };
    return until(`an Event of ${name} that matches ${pattern}`, probe, { timeoutMs: 10_000 });
  }

  /** Retries while the API server is away. */
  async persist<T>(what: string, request: () => Promise<T>): Promise<T> {
    const attempt = async () => {
      try {
        return { value: await request() };
      } catch (error) {
        if (isKubeError(error) && error.retryable) return undefined;
        throw error;
      }
    };
    return (await until(what, attempt, { timeoutMs: 30_000 })).value;
  }
}

export function conditionOf({ status }: Pick<VirtualIP | VirtualServer | AddressPool, "status">, type: string): string {
  const condition = status?.conditions?.find((each) => each.type === type);
  return condition ? `${condition.status}/${condition.reason}` : "absent";
}
