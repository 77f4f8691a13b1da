/** Writes the VirtualIPs of pools and the VirtualServers of Services: makes them, changes them, and removes those that nobody needs. */
import { apiVersion } from "../../api/group.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { KubeObject, OwnerReference, Resource } from "../../kube/object.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { GeneratedVirtualIP } from "../plan/services/generatedVirtualIPs.ts";
import type { GeneratedVirtualServer } from "../plan/services/generatedVirtualServers.ts";
import { LossyWrites } from "./lossyWrites.ts";
import type { OwnWrites } from "./ownWrites.ts";
import { fieldManager, services, virtualIPs, virtualServers } from "./resources.ts";

export interface GeneratedWriterOptions {
  client: Pick<KubeClient, "apply" | "delete">;
  written: Record<"virtualIPs" | "virtualServers", OwnWrites>;
  clock: Clock;
}

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
    return this.#write(virtualIPs, { name, labels, spec }, object, this.#options.written.virtualIPs, signal);
  }

  /** It goes with its Service. */
  writeVirtualServer(
    { name, namespace, labels, owner, spec }: GeneratedVirtualServer,
    object: KubeObject | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    const ownerReferences = [{ apiVersion: services.apiVersion, kind: services.kind, ...owner }];
    return this.#write(
      virtualServers,
      { name, namespace, labels, ownerReferences, spec },
      object,
      this.#options.written.virtualServers,
      signal,
    );
  }

  /** Exactly the object that was seen. @throws KubeError */
  async remove(resource: Resource, { metadata }: KubeObject, signal: AbortSignal): Promise<boolean> {
    const { name, namespace, uid } = metadata;
    await this.#options.client.delete(resource, { name, namespace }, { signal, preconditions: { uid } });
    return true;
  }

  async #write(
    resource: Resource,
    wanted: Wanted,
    object: KubeObject | undefined,
    written: OwnWrites,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { spec, ...metadata } = wanted;
    const key = `${resource.plural} ${metadata.namespace ?? ""}/${metadata.name}`;
    if (this.#lossy.isFutile(key, wanted, object)) return false;
    const { uid, resourceVersion } = object?.metadata ?? {};
    const body = { apiVersion, kind: resource.kind, metadata: { ...metadata, uid, resourceVersion }, spec };
    // One that the cache does not show may be somebody else's by now: then its fields are his.
    const answer = await this.#options.client.apply(resource, body, { fieldManager, signal, force: object !== undefined });
    written.remember(answer, this.#options.clock.now());
    this.#lossy.remember(key, wanted, answer);
    return true;
  }
}
