/** How late the adverts of the native core are in one situation, by its own histogram and on the wire. */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Lan } from "../test/support/lan.ts";
import { Observer } from "../test/support/observer.ts";
import { advertsOf } from "../test/support/takeover.ts";
import type { DriverReport } from "./coreDriver.ts";
import { excessUs, histogramQuantile, quantile } from "./histogram.ts";

const driver = fileURLToPath(new URL("coreDriver.ts", import.meta.url));

export const situations = [
  { title: "idle", mode: "idle", hogs: 0 },
  { title: "JavaScript blocked", mode: "blocked", hogs: 0 },
  { title: "all cores busy", mode: "idle", hogs: availableParallelism() },
  { title: "JavaScript blocked, all cores busy", mode: "blocked", hogs: availableParallelism() },
] as const;

export type Situation = (typeof situations)[number];

interface Quantiles {
  p50: number | undefined;
  p99: number | undefined;
  max: number | undefined;
}

export interface LatenessResult {
  title: string;
  advertsSent: number;
  realTime: boolean;
  /** `wakeup − deadline` by the core's histogram, in µs: upper bounds of buckets, but for the maximum. */
  core: Quantiles;
  /** Gap between adverts on the wire beyond the interval, in µs. */
  wire: Quantiles;
}

/** Runs the core on n1 of a LAN for `seconds`. */
export async function measureLateness(lan: Lan, situation: Situation, intervalMs: number, seconds: number): Promise<LatenessResult> {
  const hogs = Array.from({ length: situation.hogs }, (_, index) =>
    lan.spawn("client", `hog-${index}`, ["sh", "-c", "while :; do :; done"]),
  );
  try {
    const observer = await Observer.start(lan, []);
    const program = [process.execPath, driver, String(intervalMs), String(seconds), situation.mode];
    const said = await lan.exec("n1", program, { timeoutMs: (seconds + 30) * 1000 });
    const { adverts } = await observer.stop();
    const report = JSON.parse(said) as DriverReport;
    const running = advertsOf(adverts, { family: "IPv4", virtualRouterID: 51 }).filter(({ priority }) => priority > 0);
    const measured = running.slice(-report.advertsSent).map(({ atNs }) => atNs);
    const excess = excessUs(measured, intervalMs);
    return {
      title: situation.title,
      advertsSent: report.advertsSent,
      realTime: report.realTime.granted,
      core: { p50: histogramQuantile(report.lateness, 0.5), p99: histogramQuantile(report.lateness, 0.99), max: report.lateness.maxUs },
      wire: { p50: quantile(excess, 0.5), p99: quantile(excess, 0.99), max: quantile(excess, 1) },
    };
  } finally {
    await Promise.all(hogs.map((hog) => hog.kill()));
  }
}
