import assert from "node:assert/strict";
import { test } from "node:test";
import { findingLines } from "../../../../src/cli/findingView.ts";
import { pendingServices } from "../../../../src/cli/vip/serviceRules.ts";

const lastTransitionTime = "2026-01-01T12:00:00Z";
const condition = (type: string, status: "True" | "False", reason: string, message = "So it is.") => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime,
});
const service = (status: "True" | "False", reason: string, ...addresses: string[]) => ({
  key: "web/shop",
  ingress: addresses.map((ip) => ({ ip })),
  conditions: [condition("aloft.dev/Assigned", status, reason)],
});
test("a Service that has what it asks for is in order", () => {
  assert.deepEqual(pendingServices({ services: [service("True", "Assigned", "192.0.2.1")] }), []);
});

const services: [title: string, one: ReturnType<typeof service>, severity: string, text: RegExp][] = [
  [
    "a pool without addresses",
    service("False", "PoolExhausted"),
    "Error",
    /It has no address \(PoolExhausted\): So it is\..*more addresses/s,
  ],
  ["an address that another has", service("False", "AddressTaken"), "Error", /aloft\.dev\/sharing-key/],
  ["one that keeps what it had", service("True", "AddressTaken", "192.0.2.1"), "Warning", /It has not what it asks for.*It keeps/s],
  ["a reason of a later version", service("False", "Novel"), "Error", /Novel.*as it says/s],
];
for (const [title, one, severity, text] of services) {
  test(`a Service that is pending: ${title}`, () => {
    const [finding] = pendingServices({ services: [one] });
    assert.deepEqual([finding?.where, finding?.severity], ["Service web/shop", severity]);
    assert.match(findingLines(finding ? [finding] : []).join("\n"), text);
  });
}
