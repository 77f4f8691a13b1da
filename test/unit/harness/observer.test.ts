import assert from "node:assert/strict";
import { test } from "node:test";
import { isLastingDoubleAnswer, longestDoubleAnswerMs, longestOutageMs, parseObservation } from "../../support/observer.ts";

const address = "198.51.100.200";
const outage = (by: "echo" | "arp", fromNs: number, toNs: number) => ({
  type: "outage",
  by,
  address,
  fromNs,
  toNs,
  lost: 3,
  openStart: false,
  openEnd: false,
});
const records = (more: object[], dropped = 0) =>
  [
    { type: "start", version: 1, timeNs: 1_000_000, interface: "eth0", mac: "02:00:00:00:00:01", realTime: true },
    ...more,
    { type: "end", timeNs: 900_000_000, ticks: 900, missedTicks: 0, maxLatenessNs: 1000, dropped },
  ]
    .map((record) => `${JSON.stringify(record)}\n`)
    .join("");

test("an advert keeps the kernel's time and tells its family by its source", () => {
  const advert = {
    type: "advert",
    timeNs: 5_000_000,
    source: "fe80::1",
    destination: "ff02::12",
    mac: "02:00:00:00:00:02",
    version: 3,
    virtualRouterID: 7,
    priority: 254,
    intervalMs: 100,
    addresses: 1,
    ttl: 255,
    discard: "",
  };
  assert.deepEqual(parseObservation(records([advert]))?.adverts, [
    { atNs: 5_000_000n, family: "IPv6", source: "fe80::1", virtualRouterID: 7, version: 3, priority: 254, discard: "" },
  ]);
});

test("the longest outage is that of the pings, and of what was not over when it began to count", () => {
  const text = records([outage("echo", 0, 90_000_000), outage("echo", 300_000_000, 310_500_000), outage("arp", 300_000_000, 400_000_000)]);
  const observation = parseObservation(text);
  assert(observation);
  assert.equal(longestOutageMs(observation, address, 100_000_000n), 10.5);
  assert.equal(longestOutageMs(observation, address, 0n), 90);
  assert.equal(longestOutageMs(observation, "198.51.100.201", 0n), 0);
});

test("a double answer that ends with the observation is a lasting one", () => {
  const double = (fromNs: number, toNs: number) => ({ type: "doubleAnswer", address, fromNs, toNs, questions: 9, macs: ["a", "b"] });
  const brief = parseObservation(records([double(100_000_000, 120_000_000)]));
  const lasting = parseObservation(records([double(100_000_000, 899_000_000)]));
  assert(brief && lasting);
  assert.equal(longestDoubleAnswerMs(brief, address, 0n), 20);
  assert.equal(isLastingDoubleAnswer(brief, address), false);
  assert.equal(isLastingDoubleAnswer(lasting, address), true);
});

test("an observation without an end, or with lost packets, is none", () => {
  assert.equal(parseObservation(records([], 4)), undefined);
  assert.equal(parseObservation(records([]).split("\n").slice(0, 1).join("\n")), undefined);
});
