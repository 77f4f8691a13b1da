/** What a user of Services of type LoadBalancer does and sees: pools, pods, Services, and requests from outside. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { AddressPool } from "../../src/api/addressPool.ts";
import { loadBalancerClass } from "../../src/api/service.ts";
import type { VirtualIP } from "../../src/api/virtualIP.ts";
import type { KubeCluster } from "../support/kubeCluster.ts";
import { until } from "../support/waiting.ts";
import type { Asking } from "./silences.ts";
import { User } from "./user.ts";

export interface Service {
  metadata: { name: string; annotations?: Record<string, string>; finalizers?: string[] };
  spec: { ports: { nodePort?: number }[] };
  status: {
    loadBalancer: { ingress?: { ip: string; ipMode?: string }[] };
    conditions?: { type: string; status: string; reason: string }[];
  };
}

export interface ServiceWish {
  /** Of the pods; default: the name of the Service. */
  app?: string;
  ports?: number[];
  annotations?: Record<string, string>;
  /** Merged into the spec. */
  spec?: object;
}

export const addressPool = (name: string, addresses: string[], more: object = {}) => ({
  apiVersion: "aloft.dev/v1alpha1",
  kind: "AddressPool",
  metadata: { name },
  spec: { addresses, ...more },
});

/** Of Aloft's class: TCP ports that lead to the pods' HTTP, and a UDP one to where datagrams come back. */
export const loadBalancer = (name: string, { app = name, ports = [80], annotations, spec }: ServiceWish = {}) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, annotations },
  spec: {
    type: "LoadBalancer",
    loadBalancerClass,
    selector: { app },
    ports: ports.flatMap((port) => [
      { name: `http-${port}`, port, targetPort: 8080 },
      // Datagrams are sent to port 7000 of every address; Services that share one have different ports.
      ...(port === 80 ? [{ name: "echo", protocol: "UDP", port: 7000 }] : []),
    ]),
    ...spec,
  },
});

const backend = (image: string, app: string, node: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: `${app}-${node}`, labels: { app } },
  spec: {
    nodeName: node,
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: "backend",
        image,
        imagePullPolicy: "Never",
        command: ["/usr/bin/node", "-e", readFileSync(join(import.meta.dirname, "backend.cjs"), "utf8")],
        env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
        readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 },
      },
    ],
  },
});

export interface Answer {
  /** The node whose pod answered. */
  node: string;
  /** Who asked, as the pod sees it. */
  client: string;
}

export class ServiceUser {
  readonly #cluster: KubeCluster;

  constructor(cluster: KubeCluster) {
    this.#cluster = cluster;
  }

  /** A pod of the app on each of the nodes, until they are ready. */
  async startPods(app: string, nodes: readonly string[]): Promise<void> {
    await this.create(nodes.map((node) => backend(this.#cluster.image, app, node)));
    await this.#cluster.kubectl(["wait", "--for=condition=Ready", "pod", "-l", `app=${app}`, "--timeout=60s"], { timeoutMs: 70_000 });
  }

  async endPod(app: string, node: string): Promise<void> {
    await this.#cluster.kubectl(["delete", "pod", `${app}-${node}`, "--wait=false"]);
  }

  async create(items: readonly object[]): Promise<void> {
    await this.#cluster.kubectl(["create", "-f", "-"], { input: JSON.stringify({ apiVersion: "v1", kind: "List", items }) });
  }

  service(name: string): Promise<Service> {
    return this.#cluster.get<Service>("service", name);
  }

  pool(name: string): Promise<AddressPool> {
    return this.#cluster.get<AddressPool>("addresspool", name);
  }

  patch(name: string, patch: object): Promise<string> {
    return this.#cluster.kubectl(["patch", "service", name, "--type=merge", "-p", JSON.stringify(patch)]);
  }

  delete(name: string): Promise<string> {
    return this.#cluster.kubectl(["delete", "service", name, "--timeout=30s"], { timeoutMs: 40_000 });
  }

  /** The addresses of a Service, once it has as many. */
  untilAssigned(name: string, count = 1): Promise<string[]> {
    const assigned = async () => {
      const addresses = addressesOf(await this.service(name));
      return addresses.length === count && addresses;
    };
    return until(`addresses of ${name}`, assigned, { timeoutMs: 20_000, everyMs: 50 });
  }

  /** Until the Service has no address, and says why. */
  async untilPending(name: string, reason: string): Promise<void> {
    const pending = async () => {
      const service = await this.service(name);
      const said = service.status.conditions?.find(({ type }) => type === "aloft.dev/Assigned");
      return addressesOf(service).length === 0 && said?.status === "False" && said.reason === reason;
    };
    await until(`${name} to be pending: ${reason}`, pending, { timeoutMs: 20_000, everyMs: 100 });
  }

  /** Asks over HTTP from outside. */
  async ask(address: string, port = 80): Promise<Answer> {
    const host = address.includes(":") ? `[${address}]` : address;
    const text = await this.#cluster.in("client", "curl", ["--silent", "--show-error", "--max-time", "1", `http://${host}:${port}`]);
    const [node = "", client = ""] = text.split(" ");
    return { node, client };
  }

  /** Asks what is behind the addresses in turn, each this often, while `work` goes on. */
  async askWithoutPause(addresses: readonly string[], work: () => Promise<void>, everyMs = 10): Promise<Asking> {
    const asking = (await new User(this.#cluster).whileRunning("silences.ts", [String(everyMs), ...addresses], work)) as Asking;
    assert.deepEqual(asking.mute, [], "all have answered");
    return asking;
  }

  untilAnswered(address: string, port = 80): Promise<Answer> {
    return until(`an answer of ${address}`, () => this.ask(address, port), { timeoutMs: 20_000, everyMs: 50 });
  }

  /** kube-proxy follows a moment after the Service. */
  async untilRefused(address: string, port = 80): Promise<void> {
    const refused = () =>
      this.ask(address, port).then(
        () => false,
        () => true,
      );
    await until(`no answer of ${address}`, refused, { everyMs: 50 });
  }

  /** The only node whose kernel has the address. */
  untilHeld(address: string, nodes: readonly string[] = this.#cluster.nodes): Promise<string> {
    const held = async () => {
      const holders = await this.holders(address, nodes);
      return holders.length === 1 && holders[0];
    };
    return until(`one node with ${address}`, held, { timeoutMs: 20_000, everyMs: 50 });
  }

  async holders(address: string, nodes: readonly string[] = this.#cluster.nodes): Promise<string[]> {
    const has = await Promise.all(nodes.map(async (node) => (await this.#cluster.addresses(node)).includes(address)));
    return nodes.filter((_, index) => has[index]);
  }

  async virtualIPs(): Promise<VirtualIP[]> {
    return (await this.#cluster.get<{ items: VirtualIP[] }>("virtualips")).items;
  }

  /** The VirtualIP that holds an address. */
  async virtualIPOf(address: string): Promise<VirtualIP | undefined> {
    return (await this.virtualIPs()).find(({ spec }) => spec.addresses.some((each) => each.address.split("/")[0] === address));
  }

  /** Until exactly these may answer for an address. */
  async untilCandidates(address: string, nodes: readonly string[]): Promise<void> {
    let seen: string[] = [];
    const are = async () => {
      seen = ((await this.virtualIPOf(address))?.status?.nodes ?? []).map(({ name }) => name).sort();
      return String(seen) === String(nodes);
    };
    await until(`candidates ${nodes} of ${address}`, are, { timeoutMs: 20_000, everyMs: 100, hint: () => `they are ${seen}` });
  }

  /** `key=value`, or `key-` to take it off. */
  async label(node: string, label: string): Promise<void> {
    await this.#cluster.kubectl(["label", "node", node, label]);
  }

  /** Until an Event of the Service says so. */
  async untilEvent(name: string, text: RegExp): Promise<void> {
    interface Events {
      items: { type: string; reason: string; message: string }[];
    }
    let seen: string[] = [];
    const told = async () => {
      const { items } = await this.#cluster.get<Events>(
        "events",
        "--field-selector",
        `involvedObject.kind=Service,involvedObject.name=${name}`,
      );
      seen = items.map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
      return seen.some((each) => text.test(each));
    };
    await until(`an Event of ${name}: ${text}`, told, { timeoutMs: 20_000, everyMs: 200, hint: () => seen.join("\n") });
  }
}

export function addressesOf({ status }: Pick<Service, "status">): string[] {
  return (status.loadBalancer.ingress ?? []).map(({ ip }) => ip);
}
