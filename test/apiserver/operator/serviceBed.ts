/** Pools and Services on a testbed, and what the operator has written to them. */
import { type AddressPool, addressPoolSchema } from "../../../src/api/addressPool.ts";
import { loadBalancerClass } from "../../../src/api/service.ts";
import type { KubeObject } from "../../../src/kube/object.ts";
import { addressPools, endpointSlices, services } from "../../../src/operator/controllers/resources.ts";
import { until } from "../../support/waiting.ts";
import type { Testbed } from "./testbed.ts";

export interface Service extends KubeObject {
  spec: { type: string; loadBalancerClass?: string; clusterIPs?: string[]; ports?: { nodePort?: number }[] };
  status?: {
    loadBalancer?: { ingress?: { ip?: string; ipMode?: string }[] };
    conditions?: { type: string; status: string; reason: string; message: string }[];
  };
}

export interface ServiceWish {
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
  namespace?: string;
  /** Merged into the spec. */
  spec?: object;
  ports?: number[];
}

const fieldManager = "test";

export class ServiceBed {
  readonly #bed: Testbed;

  constructor(bed: Testbed) {
    this.#bed = bed;
  }

  /** Ends what the operator holds back by its finalizers. */
  async clear(): Promise<void> {
    const { client } = this.#bed;
    for (const resource of [services, addressPools]) {
      for (const { metadata } of (await client.list(resource)).items) {
        if (metadata.namespace === "default" && metadata.name === "kubernetes") continue;
        if (metadata.finalizers) await client.patch(resource, metadata, { metadata: { finalizers: null } }, { fieldManager });
        await client.delete(resource, metadata);
      }
    }
    for (const { metadata } of (await client.list(endpointSlices)).items) {
      if (metadata.name !== "kubernetes") await client.delete(endpointSlices, metadata);
    }
  }

  async createPool(name: string, spec: object): Promise<void> {
    await this.#bed.client.create(addressPools, { metadata: { name }, spec }, { fieldManager });
  }

  async pool(name: string): Promise<AddressPool> {
    return addressPoolSchema.parse(await this.#bed.client.get(addressPools, { name }));
  }

  untilPool(name: string, what: string, isAsWanted: (pool: AddressPool) => boolean): Promise<AddressPool> {
    let last: AddressPool | undefined;
    const probe = async () => {
      last = await this.pool(name);
      return isAsWanted(last) ? last : undefined;
    };
    return until(`${name} ${what}`, probe, { timeoutMs: 15_000, hint: () => JSON.stringify(last?.status, undefined, 1) });
  }

  /** Of type LoadBalancer and of Aloft's class, with TCP ports, unless the wish says otherwise. */
  async createService(name: string, { annotations, labels, namespace = "default", spec, ports = [80] }: ServiceWish): Promise<void> {
    const all = {
      type: "LoadBalancer",
      loadBalancerClass,
      selector: { app: name },
      ports: ports.map((port) => ({ name: `p${port}`, port })),
      ...spec,
    };
    await this.#bed.client.create(services, { metadata: { name, namespace, annotations, labels }, spec: all }, { fieldManager });
  }

  service(name: string, namespace = "default"): Promise<Service | undefined> {
    return this.#bed.client.find<Service>(services, { name, namespace });
  }

  /** Of the namespace default; it must exist. */
  get(name: string): Promise<Service> {
    return this.#bed.client.get<Service>(services, { name, namespace: "default" });
  }

  deleteService(name: string): Promise<void> {
    return this.#bed.client.delete(services, { name, namespace: "default" });
  }

  async untilGone(name: string): Promise<void> {
    await until(`${name} to be gone`, async () => (await this.service(name)) === undefined, { timeoutMs: 15_000 });
  }

  patchService(name: string, patch: object): Promise<KubeObject> {
    return this.#bed.client.patch(services, { name, namespace: "default" }, patch, { fieldManager });
  }

  untilService(name: string, what: string, isAsWanted: (service: Service) => boolean, timeoutMs = 20_000): Promise<Service> {
    let last: Service | undefined;
    const probe = async () => {
      last = await this.service(name);
      return last && isAsWanted(last) ? last : undefined;
    };
    return until(`${name} ${what}`, probe, { timeoutMs, hint: () => JSON.stringify({ ...last, spec: undefined }, undefined, 1) });
  }

  untilAddresses(name: string, addresses: string[]): Promise<Service> {
    return this.untilService(name, `to have ${addresses}`, (service) => String(addressesOf(service)) === String(addresses));
  }

  /** Until it has no address, and the condition says why. */
  untilPending(name: string, reason: string): Promise<Service> {
    return this.untilService(
      name,
      `to be pending: ${reason}`,
      (service) => addressesOf(service).length === 0 && reasonOf(service) === reason,
    );
  }

  /** The ready endpoints of a Service, one on each of the nodes. */
  async setEndpoints(name: string, nodes: string[], notReady: string[] = []): Promise<void> {
    const endpoint = (nodeName: string, index: number, ready: boolean) => ({
      addresses: [`10.0.0.${index + 1}`],
      nodeName,
      conditions: { ready },
    });
    const body = {
      metadata: { name: `${name}-1`, namespace: "default", labels: { "kubernetes.io/service-name": name } },
      addressType: "IPv4",
      ports: [{ name: "p80", port: 8080, protocol: "TCP" }],
      endpoints: [
        ...nodes.map((node, index) => endpoint(node, index, true)),
        ...notReady.map((node, index) => endpoint(node, nodes.length + index, false)),
      ],
    };
    await this.#bed.client.apply(endpointSlices, body, { fieldManager });
  }
}

export function addressesOf({ status }: Pick<Service, "status">): string[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
}

export function reasonOf({ status }: Service): string | undefined {
  return status?.conditions?.find(({ type }) => type === "aloft.dev/Assigned")?.reason;
}
