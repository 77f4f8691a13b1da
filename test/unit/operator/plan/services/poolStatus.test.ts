/** What is written of a pool's status. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AddressPoolStatus } from "../../../../../src/api/addressPoolStatus.ts";
import { poolPatchOf } from "../../../../../src/operator/plan/services/poolStatus.ts";

/** RFC 7386. */
function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const base = typeof target === "object" && target !== null && !Array.isArray(target) ? target : {};
  const changed = Object.entries(patch).map(([key, value]) => [
    key,
    value === null ? undefined : merge(base[key as keyof typeof base], value),
  ]);
  const merged = { ...base, ...Object.fromEntries(changed) };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined));
}

const condition = (type: string, status: "True" | "False") => ({
  type,
  status,
  reason: "Reason",
  message: "",
  lastTransitionTime: "2026-01-01T00:00:00Z",
});
const usage = { total: 2, used: 1, free: 1 };
const plain: AddressPoolStatus = {
  observedGeneration: 1,
  ipv4: usage,
  services: 0,
  conditions: [condition("Accepted", "True")],
  summary: { ipv4: "1/2" },
};
const full: AddressPoolStatus = {
  ...plain,
  observedGeneration: 2,
  ipv6: usage,
  assignments: [{ address: "192.0.2.1", services: ["web/shop"] }],
  summary: { ipv4: "1/2", ipv6: "1/2" },
};

for (const [title, before, after] of [
  ["the first one", {}, full],
  ["what was given is given back, and a family is there no longer", full, plain],
  ["a family and the first address", plain, full],
  ["nothing", full, full],
] satisfies [string, AddressPoolStatus, AddressPoolStatus][]) {
  test(`status of a pool: ${title}`, () => assert.deepEqual(merge(before, poolPatchOf(after, before)), after));
}

test("status of a pool: conditions of others stay", () => {
  const before = { ...plain, conditions: [condition("Audited", "True"), condition("Accepted", "False")] };
  const { conditions } = merge(before, poolPatchOf(plain, before)) as AddressPoolStatus;
  assert.deepEqual(conditions, [condition("Accepted", "True"), condition("Audited", "True")]);
});
