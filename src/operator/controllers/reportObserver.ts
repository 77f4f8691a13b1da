/**
 * Tells which agents no longer report. No clocks of two machines are compared: what counts is when this process saw a report change,
 * and that the watch has brought something since, so that a watch that hangs makes nobody look dead.
 */

interface Seen {
  lastReportTime: string;
  /** Monotonic ms. */
  at: number;
}

export interface Liveness {
  /** When this process saw the newest report, in monotonic ms. */
  reportedAt: number;
  silent: boolean;
}

export class ReportObserver {
  readonly #silenceMs: number;
  readonly #seen = new Map<string, Seen>();

  /** An agent that has not reported for `silenceMs` is silent. Its heartbeat comes every 30 s. */
  constructor(silenceMs: number) {
    this.#silenceMs = silenceMs;
  }

  /** `heardAt`: when the watch last brought anything, a bookmark included, in monotonic ms. */
  observe(agent: string, lastReportTime: string, now: number, heardAt: number): Liveness {
    const before = this.#seen.get(agent);
    const seen = before?.lastReportTime === lastReportTime ? before : { lastReportTime, at: now };
    this.#seen.set(agent, seen);
    return { reportedAt: seen.at, silent: Math.min(now, heardAt) - seen.at >= this.#silenceMs };
  }

  /** Forgets agents that no longer exist. */
  retain(agents: ReadonlySet<string>): void {
    for (const agent of this.#seen.keys()) if (!agents.has(agent)) this.#seen.delete(agent);
  }
}
