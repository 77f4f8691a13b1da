/** What of the generated objects is written at once, and what bit by bit. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nextGeneration } from "../../../../../src/operator/plan/services/generation.ts";
import { virtualIP, virtualServer } from "../../samples.ts";

const growing = (name: string) => {
  const { spec } = virtualIP(name, { addresses: [{ address: "192.0.2.1" }] });
  return spec ? [{ name, labels: {}, spec }] : [];
};
const server = (name: string, on: string) => {
  const { spec, ...view } = virtualServer(name, { virtualIP: on, ports: [{ port: 80 }], realServers: [] });
  return spec ? [{ ...view, labels: {}, owner: { name, uid: "u" }, spec }] : [];
};
const virtualIPs = {
  apply: growing("moved"),
  grow: [...growing("most"), ...growing("less")],
  remove: [virtualIP("empty", { addresses: [{ address: "192.0.2.9" }] })],
};
const virtualServers = {
  apply: [...server("one", "most"), ...server("two", "less")],
  remove: [virtualServer("old", { virtualIP: "most" })],
  foreign: [],
};

const namesOf = (generation: ReturnType<typeof nextGeneration>) =>
  generation && Object.values(generation).flatMap(({ apply, remove }) => [...apply, ...remove].map(({ name }) => name));

test("generated objects: what moves or goes is written at once", () => {
  assert.deepEqual(namesOf(nextGeneration({ virtualIPs, virtualServers }, false)), ["moved", "empty"]);
});

test("generated objects: VirtualIPs grow one by one, and what is on them comes after that", () => {
  assert.deepEqual(namesOf(nextGeneration({ virtualIPs, virtualServers }, true)), ["moved", "most", "empty", "one", "old"]);
});

test("generated objects: what nobody waits for is no reason to write during the rest", () => {
  const rest = { virtualIPs: { apply: [], grow: virtualIPs.grow, remove: [] }, virtualServers };
  assert.equal(nextGeneration(rest, false), undefined);
});

test("generated objects: one whose write has failed waits alone, and what is on it with it", () => {
  const without = (...failed: string[]) =>
    namesOf(nextGeneration({ virtualIPs, virtualServers }, true, (kind, key) => failed.includes(`${kind} ${key}`)));
  assert.deepEqual(without("VirtualIP most"), ["moved", "less", "empty", "two", "old"]);
  assert.deepEqual(without("VirtualIP moved", "VirtualIP empty", `VirtualServer ${virtualServers.apply[0]?.key}`), ["most", "old"]);
});
