/** Leader election on a coordination.k8s.io Lease: at most one of several processes acts. */
import { type Clock, sleep, systemClock } from "../runtime/clock.ts";
import type { KubeClient } from "./client.ts";
import { Deadline } from "./deadline.ts";
import { isKubeError, KubeError } from "./kubeError.ts";
import { heldBy, type Lease, LeaseObservation, leases, newLease, released, withSpec } from "./lease.ts";
import { type Logger, silentLogger } from "./logger.ts";
import { type KubeMetrics, noMetrics } from "./metrics.ts";

export interface LeaderElectionOptions {
  client: Pick<KubeClient, "find" | "create" | "replace">;
  lease: { namespace: string; name: string };
  /** Unique per process, not per host: two processes of one identity would both lead. */
  identity: string;
  /** How long others wait after the last renewal that they saw; default 15 s. */
  leaseDurationMs?: number;
  /** A leader that could not renew for this long stops; default 10 s, must be less than leaseDurationMs. */
  renewDeadlineMs?: number;
  /** Time between tries; default 2 s, must be less than renewDeadlineMs. */
  retryPeriodMs?: number;
  /** Called on becoming leader; `signal` aborts when leadership ends. When its promise settles before that, leadership is given up. */
  onStarted: (signal: AbortSignal) => Promise<void>;
  /** Called after each leadership, when the promise of onStarted has settled or the lease has run out. */
  onStopped?: () => void | Promise<void>;
  clock?: Clock;
  logger?: Logger;
  metrics?: KubeMetrics;
  /** 0 ≤ value < 1, for the jitter. */
  random?: () => number;
}

const defaults = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 };

export class LeaderElector {
  readonly #options: LeaderElectionOptions & typeof defaults;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: KubeMetrics;
  readonly #observation = new LeaseObservation();
  /** The lease as last read or written; undefined when it has to be read. */
  #lease: Lease | undefined;
  #leading = false;
  /** When the request of the last successful renewal was sent. Others see its effect later, so they wait longer than we act. */
  #renewedAt = 0;
  #seenLeader = "";
  /** The failure that lasts: it is told once. */
  #complaint = "";
  #started = false;

  /** Throws when the three times are not in order. */
  constructor(options: LeaderElectionOptions) {
    const times = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as LeaderElectionOptions;
    this.#options = { ...defaults, ...times };
    const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = this.#options;
    if (!(retryPeriodMs > 0 && retryPeriodMs < renewDeadlineMs && renewDeadlineMs < leaseDurationMs)) {
      throw new RangeError("leader election needs retry period < renew deadline < lease duration");
    }
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#metrics = options.metrics ?? noMetrics;
    this.#measure();
  }

  /** Whether this process leads now, by its own monotonic clock. */
  isLeader(): boolean {
    return this.#leading && this.#untilDemotionMs > 0;
  }

  /** Identity of the leader that was seen last; "" if none. */
  leader(): string {
    return this.#seenLeader;
  }

  /** Stands for election until `signal` aborts, again and again; then releases the lease and resolves. Throws when called twice. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#started) throw new Error("leader election was started before");
    this.#started = true;
    while (!signal.aborted) {
      if (await this.#tryHold(signal, this.#requestLimitMs)) await this.#lead(signal);
      // Up to 2.2 times the period, so that candidates do not keep meeting each other. Also after leading: another may do better.
      await sleep(this.#clock, this.#options.retryPeriodMs * (1 + 1.2 * (this.#options.random ?? Math.random)()), signal);
    }
  }

  /** A try that hangs must leave time for another one before the deadline. */
  get #requestLimitMs(): number {
    return this.#options.renewDeadlineMs / 2;
  }

  get #untilDemotionMs(): number {
    return Math.max(0, this.#renewedAt + this.#options.renewDeadlineMs - this.#clock.now());
  }

  /** Takes or renews the lease if nobody else holds it, within `limitMs`. Never throws. */
  async #tryHold(signal: AbortSignal, limitMs: number): Promise<boolean> {
    const deadline = new Deadline(this.#clock, limitMs, signal);
    try {
      const holds = await deadline.race(this.#hold(deadline.signal));
      if (this.#complaint) this.#logger.info({ lease: this.#options.lease.name }, "the lease can be read and written again");
      this.#complaint = "";
      return holds;
    } catch (error) {
      // Also after a time-out: the write may have been done, so the version is unknown.
      this.#lease = undefined;
      if (!signal.aborted) this.#logFailure(error);
      return false;
    } finally {
      deadline.dispose();
    }
  }

  async #hold(signal: AbortSignal): Promise<boolean> {
    const lease = this.#lease ?? (await this.#read(signal));
    const sentAt = this.#clock.now();
    const { identity, leaseDurationMs } = this.#options;
    if (this.#observation.isHeldByOther(lease?.spec, identity, leaseDurationMs, sentAt)) {
      this.#lease = undefined;
      return false;
    }
    const spec = heldBy(identity, leaseDurationMs, lease?.spec, this.#clock.wallNow());
    const written = await this.#write(lease ? withSpec(lease, spec) : newLease(this.#options.lease, spec), signal);
    if (signal.aborted) throw new KubeError("Aborted", "the lease was written too late");
    this.#renewedAt = sentAt;
    this.#lease = written;
    this.#observe(written);
    return true;
  }

  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    const lease = await this.#options.client.find<Lease>(leases, this.#options.lease, { signal });
    if (!signal.aborted) this.#observe(lease);
    return lease;
  }

  #write(lease: Lease, signal: AbortSignal): Promise<Lease> {
    const { client } = this.#options;
    // Not the identity: the API server takes at most 128 characters, and each process would be one manager more.
    const options = { signal, fieldManager: this.#options.lease.name };
    return lease.metadata.resourceVersion ? client.replace<Lease>(leases, lease, options) : client.create<Lease>(leases, lease, options);
  }

  #observe(lease: Lease | undefined): void {
    this.#observation.observe(lease?.spec, this.#clock.now());
    const holder = lease?.spec?.holderIdentity ?? "";
    if (holder === this.#seenLeader) return;
    this.#seenLeader = holder;
    if (holder === "") return;
    this.#logger.info({ leader: holder, lease: this.#options.lease.name }, "leader elected");
  }

  /** Leads until `signal` aborts, the work ends, or the lease is lost. */
  async #lead(signal: AbortSignal): Promise<void> {
    this.#leading = true;
    this.#measure();
    const term = new AbortController();
    const workEnded = new AbortController();
    const work = this.#work(term.signal).finally(() => workEnded.abort());
    const isLost = await this.#keepRenewing(AbortSignal.any([signal, workEnded.signal]));
    term.abort();
    const workIsDone = await this.#endsInTime(work);
    this.#leading = false;
    this.#measure();
    await this.#callOnStopped();
    if (isLost) this.#logger.warn({ lease: this.#options.lease.name }, "leadership lost");
    else if (workIsDone) await this.#release();
    // Without a release the others wait for the end of the lease. Standing again while the old work runs would make two leaders of one process.
    if (!signal.aborted) await work;
  }

  /** Renews until `stop` aborts (false), or until the renew deadline passes or somebody else holds the lease (true). */
  async #keepRenewing(stop: AbortSignal): Promise<boolean> {
    for (;;) {
      await sleep(this.#clock, Math.min(this.#options.retryPeriodMs, this.#untilDemotionMs), stop);
      if (stop.aborted) return false;
      const leftMs = this.#untilDemotionMs;
      if (leftMs === 0) return true;
      if (!(await this.#tryHold(stop, Math.min(leftMs, this.#requestLimitMs))) && this.#isTakenOver) return !stop.aborted;
    }
  }

  get #isTakenOver(): boolean {
    return this.#seenLeader !== this.#options.identity;
  }

  /** Never rejects. */
  async #work(signal: AbortSignal): Promise<void> {
    try {
      await this.#options.onStarted(signal);
    } catch (error) {
      const isTheEnd = signal.aborted && isKubeError(error, "Aborted");
      if (!isTheEnd) this.#logger.error({ error }, "the leader's work failed");
    }
  }

  /** Whether `work` ends before another may take the lease. */
  async #endsInTime(work: Promise<void>): Promise<boolean> {
    const leftMs = Math.max(0, this.#renewedAt + this.#options.leaseDurationMs - this.#clock.now());
    const over = new AbortController();
    const tooLate = sleep(this.#clock, leftMs, over.signal).then(() => over.signal.aborted);
    const inTime = await Promise.race([work.then(() => true), tooLate]);
    over.abort();
    if (!inTime) this.#logger.error({ lease: this.#options.lease.name }, "the leader's work did not end in time");
    return inTime;
  }

  async #callOnStopped(): Promise<void> {
    try {
      await this.#options.onStopped?.();
    } catch (error) {
      this.#logger.error({ error }, "the callback after the end of a leadership failed");
    }
  }

  /** Gives the lease back if it is still ours. Never throws: if it fails, the lease runs out. */
  async #release(): Promise<void> {
    const deadline = new Deadline(this.#clock, this.#requestLimitMs);
    try {
      await deadline.race(this.#giveBack(deadline.signal));
    } catch (error) {
      this.#logger.warn({ lease: this.#options.lease.name, error }, "leadership could not be released");
    } finally {
      deadline.dispose();
      this.#lease = undefined;
    }
  }

  async #giveBack(signal: AbortSignal): Promise<void> {
    const lease = await this.#read(signal);
    if (lease?.spec?.holderIdentity !== this.#options.identity) return;
    await this.#write(withSpec(lease, released(lease.spec, this.#clock.wallNow())), signal);
    this.#logger.info({ lease: this.#options.lease.name }, "leadership released");
  }

  #logFailure(error: unknown): void {
    const fields = { lease: this.#options.lease.name, error };
    // Another candidate was quicker: that is what the guard is for.
    if (isKubeError(error, "Conflict", "AlreadyExists")) this.#logger.debug(fields, "the lease was written by another");
    else this.#complain(fields, String(error));
  }

  #complain(fields: object, complaint: string): void {
    if (complaint === this.#complaint) this.#logger.debug(fields, "the lease still cannot be read or written");
    else this.#logger.warn(fields, "the lease could not be read or written");
    this.#complaint = complaint;
  }

  #measure(): void {
    this.#metrics.leader.set({ name: this.#options.lease.name }, this.#leading ? 1 : 0);
  }
}
