/** A datagram is answered as it should be, or at least not refused by ICMP. */
import type { HealthCheck } from "../../api/healthCheck.ts";
import type { Connector, Target } from "../checks/connector.ts";
import { badOutcome, failed, goodOutcome, type Outcome, type Probe } from "../checks/probe.ts";
import { ask } from "./datagram.ts";

type UdpCheck = NonNullable<HealthCheck["udp"]>;

export class UdpProbe implements Probe {
  /** Unless an answer is wanted, a server that keeps silent is well. */
  readonly silence: Outcome | undefined;
  readonly #target: Target;
  readonly #check: UdpCheck;
  readonly #payload: Buffer;
  readonly #pattern: BytePattern[];
  readonly #connector: Connector;

  constructor(target: Target, check: UdpCheck, connector: Connector) {
    this.#target = target;
    this.#check = check;
    this.#payload = Buffer.from(check.payload?.replaceAll(/\s/g, "") ?? "", "hex");
    this.#pattern = parsePattern(check.reply ?? "");
    this.#connector = connector;
    this.silence = isReplyWanted(check) ? undefined : goodOutcome;
  }

  async run(signal: AbortSignal): Promise<Outcome | undefined> {
    try {
      const problem = await ask(
        this.#connector,
        { target: this.#target, payload: this.#payload, read: (reply) => this.#problem(reply) },
        signal,
      );
      return problem === "" ? goodOutcome : badOutcome(problem);
    } catch (error) {
      return failed(error);
    }
  }

  #problem(reply: Buffer): string {
    if (!isReplyWanted(this.#check)) return "";
    const { minimumReplyLength: least = 0, maximumReplyLength: most = Number.POSITIVE_INFINITY } = this.#check;
    if (reply.length < least || reply.length > most) return `a reply of ${reply.length} bytes`;
    return matchesPattern(this.#pattern, reply) ? "" : `reply ${reply.subarray(0, 16).toString("hex")}`;
  }
}

function isReplyWanted({ requireReply, reply, minimumReplyLength, maximumReplyLength }: UdpCheck): boolean {
  return requireReply || reply !== undefined || minimumReplyLength !== undefined || maximumReplyLength !== undefined;
}

interface BytePattern {
  value: number;
  mask: number;
}

/** Two digits a byte; X stands for any digit. Pure. */
export function parsePattern(text: string): BytePattern[] {
  const digits = text.replaceAll(/\s/g, "");
  return (digits.match(/../g) ?? []).map((pair) => ({
    value: Number.parseInt(pair.replaceAll(/[xX]/g, "0"), 16),
    mask: Number.parseInt(pair.replaceAll(/[^xX]/g, "f").replaceAll(/[xX]/g, "0"), 16),
  }));
}

/** As keepalived: of a shorter reply as much as there is. Pure. */
export function matchesPattern(pattern: readonly BytePattern[], reply: Buffer): boolean {
  return pattern.every(({ value, mask }, index) => index >= reply.length || ((reply[index] ?? 0) & mask) === (value & mask));
}
