/** A failover under load: what becomes of connections, idle and busy, over every way of forwarding and both families, and of new ones. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Outage } from "./crowdHost.ts";
import type { Pair } from "./pair.ts";
import { type Forwarding, families, ports, virtualAddresses } from "./trafficLan.ts";

const busyEveryMs = 1000;
const knockEveryMs = 10;
/** For what a failover leaves behind to show. */
const aftermathMs = 1000;

/** Opens `each` idle connections and as many busy ones by every way. */
export async function gather(pair: Pair, ways: readonly Forwarding[], each: number): Promise<void> {
  for (const way of ways) {
    for (const family of families) {
      for (const kind of ["idle", "busy"] as const) {
        const target = { address: virtualAddresses[way][family], port: ports.virtual };
        const busy = kind === "busy" ? { busyEveryMs } : {};
        const opened = await pair.crowd.ask({ do: "gather", group: `${way} ${family} ${kind}`, count: each, ...busy, ...target });
        assert.equal(opened, each, `${way} over ${family}`);
      }
    }
  }
}

/** How long nobody gets a new connection while `failover` goes on, which resolves when the other director has taken over. */
export async function outageOf(pair: Pair, failover: () => Promise<unknown>): Promise<Outage> {
  await pair.knocker.ask({ do: "knock", everyMs: knockEveryMs, address: virtualAddresses.DR.IPv4, port: ports.virtual });
  await sleep(500);
  await failover();
  await sleep(aftermathMs);
  return pair.knocker.ask({ do: "knocked" });
}

/** Nobody waits longer than that for a new connection. What happened when stands in the message. */
export function assertWithin(outage: Outage, mostMs: number, pair: Pair): void {
  const changes = pair.agents.flatMap((agent) =>
    agent.changes("edge/IPv4").map(({ to, changedAt }) => `${agent.node} ${to} at ${Date.parse(changedAt ?? "")}`),
  );
  assert.ok(outage.outageMs <= mostMs, `no new connection for ${outage.outageMs} ms: ${JSON.stringify(outage)}; ${changes.join(", ")}`);
}

/** By what they are of: how many were lost. {} is how it should be. */
export async function lost(pair: Pair): Promise<Record<string, number>> {
  const counted = Object.entries(await pair.crowd.ask({ do: "count" }));
  assert.ok(counted.length > 0, "there are no connections");
  return Object.fromEntries(counted.flatMap(([group, { opened, alive }]) => (alive === opened ? [] : [[group, opened - alive]])));
}

export const disperse = (pair: Pair) => pair.crowd.ask({ do: "disperse" });
