import assert from "node:assert/strict";
import { test } from "node:test";
import type { VirtualIPStatus } from "../../../src/api/virtualIP.ts";
import { activeDownInterval, protocolBound, skewTime, standing, takeoverBound } from "../../e2e/bounds.ts";

test("Skew_Time of version 3 is a fraction of the interval, of version 2 of a second", () => {
  assert.equal(skewTime(244, 100), 4.6875);
  assert.equal(skewTime(100, 1000), 609.375);
  assert.equal(skewTime(254, 10), 0.078125);
  assert.equal(skewTime(100, 5000, 2), 609.375);
});

test("Active_Down_Interval is three intervals and the skew", () => {
  assert.equal(activeDownInterval(100, 1000), 3609.375);
  assert.equal(activeDownInterval(100, 10), 36.09375);
  assert.equal(activeDownInterval(100, 5000, 2), 15609.375);
});

test("a MASTER that resigns is followed after the skew, a silent one after the down interval", () => {
  assert.equal(protocolBound("resigns", 244, 100), 4.6875);
  assert.equal(protocolBound("falls silent", 244, 100), 304.6875);
  assert.equal(takeoverBound("resigns", 244, 100), 19.6875);
  assert.equal(takeoverBound("falls silent", 244, 100), 314.6875);
});

const status: VirtualIPStatus = {
  activeNode: "n1",
  virtualRouterID: 7,
  advertisementInterval: "100ms",
  nodes: [
    { name: "n1", priority: 254, v4: "MASTER", v6: "MASTER" },
    { name: "n2", priority: 244, v4: "BACKUP", v6: "FAULT" },
    { name: "n3", priority: 234, v4: "BACKUP", v6: "BACKUP" },
    { name: "n4", priority: 224, v4: "BACKUP", v6: "BACKUP" },
  ],
};

test("the successor is the best node that is BACKUP in every family", () => {
  assert.deepEqual(standing(status), {
    active: "n1",
    activePriority: 254,
    successor: "n3",
    successorPriority: 234,
    intervalMs: 100,
    virtualRouterID: 7,
  });
});

test("there is no standing while nobody is active or nobody stands by", () => {
  assert.equal(standing({ ...status, activeNode: undefined }), undefined);
  assert.equal(standing({ ...status, nodes: status.nodes?.slice(0, 2) }), undefined);
  assert.equal(standing({ ...status, nodes: [...(status.nodes ?? []).slice(0, 1), { name: "n9", priority: 9 }] }), undefined);
  assert.equal(standing({ ...status, advertisementInterval: undefined }), undefined);
});
