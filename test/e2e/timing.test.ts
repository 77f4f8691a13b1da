/** What Aloft promises about time, on an idle LAN: the narrowest interval, and adverts that no JavaScript delays. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { measureLateness, situations } from "../../bench/latenessTrial.ts";
import { priorities, runTrial } from "../../bench/trial.ts";
import { Lan } from "../support/lan.ts";
import { activeDownInterval } from "./bounds.ts";

const intervalMs = 10;

describe("at the narrowest interval of 10 ms", () => {
  let lan: Lan;
  before(async () => {
    lan = await Lan.create({ nodes: 2 });
  });
  after(() => lan.destroy());

  for (const family of ["IPv4", "IPv6"] as const) {
    test(`a node that is killed is followed within Active_Down and 2 ms over ${family}`, async () => {
      const trial = await runTrial(lan, { make: "aloft", scenario: "kill", intervalMs, family, phase: Math.random() });
      const boundMs = activeDownInterval(priorities.follower, intervalMs) + 2;
      assert(trial.takeoverMs !== undefined, "nobody followed");
      assert(trial.takeoverMs <= boundMs, `it took ${trial.takeoverMs} ms, the bound is ${boundMs} ms`);
    });
  }

  test("adverts are on time while JavaScript is blocked and all cores are busy", async () => {
    const [situation] = situations.filter(({ mode, hogs }) => mode === "blocked" && hogs > 0);
    assert(situation);
    const { core, wire, advertsSent } = await measureLateness(lan, situation, intervalMs, 5);
    assert(advertsSent >= 495, `only ${advertsSent} adverts in 5 s`);
    assert((core.p99 ?? Infinity) < 1000, `the core's p99 is ${core.p99} µs`);
    assert((wire.p99 ?? Infinity) < 1000, `the p99 on the wire is ${wire.p99} µs`);
  });
});
