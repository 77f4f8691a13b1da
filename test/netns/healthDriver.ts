/**
 * Runs health checks in the network namespace that it is started in, and prints their results as one JSON line. What names no kind is ICMP.
 *
 *   node test/netns/healthDriver.ts MILLISECONDS < [{"key": …, "address": …, "check": {…}}, …]
 */
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { HealthRunner } from "../../src/agent/healthChecks/healthRunner.ts";
import { loadAddon } from "../../src/agent/native/addon.ts";
import { ProgramRunner } from "../../src/agent/programs/programRunner.ts";
import { healthCheckKinds, healthCheckSchema } from "../../src/api/healthCheck.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { silentLogger } from "../../src/runtime/log.ts";

export interface DrivenResult {
  up: boolean;
  message: string;
}

const asked = JSON.parse(await text(process.stdin)) as { key: string; address: string; check: object }[];
const runner = new HealthRunner({
  startDialer: loadAddon().startDialer,
  programs: new ProgramRunner({ allowedDirectories: [], perProgramUser: false, log: silentLogger, clock: systemClock }),
  node: "n1",
  log: silentLogger,
  clock: systemClock,
  onChange: () => {},
});
const timing = { interval: "200ms", timeout: "500ms", retries: 0, warmup: "0s" };
const kindOf = (check: object) => (Object.keys(healthCheckKinds).some((kind) => kind in check) ? {} : { icmp: {} });
runner.configure(
  asked.map(({ key, address, check }) => ({
    key,
    address,
    port: 1,
    check: healthCheckSchema.parse({ ...kindOf(check), ...timing, ...check }),
  })),
);
await sleep(Number(process.argv[2]));
const results = asked.map(({ key }) => [key, runner.result(key)] as const);
await runner.stop();
process.stdout.write(
  JSON.stringify(Object.fromEntries(results.map(([key, result]) => [key, { up: result?.up, message: result?.message }]))),
);
