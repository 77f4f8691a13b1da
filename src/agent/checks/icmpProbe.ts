/** An echo request is answered. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { EchoSockets, EchoTarget } from "./echoSockets.ts";
import { failed, goodOutcome, type Outcome, type Probe } from "./probe.ts";

/** The host may be a name. */
export type IcmpTarget = Omit<EchoTarget, "address"> & { host: string };

export class IcmpProbe implements Probe {
  readonly #target: IcmpTarget;
  readonly #echoes: EchoSockets;

  constructor(target: IcmpTarget, echoes: EchoSockets) {
    this.#target = target;
    this.#echoes = echoes;
  }

  async run(signal: AbortSignal): Promise<Outcome | undefined> {
    const { host, ...options } = this.#target;
    try {
      const address = isIP(host) === 0 ? (await lookup(host)).address : host;
      await this.#echoes.ping({ ...options, address }, signal);
      return goodOutcome;
    } catch (error) {
      return failed(error);
    }
  }
}
