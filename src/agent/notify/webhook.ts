/**
 * Tells web hooks of changes by POST. Only the origin of a URL is ever logged: its path may be a secret, as those of chat services are.
 */
import * as http from "node:http";
import * as https from "node:https";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import { DeliveryQueue, retry } from "./deliveryQueue.ts";
import type { NotificationCounters } from "./notificationCounters.ts";

export interface WebhookOptions {
  counters: NotificationCounters;
  log: Logger;
  clock: Clock;
  /** Ends what is under way. */
  signal: AbortSignal;
}

const attemptTimeoutMs = 5000;
const delaysMs = [1000, 4000];
/** Documents that wait for one URL. */
const queueLimit = 256;

/** The other side has answered, with a status that is not 2xx. */
export class WebhookError extends Error {
  readonly code = "ALOFT_WEBHOOK";
  readonly status: number;

  constructor(status: number) {
    super(`it answered with status ${status}`);
    this.status = status;
  }
}

export class Webhooks {
  readonly #options: WebhookOptions;
  readonly #queues = new Map<string, DeliveryQueue<object>>();

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  /** Delivers a document, after those that wait for the same URL. */
  post(url: string, document: object): void {
    let queue = this.#queues.get(url);
    if (!queue) {
      for (const [other, { isIdle }] of this.#queues) if (isIdle) this.#queues.delete(other);
      queue = this.#createQueue(url);
      this.#queues.set(url, queue);
    }
    queue.push(document);
  }

  /** Resolves when nothing is left to deliver. */
  async idle(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.idle()));
  }

  #createQueue(url: string): DeliveryQueue<object> {
    const { counters, log, clock, signal } = this.#options;
    const origin = originOf(url);
    // Who has just given up an endpoint that does not answer does not try long for the next document.
    let isWell = true;
    const deliver = async (document: object) => {
      const error = await retry(() => postJson(url, document, signal), {
        clock,
        signal,
        delaysMs: isWell ? delaysMs : [],
        deadline: Number.POSITIVE_INFINITY,
        isFinal,
      });
      isWell = error === undefined || error instanceof WebhookError;
      counters.add("webhook", error ? "failed" : "delivered");
      if (error) log.warn({ webhook: origin, reason: error.message, document }, "a web hook could not be told");
    };
    return new DeliveryQueue({
      deliver,
      limit: queueLimit,
      onDrop: (document) => {
        counters.add("webhook", "dropped");
        log.warn({ webhook: origin, document }, "a web hook is too slow; a notification is given up");
      },
    });
  }
}

/** What may be logged of a URL. Pure. */
export function originOf(url: string): string {
  const { protocol, host } = URL.parse(url) ?? { protocol: "", host: "" };
  return protocol === "" ? "not a URL" : `${protocol}//${host}`;
}

/** Another attempt is no use when the other side has understood and refuses. */
function isFinal(error: Error): boolean {
  if (error instanceof WebhookError) return error.status < 500 && error.status !== 429 && error.status !== 408;
  return (error as NodeJS.ErrnoException).code === "ERR_INVALID_URL" || (error as NodeJS.ErrnoException).code === "ERR_INVALID_PROTOCOL";
}

/** One attempt. Redirects are not followed. @throws WebhookError, or the error of the connection. */
async function postJson(url: string, document: object, signal: AbortSignal): Promise<void> {
  const body = JSON.stringify(document);
  const target = new URL(url);
  const { request } = target.protocol === "https:" ? https : http;
  const limited = AbortSignal.any([signal, AbortSignal.timeout(attemptTimeoutMs)]);
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body), "user-agent": "aloft-agent" };
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const fail = (error: Error) => reject(limited.aborted ? new Error(`no answer within ${attemptTimeoutMs} ms`, { cause: error }) : error);
    const sent = request(target, { method: "POST", agent: false, signal: limited, headers: { ...headers, connection: "close" } });
    sent.on("error", fail);
    sent.on("response", resolve);
    sent.end(body);
  });
  response.on("error", () => {});
  response.resume();
  const status = response.statusCode ?? 0;
  if (status < 200 || status > 299) throw new WebhookError(status);
}
