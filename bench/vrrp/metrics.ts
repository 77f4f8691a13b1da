/** An agent's metrics, read inside its node. */
import type { Lan } from "../../test/support/lan.ts";
import type { Lateness } from "../coreDriver.ts";

export function scrape(lan: Lan, node: string): Promise<string> {
  const program = "process.stdout.write(await (await fetch('http://127.0.0.1:9105/metrics')).text())";
  return lan.exec(node, [process.execPath, "--input-type=module", "-e", program]);
}

/** The histogram of the core's timers; undefined when the text has none. Pure. */
export function latenessOf(text: string): Lateness | undefined {
  const buckets = [...text.matchAll(/^aloft_vrrp_timer_lateness_seconds_bucket\{le="([^"]+)"\} (\S+)$/gm)];
  if (buckets.length === 0) return undefined;
  const boundsUs = buckets.map(([, bound]) => (bound === "+Inf" ? Number.POSITIVE_INFINITY : Number(bound) * 1e6));
  const sum = /^aloft_vrrp_timer_lateness_seconds_sum (\S+)$/m.exec(text)?.[1];
  return { boundsUs, counts: buckets.map(([, , count]) => Number(count)), sumUs: Number(sum ?? 0) * 1e6, maxUs: Number.POSITIVE_INFINITY };
}

/** What came between two scrapes. Pure. */
export function latenessBetween(before: string, after: string): Lateness | undefined {
  const [first, second] = [latenessOf(before), latenessOf(after)];
  if (!first || !second) return undefined;
  const counts = second.counts.map((count, index) => count - (first.counts[index] ?? 0));
  return { ...second, counts, sumUs: second.sumUs - first.sumUs };
}
