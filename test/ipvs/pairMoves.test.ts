/**
 * Moves that are wanted lose nothing, whatever the scheduler: with rr a director that has not heard of a connection cannot go on with it.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Pair, type PairSettings } from "./pair.ts";
import { assertWithin, disperse, gather, lost, outageOf } from "./pairDrill.ts";
import type { Forwarding } from "./trafficLan.ts";

const each = 15;
const ways: Forwarding[] = ["DR", "NAT"];
const mostMs = 20;
/** How long preemption waits for connections to be told of: src/plan/nodeIpvs.ts. */
const heldMs = 15_000;

const settings: PairSettings = {
  services: ways.map((forwarding) => ({ forwarding, servers: [0, 1, 2], changes: { scheduler: "rr" } })),
  config: { ipvs: { sync: { id: 7 } } },
};
/** The second director is the better one. */
const moved: PairSettings = { ...settings, priorities: [234, 244] };

describe("a director gives way", () => {
  let pair: Pair;

  before(async () => {
    pair = await Pair.create();
    await pair.startBoth(settings);
  });
  after(() => pair?.destroy());

  test("stopped in order: connections go on, those that have just begun, too, and nobody waits for a new one", async () => {
    await gather(pair, ways, each);
    const outage = await outageOf(pair, () => Promise.all([pair.agent(0).process.stop(), pair.holds(1)]));
    assert.deepEqual(await lost(pair), {});
    assertWithin(outage, mostMs, pair);
  });

  test("back again: who returns hears of all connections before it takes over, of those that are silent, too", async () => {
    await gather(pair, ways, each);
    const started = performance.now();
    await pair.start(0, settings);
    await sleep(heldMs - 5000);
    const outage = await outageOf(pair, () => pair.holds(0));
    assert.ok(performance.now() - started >= heldMs, "it waits until it has heard of them");
    assert.deepEqual(await lost(pair), {});
    assertWithin(outage, mostMs, pair);
  });

  test("moved by its priority, and moved back", async () => {
    for (const [plan, holder] of [
      [moved, 1],
      [settings, 0],
    ] as const) {
      await gather(pair, ways, each);
      const outage = await outageOf(pair, async () => {
        pair.reload(plan);
        await pair.holds(holder);
      });
      assert.deepEqual(await lost(pair), {});
      assertWithin(outage, mostMs, pair);
    }
    await disperse(pair);
  });
});
