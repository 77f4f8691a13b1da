/** Services at a steady rate, and the times until they have addresses. */
import { setTimeout as sleep } from "node:timers/promises";
import { loadBalancerClass } from "../../src/api/service.ts";
import type { KubeClient } from "../../src/kube/client.ts";
import { Informer } from "../../src/kube/informer.ts";
import type { KubeObject } from "../../src/kube/object.ts";
import { endpointSlices, services } from "../../src/operator/controllers/resources.ts";
import { until } from "../../test/support/waiting.ts";
import { nodeName } from "./network.ts";
import { fieldManager } from "./world.ts";

const namespace = "default";
/** Pods of each Service. */
const replicas = 3;

export interface ServiceKind {
  name: string;
  isLocal: boolean;
}

/** All that have addresses, with the time at which the API server's watch said so. */
export class Addressed {
  readonly #informer: Informer;
  readonly at = new Map<string, number>();

  constructor(client: KubeClient) {
    this.#informer = new Informer({ client, resource: services });
    this.#informer.onChange((key) => {
      const status = this.#informer.get(key)?.status as { loadBalancer?: { ingress?: unknown[] } } | undefined;
      if (!this.at.has(key) && status?.loadBalancer?.ingress?.length) this.at.set(key, performance.now());
    });
  }

  async start(): Promise<void> {
    this.#informer.start();
    await this.#informer.waitForSync();
  }

  stop(): Promise<void> {
    return this.#informer.stop();
  }
}

/** Makes them, each with its EndpointSlice; the times in ms from the request to the address. */
export async function createServices(
  client: KubeClient,
  kinds: readonly ServiceKind[],
  perSecond: number,
  nodes: number,
): Promise<number[]> {
  const addressed = new Addressed(client);
  await addressed.start();
  const begun = new Map<string, number>();
  const start = performance.now();
  const requests: Promise<unknown>[] = [];
  for (const [index, kind] of kinds.entries()) {
    await sleep(Math.max(0, start + (1000 * index) / perSecond - performance.now()));
    begun.set(`${namespace}/${kind.name}`, performance.now());
    requests.push(createService(client, kind));
    requests.push(setEndpoints(client, kind.name, nodesOf(index, nodes)));
  }
  await Promise.all(requests);
  const missing = () => [...begun.keys()].filter((key) => !addressed.at.has(key));
  await until("every Service to have an address", () => missing().length === 0, {
    timeoutMs: 60_000,
    hint: () => `without: ${missing().length}, among them ${missing().slice(0, 3).join(", ")}`,
  });
  await addressed.stop();
  return [...begun].map(([key, at]) => (addressed.at.get(key) ?? Number.POSITIVE_INFINITY) - at);
}

function createService(client: KubeClient, { name, isLocal }: ServiceKind): Promise<KubeObject> {
  const spec = {
    type: "LoadBalancer",
    loadBalancerClass,
    selector: { app: name },
    ports: [{ name: "http", port: 80 }],
    // There are fewer node ports than Services here.
    allocateLoadBalancerNodePorts: false,
    ...(isLocal && { externalTrafficPolicy: "Local" }),
  };
  return client.create(services, { metadata: { name, namespace }, spec }, { fieldManager });
}

/** Neighbours in the list of nodes: Services with the same ones have the same set. */
export function nodesOf(index: number, nodes: number): string[] {
  return Array.from({ length: replicas }, (_, pod) => nodeName((index * replicas + pod) % nodes));
}

/** One ready endpoint on each of the nodes; `turn` makes addresses of pods differ. */
export function setEndpoints(client: KubeClient, service: string, nodes: readonly string[], turn = 0): Promise<KubeObject> {
  const endpoints = nodes.map((nodeName, index) => ({
    addresses: [`10.244.${turn % 250}.${index + 1}`],
    nodeName,
    conditions: { ready: true, serving: true, terminating: false },
    targetRef: { kind: "Pod", namespace, name: `${service}-${turn}-${index}` },
  }));
  const body = {
    metadata: { name: `${service}-x`, namespace, labels: { "kubernetes.io/service-name": service } },
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    endpoints,
  };
  return client.apply(endpointSlices, body, { fieldManager });
}
