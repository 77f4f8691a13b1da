import assert from "node:assert/strict";
import { test } from "node:test";
import { sightOf } from "../../cluster/serviceFleet.ts";
import type { Observation } from "../../support/observer.ts";

const [one, two] = ["192.0.2.1", "192.0.2.2"];
const span = (address: string, fromMs: number, toMs: number) => ({
  address,
  fromNs: BigInt(fromMs) * 1_000_000n,
  toNs: BigInt(toMs) * 1_000_000n,
});
const unanswered = (address: string, fromMs: number, toMs: number) =>
  ({ type: "outage", by: "arp", lost: 1, openStart: false, openEnd: false, ...span(address, fromMs, toMs) }) as const;
const nothing: Observation = {
  startNs: 0n,
  endNs: 9_000_000_000n,
  adverts: [],
  announcements: [],
  owners: [],
  outages: [],
  unanswered: [],
  doubleAnswers: [],
  summaries: [],
};

test("of each Service the longest silence counts, of owners what was before the return, and every double answer", () => {
  const asking = {
    asked: 9,
    lost: 3,
    mute: [],
    silences: [
      { address: one, fromMs: 0, toMs: 20 },
      { address: one, fromMs: 100, toMs: 400 },
      { address: two, fromMs: 100, toMs: 2600 },
    ],
  };
  const look = { atLoss: asking, atReturn: { ...asking, silences: [] }, lookedUntilNs: 600_000_000n };
  const doubleAnswers = [{ type: "doubleAnswer" as const, questions: 2, macs: ["a", "b"], ...span(two, 1, 2) }];
  const observation = {
    ...nothing,
    unanswered: [unanswered(one, 100, 390), unanswered(one, 500, 510), unanswered(one, 700, 1700)],
    doubleAnswers,
  };
  assert.deepEqual(sightOf([one, two], look, observation), {
    silentMs: [300, 2500],
    returnSilentMs: [0, 0],
    unownedMs: [290, 0],
    doubleAnswers: 1,
  });
});
