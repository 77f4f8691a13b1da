/** A ready pod of a selector is on this node. */
import type { NodeCheck } from "../../api/nodeAgent.ts";
import type { PodLister } from "./podLister.ts";
import { badOutcome, goodOutcome, type Outcome, type Probe } from "./probe.ts";

export class PodReadyProbe implements Probe {
  readonly #wanted: NonNullable<NodeCheck["podReady"]>;
  readonly #pods: PodLister | undefined;
  #endWatch: (() => void) | undefined;

  constructor(wanted: NonNullable<NodeCheck["podReady"]>, pods: PodLister | undefined) {
    this.#wanted = wanted;
    this.#pods = pods;
  }

  run(): Promise<Outcome | undefined> {
    return Promise.resolve(this.#look());
  }

  watch(hint: () => void): void {
    this.#endWatch = this.#pods?.onChange?.(hint);
  }

  close(): void {
    this.#endWatch?.();
  }

  #look(): Outcome | undefined {
    if (!this.#pods) return badOutcome("pods are known in a cluster only");
    const ready = this.#pods.ready(this.#wanted.namespace, this.#wanted.selector);
    if (ready === undefined) return undefined;
    return ready ? goodOutcome : badOutcome("no ready pod of the selector is on this node");
  }
}
