/** A TCP connection can be opened. The kernel of the other side answers, so this says that somebody listens, not that he is well. */
import { connect } from "node:net";
import type { NodeCheck } from "../../api/nodeAgent.ts";
import { badOutcome, errorMessage, goodOutcome, type Outcome, type Probe } from "./probe.ts";

export class TcpProbe implements Probe {
  readonly #target: { host: string; port: number };

  constructor({ host, port }: NonNullable<NodeCheck["tcp"]>) {
    this.#target = { host, port };
  }

  run(signal: AbortSignal): Promise<Outcome | undefined> {
    return new Promise((resolve) => {
      const socket = connect({ ...this.#target, signal });
      const finish = (outcome: Outcome) => {
        socket.destroy();
        resolve(outcome);
      };
      socket.once("connect", () => {
        // Towards a local port of the ephemeral range the kernel may choose that very port, and connects the socket to itself.
        const isItself = socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress;
        finish(isItself ? badOutcome("connected to itself: nobody listens") : goodOutcome);
      });
      socket.on("error", (error) => finish(badOutcome(errorMessage(error))));
    });
  }
}
