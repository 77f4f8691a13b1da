/** A query over UDP is answered without an error; which records the answer holds is not looked at. */
import { randomInt } from "node:crypto";
import { encode, RECURSION_DESIRED } from "dns-packet";
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
      const payload = encode({ type: "query", id: randomInt(0x10000), flags: RECURSION_DESIRED, questions: [this.#question] });
      const code = await ask(this.#connector, { target: this.#target, payload, read: (reply) => responseCode(reply, payload) }, signal);
      return code === 0 ? goodOutcome : badOutcome(names[code] ?? `RCODE ${code}`);
    } catch (error) {
      return failed(error);
    }
  }
}

/** RFC 1035 §4.1.1; the names are those of the IANA. */
const headerBytes = 12;
const names = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];

/**
 * The RCODE of an answer; undefined when the datagram is none to the query. The header decides, as in keepalived, and the question where it
 * is sent back: of records a foreigner may put together what takes long to read. Pure.
 */
export function responseCode(reply: Buffer, query: Buffer): number | undefined {
  if (reply.length < headerBytes || reply.readUInt16BE(0) !== query.readUInt16BE(0) || ((reply[2] ?? 0) & 0x80) === 0) return undefined;
  const questions = reply.readUInt16BE(4);
  // The only name in a query, which nothing before it could compress.
  const isOurs = questions === 1 && sameText(reply.subarray(headerBytes, query.length), query.subarray(headerBytes));
  return isOurs || questions === 0 ? (reply[3] ?? 0) & 0x0f : undefined;
}

/** Without regard to the case of letters; what is not letters here is small: lengths, type and class. */
function sameText(a: Buffer, b: Buffer): boolean {
  return a.toString("latin1").toLowerCase() === b.toString("latin1").toLowerCase();
}
