/** A query over UDP is answered without an error; what the answer holds is not looked at. */
import { randomInt } from "node:crypto";
import { decode, encode, RECURSION_DESIRED } from "dns-packet";
import type { HealthCheck } from "../../api/healthCheck.ts";
import type { Connector, Target } from "../checks/connector.ts";
import { badOutcome, failed, goodOutcome, type Outcome, type Probe } from "../checks/probe.ts";
import { ask } from "./datagram.ts";

type DnsQuestion = NonNullable<HealthCheck["dns"]>;

export class DnsProbe implements Probe {
  readonly #target: Target;
  readonly #question: DnsQuestion;
  readonly #connector: Connector;

  constructor(target: Target, question: DnsQuestion, connector: Connector) {
    this.#target = target;
    this.#question = question;
    this.#connector = connector;
  }

  async run(signal: AbortSignal): Promise<Outcome | undefined> {
    try {
      const id = randomInt(0x10000);
      const payload = encode({ type: "query", id, flags: RECURSION_DESIRED, questions: [this.#question] });
      const rcode = await ask(this.#connector, { target: this.#target, payload, read: (reply) => responseCode(reply, id) }, signal);
      return rcode === "NOERROR" ? goodOutcome : badOutcome(rcode);
    } catch (error) {
      return failed(error);
    }
  }
}

/** Undefined when the datagram is no answer to the query of that id. */
function responseCode(reply: Buffer, id: number): string | undefined {
  try {
    const packet = decode(reply) as ReturnType<typeof decode> & { rcode?: string };
    return packet.type === "response" && packet.id === id ? packet.rcode : undefined;
  } catch {
    return undefined;
  }
}
