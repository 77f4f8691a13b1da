/** Real servers that fail in every way, seen by the health checks of a standalone agent: the kernel's table follows within their bounds. */
import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Bounds, healthPolicy, removalBounds, returnBounds } from "../../src/agent/healthChecks/healthState.ts";
import { parseDuration } from "../../src/api/duration.ts";
import { type HealthCheckInput, healthCheckSchema } from "../../src/api/healthCheck.ts";
import { yamlFile } from "../netns/agentStandaloneProcess.ts";
import { Lan } from "../support/lan.ts";
import { RemoteControl } from "../support/remoteControl.ts";
import { replaceFile } from "../support/replacedFile.ts";
import { until } from "../support/waiting.ts";
import { virtualServer } from "./agentFile.ts";
import { type Answers, type Behaviour, goodPage, type Kind, type Request, serverName } from "./faultyServers.ts";
import { FileDirector } from "./fileDirector.ts";
import { assertWithin, type Moment, momentOf } from "./moment.ts";
import { setRules } from "./packetFilter.ts";
import { TableWatch } from "./procTable.ts";

const [node, host] = ["n1", "n2"];
const virtualAddress = "198.51.100.200";
const timing = { interval: "1s", timeout: "800ms", retries: 1, retryDelay: "200ms", warmup: "0s" };
const timeoutMs = parseDuration(timing.timeout) ?? 0;
/** Beyond the longest bound it is too late. */
const patienceMs = 1_500;

const web = { requests: [{ statuses: ["200"], bodyMatch: { pattern: goodPage.trim() } }] };
const tls = { verify: true, serverName, certificateRef: { name: "authority" } };
const checks = {
  tcp: { tcp: {} },
  http: { http: web },
  https: { http: { ...web, scheme: "HTTPS", tls } },
} as const satisfies Record<Kind, HealthCheckInput>;

type Way = Behaviour | "silent" | "exit 1";

interface Scenario {
  kind: Kind | "exec";
  way: Way;
  /** How long each attempt takes that fails so. */
  attemptMs: number;
  port: number;
}

const ways: [kind: Scenario["kind"], way: Way, attemptMs: number][] = [
  ["tcp", "refusing", 0],
  ["tcp", "silent", timeoutMs],
  ["http", "refusing", 0],
  ["http", "silent", timeoutMs],
  ["http", "hanging", timeoutMs],
  ["http", "late", timeoutMs],
  ["http", "status", 0],
  ["http", "body", 0],
  ["http", "reset", 0],
  ["https", "refusing", 0],
  ["https", "hanging", timeoutMs],
  ["https", "status", 0],
  ["https", "certificate", 0],
  ["exec", "exit 1", 0],
  ["exec", "hanging", timeoutMs],
];
const scenarios: Scenario[] = ways.map(([kind, way, attemptMs], index) => ({ kind, way, attemptMs, port: 8100 + index }));
/** In time, if slow: it stays. */
const slowPort = 8100 + scenarios.length;

describe("an agent's health checks", () => {
  let lan: Lan;
  let servers: RemoteControl<Request, Answers>;
  let director: FileDirector;
  let watch: TableWatch;
  const [failed, healed] = [new Map<number, Moment>(), new Map<number, Moment>()];

  before(async () => {
    lan = await Lan.create({ nodes: 2 });
    servers = new RemoteControl<Request, Answers>(lan, host, fileURLToPath(new URL("./faultyServers.ts", import.meta.url)));
    let authority = "";
    for (const { kind, port } of scenarios) if (kind !== "exec") authority = await servers.ask({ do: "listen", kind, port });
    await servers.ask({ do: "listen", kind: "http", port: slowPort });
    writeFileSync(program(), '#!/bin/sh\nread -r word < "$1"\n[ "$word" = hang ] && exec sleep 60\nexit "$word"\n');
    chmodSync(program(), 0o755);
    for (const { kind, port } of scenarios) if (kind === "exec") writeFileSync(answerOf(port), "0\n");
    director = await FileDirector.start(lan, node, "aloft", file(authority), { ending: "yaml", flags: ["--log-level", "debug"] });
    watch = new TableWatch([director.process.pid]);
    // The first attempts load what they need.
    await allUp();
    await sleep(1_000);
    await allUp();
    await servers.ask({ do: "behave", port: slowPort, as: "slow" });
    await allBehave(failed, (scenario) => scenario.way);
    await sleep(longestMs(({ attemptMs }) => removalBounds(policy, attemptMs)));
    await allBehave(healed, () => "well");
    await sleep(longestMs(({ attemptMs }) => returnBounds(policy, 0, attemptMs)));
    watch.end();
  });
  after(async () => {
    watch?.end();
    await servers?.kill();
    await lan?.destroy();
  });

  const policy = healthPolicy(healthCheckSchema.parse({ ...checks.tcp, ...timing }));
  const longestMs = (bounds: (scenario: Scenario) => Bounds) => Math.max(...scenarios.map((one) => bounds(one).mostMs)) + patienceMs;
  const program = () => join(lan.directory, "check.sh");
  const answerOf = (port: number) => join(lan.directory, `answer-${port}`);
  /** When runs began that were ended for taking too long, however far they had come. */
  const hungRuns = (port: number) =>
    director
      .logged("program ended")
      .map((line) => line as { time: string; command: string[]; stopped: boolean; tookMs: number })
      .filter(({ command, stopped }) => command.includes(answerOf(port)) && stopped)
      .map(({ time, tookMs }) => Date.parse(time) - tookMs);
  /** Attempts that hung, of those that began well before a moment. */
  const hungAttempts = async ({ kind, port }: Scenario, until: number) => {
    const times = kind === "exec" ? hungRuns(port) : await servers.ask({ do: "unanswered", port });
    return times.filter((time) => time - performance.timeOrigin + timeoutMs / 2 <= until).length;
  };
  const lineOf = (port: number) => `TCP ${virtualAddress}:${port}`;

  async function allUp(): Promise<void> {
    const isUp = () => [...scenarios.map(({ port }) => port), slowPort].every((port) => director.servers(lineOf(port))?.length === 1);
    await until("all servers up", isUp, { hint: () => director.process.logTail() });
  }

  function file(authority: string): string {
    const address = lan.nodeAddress(host).IPv4;
    const one = (port: number, check: HealthCheckInput) =>
      virtualServer(`s${port}`, {
        addresses: [virtualAddress],
        ports: [{ port }],
        scheduler: "rr",
        realServers: [{ address, port }],
        healthChecks: [{ ...check, ...timing }],
      });
    // A program is run by the time of its beginning: after one that hangs the next one comes at once.
    const run = (port: number) => ({ exec: { command: [program(), answerOf(port)] } });
    return yamlFile(
      { apiVersion: "v1", kind: "Secret", metadata: { name: "authority" }, stringData: { "ca.crt": authority } },
      ...scenarios.map(({ kind, port }) => one(port, kind === "exec" ? run(port) : checks[kind])),
      one(slowPort, checks.http),
    );
  }

  async function allBehave(moments: Map<number, Moment>, how: (scenario: Scenario) => Way): Promise<void> {
    const silent = scenarios.flatMap((scenario) => (how(scenario) === "silent" ? scenario.port : []));
    const rules = silent.map((port) => `-p tcp --dport ${port} -j DROP`);
    const silence = await momentOf(() => setRules(lan, host, "filter", rules));
    await Promise.all(
      scenarios.map(async (scenario) => {
        const changed = await momentOf(() => behave(scenario, how(scenario)));
        moments.set(scenario.port, scenario.way === "silent" ? silence : changed);
      }),
    );
  }

  async function behave({ kind, way, port }: Scenario, as: Way): Promise<void> {
    if (kind === "exec") replaceFile(answerOf(port), as === "well" ? "0\n" : way === "hanging" ? "hang\n" : "1\n");
    else if (as !== "silent") await servers.ask({ do: "behave", port, as: as as Behaviour });
  }

  for (const scenario of scenarios) {
    const { kind, way, attemptMs, port } = scenario;
    test(`${kind}, ${way}: out of the kernel's table and back within the bounds of the settings`, async () => {
      const server = `${lan.nodeAddress(host).IPv4}:${port}`;
      const [gone, back] = [removalBounds(policy, attemptMs), returnBounds(policy, 0, attemptMs)];
      // The first attempt may have begun before the change, of which it then met with; the retry of a program counts from its beginning. A
      // connection alone is there at once or not at all. What hangs is counted.
      const least = kind === "exec" ? Math.min(gone.leastMs, attemptMs) : gone.leastMs - (kind === "tcp" ? 0 : attemptMs);
      const when = (stands: boolean, from: Moment | undefined) => watch.when(director.process.pid, server, stands, from?.earliest ?? 0);
      // An attempt meanwhile the agent stood still has its time once more, so that no server is down for that.
      assertWithin("gone", failed.get(port), when(false, failed.get(port)), least, gone.mostMs + attemptMs);
      if (way === "hanging" || way === "late")
        assert.ok((await hungAttempts(scenario, when(false, failed.get(port))?.latest ?? 0)) >= 1 + policy.retries, "attempts");
      assertWithin("back", healed.get(port), when(true, healed.get(port)), back.leastMs, back.mostMs);
    });
  }

  test("http, slow but in time: it stays", () => {
    const server = `${lan.nodeAddress(host).IPv4}:${slowPort}`;
    assert.equal(watch.when(director.process.pid, server, false, 0), undefined);
    assert.equal(director.servers(lineOf(slowPort))?.length, 1);
  });
});
