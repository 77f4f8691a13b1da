/** Mail on changes of state, by the relay that the node's settings name. A relay that is away is never in the way of anything. */
import type { Transporter } from "nodemailer";
import { parseDuration } from "../../api/duration.ts";
import type { Mail } from "../../api/nodeAgent.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import { DeliveryQueue, retry } from "./deliveryQueue.ts";
import type { NotificationCounters } from "./notificationCounters.ts";
import type { MailText, NotifyState } from "./transition.ts";

export interface MailerOptions {
  settings: Mail;
  /** Name of the node. */
  node: string;
  counters: NotificationCounters;
  log: Logger;
  clock: Clock;
  /** Ends what is under way. */
  signal: AbortSignal;
}

interface Letter extends MailText {
  /** No attempt after this time of the clock. */
  deadline: number;
}

/** Of the relay. */
export interface Relay {
  host: string;
  port: number;
}

const defaultPort = 25;
const submissionOverTlsPort = 465;
const defaultTimeoutMs = 30_000;
const delaysMs = [1000, 2000, 4000, 8000, 8000, 8000, 8000, 8000];
/** Letters that wait; more than that tell nobody anything. */
const queueLimit = 64;

export class Mailer {
  readonly #options: MailerOptions;
  readonly #timeoutMs: number;
  readonly #queue: DeliveryQueue<Letter>;
  #transporter: Promise<Transporter> | undefined;

  constructor(options: MailerOptions) {
    const { counters, log, settings } = options;
    this.#options = options;
    this.#timeoutMs = parseDuration(settings.timeout) || defaultTimeoutMs;
    this.#queue = new DeliveryQueue({
      deliver: (letter) => this.#deliver(letter),
      limit: queueLimit,
      onDrop: ({ subject }) => {
        counters.add("mail", "dropped");
        log.error({ relay: settings.server, subject }, "the mail relay is too slow; a mail is given up");
      },
    });
  }

  /** Name in the subject, as keepalived's router_id. */
  get subjectName(): string {
    return this.#options.settings.subjectName ?? this.#options.node;
  }

  /** Whether mail is sent about such a state at all. */
  tells(state: NotifyState): boolean {
    return state !== "FAULT" || this.#options.settings.faults !== false;
  }

  send(mail: MailText): void {
    this.#queue.push({ ...mail, deadline: this.#options.clock.now() + this.#timeoutMs });
  }

  /** Resolves when nothing is left to send. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  async #deliver({ deadline, ...mail }: Letter): Promise<void> {
    const { counters, clock, log, signal, settings } = this.#options;
    const fields = { relay: settings.server, subject: mail.subject };
    const onFailure = ({ message }: Error) => log.warn({ ...fields, reason: message }, "mail was not taken and is tried again");
    const error = await retry(() => this.#attempt(mail, deadline), { clock, signal, delaysMs, deadline, isFinal, onFailure });
    counters.add("mail", error ? "failed" : "delivered");
    if (error) log.error({ ...fields, reason: error.message }, "mail could not be sent");
    else log.debug(fields, "mail was sent");
  }

  async #attempt(mail: MailText, deadline: number): Promise<void> {
    const { clock, signal, settings } = this.#options;
    this.#transporter ??= createTransporter(settings, this.#options.node, this.#timeoutMs);
    const transporter = await this.#transporter;
    const limit = new AbortController();
    const timer = clock.setTimeout(() => limit.abort(), Math.max(0, deadline - clock.now()));
    try {
      await transporter.sendMail({ from: settings.from, to: settings.to, ...mail, signal: AbortSignal.any([signal, limit.signal]) });
    } catch (error) {
      if (limit.signal.aborted) throw new Error(`it took longer than ${this.#timeoutMs} ms`, { cause: error });
      throw error;
    } finally {
      timer.clear();
    }
  }
}

/** "HOST", "HOST:PORT", "[IPV6]:PORT" or a bare IPv6 address. Pure. */
export function parseRelay(server: string): Relay {
  const [, bracketed, name, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::([0-9]+))?$/.exec(server) ?? [];
  return { host: bracketed ?? name ?? server, port: port === undefined ? defaultPort : Number(port) };
}

/** Loaded only by who sends mail: it takes 11 MB. */
async function createTransporter(settings: Mail, node: string, timeoutMs: number): Promise<Transporter> {
  const { createTransport } = await import("nodemailer");
  const relay = parseRelay(settings.server);
  return createTransport({
    ...relay,
    name: settings.helo ?? node,
    secure: relay.port === submissionOverTlsPort,
    // As between relays: encrypted where it is offered, but a certificate of the machine's own is no reason to lose an alarm.
    tls: { rejectUnauthorized: false },
    dnsTimeout: timeoutMs,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/** 5xx: the relay has understood and refuses. */
function isFinal(error: Error): boolean {
  const { responseCode = 0 } = error as { responseCode?: number };
  return responseCode >= 500;
}
