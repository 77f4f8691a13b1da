/** Writes the VirtualIPs of pools and the VirtualServers of Services: makes them, changes them, and removes those that nobody needs. */
import { apiVersion } from "../../api/group.ts";
import type { KubeClient } from "../../kube/client.ts";
import { type KubeObject, keyOf, type OwnerReference, type Resource } from "../../kube/object.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { GeneratedVirtualIP } from "../plan/services/generatedVirtualIPs.ts";
import type { GeneratedVirtualServer } from "../plan/services/generatedVirtualServers.ts";
import type { ClusterReader } from "./clusterReader.ts";
import { LossyWrites } from "./lossyWrites.ts";
import { fieldManager, services, virtualIPs, virtualServers } from "./resources.ts";

export interface GeneratedWriterOptions {
  client: Pick<KubeClient, "apply" | "delete">;
  reader: Pick<ClusterReader, "find" | "written">;
  clock: Clock;
}

type Kind = "virtualIPs" | "virtualServers";

/** What is wanted of an object that the operator makes. */
interface Wanted {
  name: string;
  namespace?: string;
  labels: Record<string, string>;
  ownerReferences?: OwnerReference[];
  spec: object;
}

export class GeneratedWriter {
  readonly #options: GeneratedWriterOptions;
  readonly #lossy = new LossyWrites();

  constructor(options: GeneratedWriterOptions) {
    this.#options = options;
  }

  /** `object`: as it stands. Whether it was written. @throws KubeError */
  writeVirtualIP({ name, labels, spec }: GeneratedVirtualIP, object: KubeObject | undefined, signal: AbortSignal): Promise<boolean> {
    return this.#write(virtualIPs, { name, labels, spec }, object, "virtualIPs", signal);
  }

  /** It goes with its Service. */
  writeVirtualServer(
    { name, namespace, labels, owner, spec }: GeneratedVirtualServer,
    object: KubeObject | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    const ownerReferences = [{ apiVersion: services.apiVersion, kind: services.kind, ...owner }];
    return this.#write(virtualServers, { name, namespace, labels, ownerReferences, spec }, object, "virtualServers", signal);
  }

  /** Exactly the object that was seen. @throws KubeError */
  async remove(resource: Resource, { metadata }: KubeObject, signal: AbortSignal): Promise<boolean> {
    const { name, namespace, uid } = metadata;
    await this.#options.client.delete(resource, { name, namespace }, { signal, preconditions: { uid } });
    return true;
  }

  async #write(resource: Resource, wanted: Wanted, planned: KubeObject | undefined, kind: Kind, signal: AbortSignal): Promise<boolean> {
    const { client, reader, clock } = this.#options;
    const { spec, ...metadata } = wanted;
    const key = keyOf(metadata);
    if (this.#lossy.isFutile(`${kind} ${key}`, wanted, planned, clock.now())) return false;
    // Its status may have been written meanwhile, but not its spec.
    const newest = reader.find(kind, key);
    const { uid, resourceVersion } = (isSameSpec(planned, newest) ? newest : planned)?.metadata ?? {};
    const body = { apiVersion, kind: resource.kind, metadata: { ...metadata, uid, resourceVersion }, spec };
    // One that the cache does not show may be somebody else's by now: then its fields are his.
    const answer = await client.apply(resource, body, { fieldManager, signal, force: planned !== undefined });
    reader.written[kind].remember(answer, clock.now());
    this.#lossy.remember(`${kind} ${key}`, wanted, answer, clock.now());
    return true;
  }
}

function isSameSpec(a: KubeObject | undefined, b: KubeObject | undefined): boolean {
  return a?.metadata.uid === b?.metadata.uid && a?.metadata.generation === b?.metadata.generation;
}
