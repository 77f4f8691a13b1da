import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMappings } from "../../../bench/vrrp/cost.ts";
import { latenessBetween, latenessOf } from "../../../bench/vrrp/metrics.ts";

test("mappings are read with their path and what of them is resident", () => {
  const text = `00400000-00500000 r-xp 00000000 08:01 42                       /usr/bin/node
Size:               1024 kB
Rss:                 500 kB
7ffd0000-7ffe0000 rw-p 00000000 00:00 0
Rss:                1000 kB
7fff0000-7fff1000 rw-p 00000000 00:00 0                          [stack]
Rss:                   0 kB
`;
  assert.deepEqual(parseMappings(text), [
    { path: "/usr/bin/node", residentMB: 0.512 },
    { path: "", residentMB: 1.024 },
    { path: "[stack]", residentMB: 0 },
  ]);
});

const scrape = (few: number, all: number) => `# TYPE aloft_vrrp_timer_lateness_seconds histogram
aloft_vrrp_timer_lateness_seconds_bucket{le="0.00005"} ${few}
aloft_vrrp_timer_lateness_seconds_bucket{le="+Inf"} ${all}
aloft_vrrp_timer_lateness_seconds_sum ${all / 1e4}
aloft_vrrp_timer_lateness_seconds_count ${all}
`;

test("the core's histogram is read from the metrics, in microseconds", () => {
  const lateness = latenessOf(scrape(3, 4));
  assert.deepEqual(lateness?.boundsUs.map(Math.round), [50, Number.POSITIVE_INFINITY]);
  assert.deepEqual(lateness?.counts, [3, 4]);
  assert.equal(latenessOf("aloft_gate_active 1\n"), undefined);
});

test("between two scrapes is what came since", () => {
  assert.deepEqual(latenessBetween(scrape(3, 4), scrape(10, 14))?.counts, [7, 10]);
  assert.equal(latenessBetween("", scrape(1, 1)), undefined);
});
