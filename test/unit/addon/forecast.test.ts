import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadAddon } from "../../../src/agent/native/addon.ts";
import type { DesiredRouter } from "../../../src/agent/native/desiredState.ts";
import type { ForecastCandidate } from "../../../src/agent/native/forecast.ts";

function candidate(number: number, priority: number, more: Partial<DesiredRouter> = {}): ForecastCandidate {
  const router: DesiredRouter = {
    key: "web/IPv4",
    family: "IPv4",
    interface: `eth${number}`,
    virtualRouterID: 51,
    version: 3,
    priority,
    advertisementIntervalMs: 100,
    preempt: true,
    preemptDelayMs: 0,
    checksum: "Auto",
    addresses: [{ address: "192.0.2.100/24" }],
    ...more,
  };
  return { router, address: `192.0.2.${number}` };
}

describe("forecast", () => {
  const { forecast } = loadAddon();

  it("names the successor and its time, by the engine", () => {
    const answer = forecast([candidate(1, 254), candidate(2, 234), candidate(3, 244)], 0);
    assert.ok(answer.ok);
    assert.equal(answer.killed.successor, 2);
    assert.ok(answer.killed.takeoverMs >= 304.6875 && answer.killed.takeoverMs < 304.7, String(answer.killed.takeoverMs));
    assert.ok(answer.stopped.takeoverMs >= 4.6875 && answer.stopped.takeoverMs < 4.7, String(answer.stopped.takeoverMs));
  });

  it("has no successor for the only one", () => {
    const answer = forecast([candidate(1, 254)], 0);
    assert.deepEqual(answer.ok && answer.killed, { takeoverMs: 0 });
  });

  it("says what is wrong, and where", () => {
    const wrong = [
      forecast([candidate(1, 254), candidate(2, 0)], 0),
      forecast([{ ...candidate(1, 254), address: "nowhere" }], 0),
      forecast([candidate(1, 254)], 1),
    ];
    assert.deepEqual(
      wrong.map((answer) => !answer.ok && answer.error.path),
      ["candidates[1].routers[0].priority", "candidates[0].address", "active"],
    );
  });
});
