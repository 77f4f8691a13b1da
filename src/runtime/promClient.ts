/**
 * The four classes of prom-client that Aloft uses, from their own files: the package's index also loads its push gateway, cluster and
 * summary parts, which cost each agent 18 MB of memory.
 */
import { createRequire } from "node:module";
import type * as PromClient from "prom-client";

const load = createRequire(import.meta.url);

export const Registry: typeof PromClient.Registry = load("prom-client/lib/registry");
export const Counter: typeof PromClient.Counter = load("prom-client/lib/counter");
export const Gauge: typeof PromClient.Gauge = load("prom-client/lib/gauge");
export const Histogram: typeof PromClient.Histogram = load("prom-client/lib/histogram");
