/** Writes what a plan says of one VirtualIP: finalizer, status, Events; in this order, so that nothing is told that is not recorded. */
import { releaseFinalizer } from "../../api/group.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { EventRecorder } from "../../kube/events.ts";
import { KubeError } from "../../kube/kubeError.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { OperatorMetrics } from "../metrics.ts";
import { describeMove } from "../plan/moves.ts";
import type { VirtualIPPlan } from "../plan/plan.ts";
import { writeFinalizer } from "./finalizers.ts";
import type { OwnWrites } from "./ownWrites.ts";
import { fieldManager, virtualIPs } from "./resources.ts";

export interface VirtualIPWriterOptions {
  client: Pick<KubeClient, "apply" | "patch">;
  recorder: Pick<EventRecorder, "record">;
  metrics: OperatorMetrics;
  log: Logger;
  written: OwnWrites;
  clock: Clock;
}

export class VirtualIPWriter {
  readonly #options: VirtualIPWriterOptions;

  constructor(options: VirtualIPWriterOptions) {
    this.#options = options;
  }

  /** Whether anything was to be written. @throws KubeError, "Conflict" when `object` is not the newest version. */
  async write(plan: VirtualIPPlan, object: KubeObject, signal: AbortSignal): Promise<boolean> {
    const { finalizer, changed } = plan;
    if (finalizer === "keep" && !changed) return false;
    if (finalizer !== "remove") await this.#record(plan, object, signal);
    else if (!(await this.#release(object, signal))) return false;
    this.#tell(plan, object);
    return true;
  }

  async #record({ finalizer, changed, status }: VirtualIPPlan, object: KubeObject, signal: AbortSignal): Promise<void> {
    let latest = object;
    if (finalizer === "add") latest = await this.#addFinalizer(object, signal);
    if (!changed) return;
    const { client, written, clock } = this.#options;
    const { name, resourceVersion } = latest.metadata;
    // The version guards against an object of the same name that has replaced this one: its status is another.
    const body = { metadata: { name, resourceVersion }, status };
    written.remember(await client.apply(virtualIPs, body, { fieldManager, signal, subresource: "status" }), clock.now());
  }

  /** @throws KubeError "NotFound" when it is gone already and the cache does not know yet. */
  async #addFinalizer(object: KubeObject, signal: AbortSignal): Promise<KubeObject> {
    const { client, written, clock } = this.#options;
    const answer = await writeFinalizer(client, virtualIPs, object, releaseFinalizer, "add", signal);
    if (!answer) throw new KubeError("NotFound", `VirtualIP ${object.metadata.name} is gone`);
    written.remember(answer, clock.now());
    return answer;
  }

  /** False when the object is gone already and the cache does not know yet. */
  async #release(object: KubeObject, signal: AbortSignal): Promise<boolean> {
    return (await writeFinalizer(this.#options.client, virtualIPs, object, releaseFinalizer, "remove", signal)) !== undefined;
  }

  #tell({ view, notices, move }: VirtualIPPlan, object: KubeObject): void {
    const { recorder, metrics, log } = this.#options;
    const { apiVersion, kind } = virtualIPs;
    for (const { type, reason, message } of notices) recorder.record({ ...object, apiVersion, kind }, type, reason, message);
    if (!move) return;
    metrics.observeMove(move);
    log.info({ virtualIP: view.name, ...move, text: describeMove(move) }, "VirtualIP moved");
  }
}
