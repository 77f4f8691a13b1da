/** Writes what a plan says of one AddressPool: finalizer, status, Events; in this order, so that nothing is told that is not recorded. */
import { releaseFinalizer } from "../../api/group.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { PoolPlan } from "../plan/services/poolPlans.ts";
import { poolPatchOf } from "../plan/services/poolStatus.ts";
import { type FinalizerChange, writeFinalizer } from "./finalizers.ts";
import { addressPools, fieldManager } from "./resources.ts";
import type { WriterOptions } from "./writerOptions.ts";

export class PoolWriter {
  readonly #options: WriterOptions;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /**
   * Whether anything was to be written. @throws KubeError, "Conflict" when `object` is not the newest version: the version guards the record
   * of who has which address, so of two operators that give one address only one succeeds.
   */
  async write({ view, finalizer, changed, status, notices }: PoolPlan, object: KubeObject, signal: AbortSignal): Promise<boolean> {
    if (finalizer === "keep" && !changed) return false;
    const latest = await this.#finalize(object, finalizer, signal);
    if (!latest || finalizer === "remove") return true;
    const { client, recorder, written, clock } = this.#options;
    if (changed) {
      const { name, resourceVersion } = latest.metadata;
      const patch = { metadata: { resourceVersion }, status: poolPatchOf(status, view.status) };
      const answer = await client.patch(addressPools, { name }, patch, { fieldManager, signal, subresource: "status" });
      written.remember(answer, clock.now());
    }
    const { apiVersion, kind } = addressPools;
    for (const { type, reason, message } of notices) recorder.record({ ...object, apiVersion, kind }, type, reason, message);
    return true;
  }

  async #finalize(object: KubeObject, change: FinalizerChange, signal: AbortSignal): Promise<KubeObject | undefined> {
    const { client, written, clock } = this.#options;
    const answer = await writeFinalizer(client, addressPools, object, releaseFinalizer, change, signal);
    if (answer && change === "add") written.remember(answer, clock.now());
    return answer;
  }
}
