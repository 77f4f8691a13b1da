/** Writes what a plan says of one VirtualServer: status, then Events, so that nothing is told that is not recorded. */
import type { KubeClient } from "../../kube/client.ts";
import type { EventRecorder } from "../../kube/events.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { VirtualServerPlan } from "../plan/virtualServers.ts";
import { LossyWrites } from "./lossyWrites.ts";
import type { OwnWrites } from "./ownWrites.ts";
import { fieldManager, virtualServers } from "./resources.ts";

export interface VirtualServerWriterOptions {
  client: Pick<KubeClient, "apply">;
  recorder: Pick<EventRecorder, "record">;
  written: OwnWrites;
  clock: Clock;
}

export class VirtualServerWriter {
  readonly #options: VirtualServerWriterOptions;
  readonly #lossy = new LossyWrites();

  constructor(options: VirtualServerWriterOptions) {
    this.#options = options;
  }

  /** Whether anything was to be written. @throws KubeError, "Conflict" when `object` is not the newest version. */
  async write({ view, changed, status, notices }: VirtualServerPlan, object: KubeObject, signal: AbortSignal): Promise<boolean> {
    const { client, recorder, written, clock } = this.#options;
    if (!changed || this.#lossy.isFutile(view.key, status, object, clock.now())) return false;
    const { name, namespace, resourceVersion } = object.metadata;
    const body = { metadata: { name, namespace, resourceVersion }, status };
    const answer = await client.apply(virtualServers, body, { fieldManager, signal, subresource: "status" });
    written.remember(answer, clock.now());
    this.#lossy.remember(view.key, status, answer, clock.now());
    const { apiVersion, kind } = virtualServers;
    for (const { type, reason, message } of notices) recorder.record({ ...object, apiVersion, kind }, type, reason, message);
    return true;
  }
}
