import assert from "node:assert/strict";
import { test } from "node:test";
import { type Advert, findTakeover, masters, successions } from "../../support/takeover.ts";

const election = { family: "IPv4", virtualRouterID: 7 } as const;
const advert = (atMs: number, source: string, priority: number, more: Partial<Advert> = {}): Advert => ({
  atNs: BigInt(atMs) * 1_000_000n,
  family: "IPv4",
  source,
  virtualRouterID: 7,
  version: 3,
  priority,
  discard: "",
  ...more,
});

test("a takeover lasts from the last advert of the old MASTER to the first of the new one", () => {
  const adverts = [advert(0, "a", 254), advert(100, "a", 254), advert(405, "b", 244), advert(505, "b", 244)];
  assert.deepEqual(findTakeover(adverts, election, 120_000_000n), { from: "a", to: "b", atNs: 405_000_000n, durationMs: 305 });
});

test("a farewell counts as the last advert of the old MASTER, and never as the first of a new one", () => {
  const adverts = [advert(0, "a", 254), advert(50, "a", 0), advert(52, "c", 0), advert(55, "b", 244)];
  assert.equal(findTakeover(adverts, election, 40_000_000n)?.durationMs, 5);
});

test("adverts that were sent between the disturbance and the end of the old MASTER belong to it", () => {
  const adverts = [advert(0, "a", 254), advert(100, "a", 254), advert(400, "b", 244)];
  assert.equal(findTakeover(adverts, election, 90_000_000n)?.durationMs, 300);
});

test("other families and virtual routers do not count", () => {
  const adverts = [
    advert(0, "a", 254),
    advert(10, "b", 244, { family: "IPv6" }),
    advert(20, "b", 244, { virtualRouterID: 8 }),
    advert(30, "b", 244),
  ];
  assert.equal(findTakeover(adverts, election, 5_000_000n)?.durationMs, 30);
});

test("without a successor there is no takeover", () => {
  assert.equal(findTakeover([advert(0, "a", 254), advert(100, "a", 254)], election, 50_000_000n), undefined);
  assert.equal(findTakeover([advert(100, "b", 244)], election, 50_000_000n), undefined);
});

test("the MASTERs of a time are those that advert then", () => {
  const adverts = [advert(0, "a", 254), advert(100, "b", 244), advert(150, "c", 0), advert(200, "a", 254)];
  assert.deepEqual(masters(adverts, election, 50_000_000n), ["b", "a"]);
  assert.deepEqual(masters(adverts, election, 120_000_000n), ["a"]);
});

test("one takes over from the other: a last advert that crosses the first of the next is no takeover, a later one is", () => {
  const taken = [advert(0, "a", 254), advert(100, "a", 254), advert(400, "b", 244), advert(401, "a", 254), advert(402, "a", 0)];
  assert.deepEqual(successions(taken, election, 25), ["a", "b"]);
  assert.deepEqual(successions([...taken, advert(500, "b", 244), advert(550, "a", 254)], election, 25), ["a", "b", "a"]);
  assert.deepEqual(successions([advert(0, "c", 0), advert(1, "a", 1, { family: "IPv6" })], election, 25), []);
});
