/**
 * Runs health checks in the network namespace that it is started in until each of them says something else than at first, and prints their
 * results as one JSON line. What `stays` has the time for several attempts. What names no kind is ICMP.
 *
 *   node test/netns/healthDriver.ts < [{"key": …, "address": …, "check": {…}}, …]
 */
import { text } from "node:stream/consumers";
import { HealthRunner } from "../../src/agent/healthChecks/healthRunner.ts";
import { loadAddon } from "../../src/agent/native/addon.ts";
import { ProgramRunner } from "../../src/agent/programs/programRunner.ts";
import { healthCheckKinds, healthCheckSchema } from "../../src/api/healthCheck.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { silentLogger } from "../../src/runtime/log.ts";
import { until } from "../support/waiting.ts";

export interface DrivenResult {
  up: boolean;
  message: string;
}

const asked = JSON.parse(await text(process.stdin)) as { key: string; address: string; check: object; stays?: boolean }[];
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
const read = () => asked.map(({ key }) => [key, { up: runner.result(key)?.up, message: runner.result(key)?.message }] as const);
const first = new Map(read());
const stays = new Set(asked.flatMap((one) => (one.stays ? one.key : [])));
const patientUntil = performance.now() + 1500;
const hasJudged = ([key, { up, message }]: ReturnType<typeof read>[number]) =>
  stays.has(key) ? message !== "" && performance.now() > patientUntil : up !== first.get(key)?.up;
let results = read();
const haveJudged = () => {
  results = read();
  return results.every(hasJudged);
};
await until("all checks to judge", haveJudged).catch(() => {});
await runner.stop();
process.stdout.write(JSON.stringify(Object.fromEntries(results)));
