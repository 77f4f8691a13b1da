/** Writes what a plan says of one Service: finalizer, status, Events; in this order, so that nothing is told that is not recorded. */
import { cleanupFinalizer } from "../../api/service.ts";
import type { KubeObject } from "../../kube/object.ts";
import type { ServicePlan } from "../plan/services/servicePlans.ts";
import type { ServiceStatus } from "../plan/services/serviceStatus.ts";
import { writeFinalizer } from "./finalizers.ts";
import { fieldManager, services } from "./resources.ts";
import type { WriterOptions } from "./writerOptions.ts";

export class ServiceWriter {
  readonly #options: WriterOptions;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Before its addresses are used: the object with the finalizer, or undefined when it was there or the object is gone. @throws KubeError "Conflict" */
  async addFinalizer({ finalizer }: ServicePlan, object: KubeObject, signal: AbortSignal): Promise<KubeObject | undefined> {
    if (finalizer !== "add") return undefined;
    const answer = await writeFinalizer(this.#options.client, services, object, cleanupFinalizer, "add", signal);
    if (answer) this.#remember(answer);
    return answer;
  }

  /** After its addresses are used, or no longer. Whether anything was written. @throws KubeError "Conflict" */
  async write({ finalizer, changed, status, notices }: ServicePlan, object: KubeObject, signal: AbortSignal): Promise<boolean> {
    const { client, recorder } = this.#options;
    let latest: KubeObject | undefined = object;
    if (changed) {
      const { name, namespace, resourceVersion } = object.metadata;
      const body = { metadata: { name, namespace, resourceVersion }, status: bodyOf(status) };
      latest = await client.apply(services, body, { fieldManager, signal, subresource: "status" });
      this.#remember(latest);
    }
    if (finalizer === "remove") {
      latest = await writeFinalizer(client, services, latest, cleanupFinalizer, "remove", signal);
      if (latest && latest.metadata.deletionTimestamp === undefined) this.#remember(latest);
    }
    const { apiVersion, kind } = services;
    for (const { type, reason, message } of notices) recorder.record({ ...object, apiVersion, kind }, type, reason, message);
    return changed || finalizer === "remove";
  }

  #remember(answer: KubeObject): void {
    this.#options.written.remember(answer, this.#options.clock.now());
  }
}

/** Fields that are left out are given up: what somebody else has written meanwhile stays. */
function bodyOf({ ingress, conditions }: ServiceStatus): object {
  return { ...(ingress.length > 0 && { loadBalancer: { ingress } }), ...(conditions.length > 0 && { conditions }) };
}
