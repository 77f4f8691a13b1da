import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSweep } from "../../../bench/vrrp/sweep.ts";
import { type AdvertTally, announcedNs, parseTally, type Reign, successionOf } from "../../../bench/vrrp/tally.ts";

const ms = (milliseconds: number) => BigInt(Math.round(milliseconds * 1e6));
const reign = (who: string, firstMs: number, lastMs: number): Reign => ({
  who,
  firstNs: ms(firstMs),
  lastNs: ms(lastMs),
  count: 2,
  gapP50Us: 0,
  gapP99Us: 0,
  gapMaxUs: 0,
});
const tally = (reigns: Reign[], changes = reigns.length - 1): AdvertTally => ({
  type: "adverts",
  family: "IPv4",
  virtualRouterID: 1,
  changes,
  resignations: 0,
  reigns,
});
const succession = (reigns: Reign[], changes?: number) => successionOf(tally(reigns, changes), "a", "b", ms(1000));

test("a clean takeover is one change, from the leader's last advert to the follower's first", () => {
  const { takeoverMs, flapsBefore, flapsAfter, lastNs, followedNs } = succession([reign("a", 0, 995), reign("b", 1030, 2000)]);
  assert.deepEqual({ takeoverMs, flapsBefore, flapsAfter }, { takeoverMs: 35, flapsBefore: 0, flapsAfter: 0 });
  assert.deepEqual([lastNs, followedNs], [ms(995), ms(1030)]);
});

test("two actives before the fault are flaps before it, also those that were not kept", () => {
  const reigns = [reign("a", 0, 500), reign("b", 510, 510), reign("a", 515, 995), reign("b", 1030, 2000)];
  assert.equal(succession(reigns).flapsBefore, 2);
  assert.equal(succession(reigns, 41).flapsBefore, 40);
});

test("who goes back and forth after the fault flaps, and the first takeover counts", () => {
  const { takeoverMs, flapsAfter } = succession([
    reign("a", 0, 995),
    reign("b", 1030, 1040),
    reign("a", 1041, 1042),
    reign("b", 1050, 2000),
  ]);
  assert.deepEqual({ takeoverMs, flapsAfter }, { takeoverMs: 35, flapsAfter: 2 });
});

test("a follower that does not follow never takes over", () => {
  assert.equal(succession([reign("a", 0, 995)]).takeoverMs, Number.POSITIVE_INFINITY);
  assert.equal(succession([reign("a", 0, 500), reign("b", 510, 600), reign("a", 601, 995)]).takeoverMs, Number.POSITIVE_INFINITY);
});

test("an announcement counts once its owner has gone", () => {
  const announcements = { type: "announcements" as const, address: "10.0.0.1", changes: 2 };
  const reigns = [reign("m2", 10, 20), reign("m1", 30, 900), reign("m2", 1031, 1300)];
  assert.equal(announcedNs({ ...announcements, reigns }, "m2", ms(1000)), ms(1031));
  assert.equal(announcedNs({ ...announcements, reigns: reigns.slice(0, 2) }, "m2", ms(1000)), undefined);
});

const advertsLine = JSON.stringify({ type: "adverts", family: "IPv6", virtualRouterID: 7, changes: 0, resignations: 1, reigns: [] });
const endLine = (dropped: number) => JSON.stringify({ type: "end", timeNs: 5, discarded: 0, dropped });

test("records without an end, or with losses, are no tally", () => {
  assert.equal(parseTally('{"type":"start"}\n'), undefined);
  assert.equal(parseTally(`${advertsLine}\n${endLine(1)}\n`), undefined);
  assert.deepEqual(
    parseTally(`${advertsLine}\n${endLine(0)}\n`)?.adverts.map(({ virtualRouterID }) => virtualRouterID),
    [7],
  );
});

test("a sweep knows which addresses were answered for, and when", () => {
  const claim = (address: string, answeredNs: number) => JSON.stringify({ type: "claim", address, announcedNs: 0, answeredNs });
  const end = JSON.stringify({ type: "end", asked: 9, open: 1, dropped: 0 });
  const sweep = parseSweep([claim("10.0.0.1", 77), claim("10.0.0.2", 0), end].join("\n"));
  assert.equal(sweep?.open, 1);
  assert.deepEqual([...(sweep?.answeredNs ?? [])], [["10.0.0.1", 77n]]);
});
