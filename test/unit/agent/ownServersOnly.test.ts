import assert from "node:assert/strict";
import { test } from "node:test";
import type { IpvsService } from "../../../src/agent/native/ipvsState.ts";
import { ownServersOnly } from "../../../src/agent/virtualServers/ownServersOnly.ts";

const service = (...destinations: [address: string, forwarding: "NAT" | "DR" | "TUN", weight: number][]): IpvsService => ({
  key: { family: "IPv4", protocol: "TCP", address: "192.0.2.10", port: 80 },
  scheduler: "mh",
  destinations: destinations.map(([address, forwarding, weight]) => ({ address, port: 80, forwarding, weight })),
});
const weights = (given: IpvsService) =>
  ownServersOnly(given, (address) => address === "192.0.2.1").destinations.map(({ address, weight }) => `${address} ${weight}`);

test("a director that is a real server of DR or TUN schedules what it is sent as a server to itself alone", () => {
  for (const forwarding of ["DR", "TUN"] as const) {
    const given = service(["192.0.2.1", forwarding, 3], ["192.0.2.2", forwarding, 2], ["192.0.2.3", "NAT", 1]);
    assert.deepEqual(weights(given), ["192.0.2.1 3", "192.0.2.2 0", "192.0.2.3 0"]);
  }
});

test("a director that is none, or one of NAT only, stays as it is", () => {
  const other = service(["192.0.2.2", "DR", 2], ["192.0.2.3", "DR", 1]);
  assert.deepEqual(
    ownServersOnly(other, () => false),
    other,
  );
  assert.deepEqual(weights(service(["192.0.2.1", "NAT", 1], ["192.0.2.2", "DR", 2])), ["192.0.2.1 1", "192.0.2.2 2"]);
});
