import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { silentLogger } from "../../../src/runtime/log.ts";
import { Shutdown } from "../../../src/runtime/shutdown.ts";
import { settle, VirtualClock } from "./virtualClock.ts";

function setUp() {
  const clock = new VirtualClock();
  const signals = new EventEmitter();
  const exits: number[] = [];
  const shutdown = new Shutdown({ log: silentLogger, timeLimit: 1000, clock, signals, exit: (status) => exits.push(status) });
  return { clock, signals, exits, shutdown };
}

test("a signal runs the steps, the last one added first, and exits 0", async () => {
  const { signals, exits, shutdown } = setUp();
  const ran: string[] = [];
  shutdown.step("first", () => void ran.push("first"));
  shutdown.step("second", async () => {
    await settle();
    ran.push("second");
  });
  signals.emit("SIGTERM");
  assert.equal(shutdown.signal.aborted, true);
  await settle();
  await settle();
  assert.deepEqual(ran, ["second", "first"]);
  assert.deepEqual(exits, [0]);
});

test("a step that fails does not keep the others from running", async () => {
  const { exits, shutdown } = setUp();
  const ran: string[] = [];
  shutdown.step("good", () => void ran.push("good"));
  shutdown.step("bad", () => Promise.reject(new Error("no")));
  await shutdown.run(3);
  assert.deepEqual([ran, exits], [["good"], [3]]);
});

test("steps that do not end in time are left behind with exit status 1", async () => {
  const { clock, signals, exits, shutdown } = setUp();
  shutdown.step("endless", () => new Promise(() => {}));
  signals.emit("SIGINT");
  await clock.advance(999);
  assert.deepEqual(exits, []);
  await clock.advance(1);
  assert.deepEqual(exits, [1]);
});

test("a second signal exits at once", () => {
  const { signals, exits, shutdown } = setUp();
  shutdown.step("endless", () => new Promise(() => {}));
  signals.emit("SIGTERM");
  signals.emit("SIGTERM");
  assert.deepEqual(exits, [1]);
});
