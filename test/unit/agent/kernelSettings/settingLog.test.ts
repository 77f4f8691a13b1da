import assert from "node:assert/strict";
import { test } from "node:test";
import { settingLog } from "../../../../src/agent/kernelSettings/settingLog.ts";
import type { SettingChange } from "../../../../src/agent/kernelSettings/sysctls.ts";
import { VirtualClock } from "../../runtime/virtualClock.ts";
import { recordedLog } from "../recordedLog.ts";

test("the log tells of a problem when it begins, and of changes by others once a minute", async () => {
  const clock = new VirtualClock();
  const { log, lines } = recordedLog();
  const change = (times: number): SettingChange => ({ path: "net/ipv4/ip_forward", found: "0", wanted: "1", times, at: new Date(0) });
  const settings = { problems: ["tunl0 is missing."], changes: [] as SettingChange[] };
  const look = settingLog(settings, clock, log);
  const told = () => lines.splice(0).map(({ msg, problem, times }) => `${msg}: ${problem ?? times}`);
  look();
  look();
  assert.deepEqual(told(), ["a setting of the kernel is not as it should be: tunl0 is missing."]);
  settings.problems = [];
  settings.changes = [change(1)];
  look();
  settings.changes = [change(9)];
  look();
  assert.deepEqual(told(), ["somebody else has changed a setting; it is set again: 1"]);
  await clock.advance(60_000);
  look();
  look();
  assert.deepEqual(told(), ["somebody else has changed a setting; it is set again: 9"]);
});
