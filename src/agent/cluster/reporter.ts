/**
 * Keeps NodeAgent.status current. Changes are collapsed, the newest state wins, a failed write is tried again, and nobody ever waits for
 * the API server.
 */
import type { NodeAgentStatus } from "../../api/nodeAgent.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";

export interface ReporterOptions {
  clock: Clock;
  log: Logger;
  /** The status as it is now. */
  build(): NodeAgentStatus;
  /** Writes it; rejects when that failed. */
  write(status: NodeAgentStatus, signal: AbortSignal): Promise<void>;
}

/** A failover changes many virtual routers within a few milliseconds: one write tells them all. */
const collapseMs = 50;
/**
 * What of all else an agent writes in the long run. Real servers may flap by the hundred, the report tells all of them each time, and etcd
 * keeps every version for minutes.
 */
const bytesPerMs = 64;
const heartbeatMs = 30_000;
const retryMs = { first: 250, last: 15_000 };

export class Reporter {
  readonly #options: ReporterOptions;
  #timer: Timer | undefined;
  #due = Number.POSITIVE_INFINITY;
  #writing = false;
  #changedWhileWriting: "Election" | "Servers" | undefined;
  /** Of the last report: when it was written, and its size. */
  #written = { at: Number.NEGATIVE_INFINITY, bytes: 0 };
  /** Since the last write that succeeded. */
  #failures = 0;
  /** Of them those that the next delay counts. */
  #backoff = 0;
  #stopped = new AbortController();

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Something changed: it is told within the collapse time, or with the next retry while writes fail. */
  changed(): void {
    if (this.#writing) this.#changedWhileWriting = "Election";
    else if (this.#failures === 0) this.#schedule(collapseMs);
  }

  /** Only of virtual servers: it is told as soon, but the larger the report is, the less often. */
  serversChanged(): void {
    if (this.#writing) this.#changedWhileWriting ??= "Servers";
    else if (this.#failures === 0) this.#schedule(this.#pause());
  }

  /** What made writes fail may be over, and something may have changed: no retry needs to be waited for. */
  reachable(): void {
    this.#backoff = 0;
    if (this.#writing) this.#changedWhileWriting = "Election";
    else this.#schedule(collapseMs);
  }

  /** Ends all reports with one last of them, which may take `limitMs`; false when it could not be written. */
  async stop(limitMs: number): Promise<boolean> {
    this.#timer?.clear();
    this.#stopped.abort();
    const limit = new AbortController();
    const timer = this.#options.clock.setTimeout(() => limit.abort(new Error("no time is left for the last report")), limitMs);
    try {
      await this.#options.write(this.#options.build(), limit.signal);
      return true;
    } catch (error) {
      this.#options.log.warn({ error }, "the last report could not be written");
      return false;
    } finally {
      timer.clear();
    }
  }

  /** Writes after `milliseconds`, or earlier if an earlier write is due. */
  #schedule(milliseconds: number): void {
    if (this.#stopped.signal.aborted) return;
    const due = this.#options.clock.now() + milliseconds;
    if (this.#timer && due >= this.#due) return;
    this.#timer?.clear();
    this.#due = due;
    this.#timer = this.#options.clock.setTimeout(() => void this.#write(), milliseconds);
  }

  async #write(): Promise<void> {
    this.#timer = undefined;
    this.#writing = true;
    this.#changedWhileWriting = undefined;
    const { build, write, log, clock } = this.#options;
    try {
      const status = build();
      this.#written = { at: clock.now(), bytes: JSON.stringify(status).length };
      await write(status, this.#stopped.signal);
      if (this.#failures > 0) log.info({ failures: this.#failures }, "the status is reported again");
      this.#failures = 0;
      this.#backoff = 0;
    } catch (error) {
      if (this.#failures === 0 && !this.#stopped.signal.aborted) log.warn({ error }, "the status cannot be reported");
      this.#failures += 1;
      this.#backoff += 1;
    }
    this.#writing = false;
    this.#schedule(this.#nextDelay());
  }

  #nextDelay(): number {
    if (this.#backoff > 0) {
      const delay = Math.min(retryMs.first * 2 ** (this.#backoff - 1), retryMs.last);
      return delay * (0.5 + Math.random() / 2);
    }
    if (this.#changedWhileWriting === "Servers") return this.#pause();
    return this.#changedWhileWriting ? collapseMs : heartbeatMs;
  }

  /** Until a report of servers may be written. */
  #pause(): number {
    const { at, bytes } = this.#written;
    return Math.max(collapseMs, at + bytes / bytesPerMs - this.#options.clock.now());
  }
}
