/** One of two directors fails: established connections go on, idle ones too, and new ones wait no longer than VRRP itself does. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { activeDownMs, forwardings, Pair, type PairSettings } from "./pair.ts";
import { assertWithin, disperse, gather, lost, outageOf } from "./pairDrill.ts";

/** Of each kind, way and family: the bar is one of a thousand, so none of these may be lost. */
const each = 15;
/** What the machine may add to what the protocol takes. */
const slackMs = 50;

/** Nobody takes the addresses back, so that the tests need not wait for it: they act on whoever is active. */
const withServers = (...servers: number[]): PairSettings => ({
  services: forwardings.map((forwarding) => ({ forwarding, servers })),
  config: { ipvs: { sync: { id: 7 } } },
  vrrp: { preempt: false },
});

describe("a director fails", () => {
  let pair: Pair;

  before(async () => {
    pair = await Pair.create(4);
    await pair.startBoth(withServers(0, 1, 2));
  });
  after(() => pair?.destroy());
  afterEach(() => disperse(pair));

  test("kill -9, five seconds after a real server was added", async () => {
    await gather(pair, forwardings, each);
    pair.reload(withServers(0, 1, 2, 3));
    await sleep(5000);
    await gather(pair, forwardings, each);
    const outage = await outageOf(pair, async () => {
      await pair.agent(0).process.kill();
      await pair.holds(1);
    });
    assert.deepEqual(await lost(pair), {});
    assertWithin(outage, activeDownMs + slackMs, pair);
    await pair.start(0, withServers(0, 1, 2, 3));
  });

  test("SIGSTOP, and SIGCONT", async () => {
    await gather(pair, forwardings, each);
    const stopped = pair.agent(1).process;
    const outage = await outageOf(pair, async () => {
      stopped.signal("SIGSTOP");
      await pair.holds(0);
    });
    assert.deepEqual(await lost(pair), {});
    assertWithin(outage, activeDownMs + slackMs, pair);
    stopped.signal("SIGCONT");
    await pair.becomes(1, "BACKUP");
    assert.deepEqual(await lost(pair), {}, "after it goes on");
  });

  test("link cut, and back", async () => {
    await gather(pair, forwardings, each);
    const node = pair.name(0);
    const cut = await pair.bed.lan.prepareCut(node);
    const outage = await outageOf(pair, async () => {
      await cut();
      await pair.holds(1);
    });
    assert.deepEqual(await lost(pair), {});
    assertWithin(outage, activeDownMs + slackMs, pair);
    // Both are MASTER now, and the first one has the higher priority.
    await pair.bed.lan.heal(node);
    await pair.becomes(1, "BACKUP");
    assert.deepEqual(await lost(pair), {}, "after the link is back");
  });
});
