/** A TCP connection can be opened. The kernel of the other side answers, so this says that somebody listens, not that he is well. */
import type { Connector, Target } from "./connector.ts";
import { failed, goodOutcome, type Outcome, type Probe } from "./probe.ts";

export class TcpProbe implements Probe {
  readonly #target: Target;
  readonly #connector: Connector;

  constructor(target: Target, connector: Connector) {
    this.#target = target;
    this.#connector = connector;
  }

  run(signal: AbortSignal): Promise<Outcome | undefined> {
    return this.#connector.probe(this.#target, signal).then(() => goodOutcome, failed);
  }
}
