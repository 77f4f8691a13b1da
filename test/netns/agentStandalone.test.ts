/** Standalone agents with the real core, each in the network namespace of a node on one LAN. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { BackgroundProcess } from "../support/backgroundProcess.ts";
import { Lan } from "../support/lan.ts";
import { aloftProgram } from "../support/standaloneAgent.ts";
import { until } from "../support/waiting.ts";

const intervalMs = 100;
/** Active_Down_Interval and Skew_Time of RFC 9568 §6.1, in ms. */
const skewMs = (priority: number) => ((256 - priority) * intervalMs) / 256;
const activeDownMs = (priority: number) => 3 * intervalMs + skewMs(priority);
/** What a busy test machine may add. */
const slackMs = 100;

const web = { name: "web", virtualRouterID: 51, addresses: ["198.51.100.200/24", "2001:db8:100::200/64"] };
const db = { name: "db", virtualRouterID: 52, addresses: ["198.51.100.201/24"] };
type Vip = typeof web;

let lan: Lan;
let started = 0;
const running = new Set<Agent>();

before(async () => {
  lan = await Lan.create({ nodes: 2 });
});
after(() => lan?.destroy());
beforeEach(async () => {
  await Promise.all([...running].map((agent) => agent.process.kill()));
  running.clear();
  // What killed agents leave behind is the next test's only where it says so.
  for (const node of lan.nodes) {
    for (const range of ["198.51.100.200/31", "2001:db8:100::200"]) {
      await lan.exec(node, ["ip", "address", "flush", "dev", "eth0", "to", range]);
    }
  }
});

interface LogLine {
  msg: string;
  virtualRouter?: string;
  to?: string;
  reason?: string;
  silenceMs?: number;
  changedAt?: string;
  problems?: string[];
}

class Agent {
  readonly node: string;
  readonly file: string;
  readonly stateDirectory: string;
  readonly process: BackgroundProcess;

  constructor(node: string, stateDirectory: string, vips: Vip[], options: { program?: string; preempt?: boolean } = {}) {
    const name = `agent-${node}-${started++}`;
    this.node = node;
    this.file = join(lan.directory, `${name}.yaml`);
    this.stateDirectory = stateDirectory;
    writeFileSync(this.file, configuration(vips, options.preempt));
    const flags = ["--config", this.file, "--state-dir", stateDirectory, "--node", node, "--http", "127.0.0.1:9105"];
    this.process = lan.spawn(node, name, [options.program ?? aloftProgram, "agent", "--standalone", ...flags], { cwd: "/" });
    running.add(this);
  }

  lines(): LogLine[] {
    const lines = this.process.log().split("\n");
    return lines.filter((line) => line.startsWith("{") && line.endsWith("}")).map((line) => JSON.parse(line));
  }

  /** Waits for the `count`-th line of this text. */
  logged(text: string, count = 1): Promise<LogLine> {
    const find = () => this.lines().filter(({ msg }) => msg === text)[count - 1];
    return until(`"${text}" from ${this.process.name}`, find, { everyMs: 20, hint: () => this.process.logTail(8) });
  }

  /** State changes of one virtual router, oldest first. */
  changes(virtualRouter: string): LogLine[] {
    return this.lines().filter((line) => line.msg === "virtual router changed its state" && line.virtualRouter === virtualRouter);
  }

  becomes(state: string, virtualRouter: string): Promise<LogLine> {
    const newest = () => this.changes(virtualRouter).findLast(({ to }) => to !== undefined);
    const find = () => (newest()?.to === state ? newest() : undefined);
    return until(`${state} of ${virtualRouter} on ${this.node}`, find, { everyMs: 5, hint: () => this.process.logTail(8) });
  }
}

function configuration(vips: Vip[], preempt = true): string {
  const documents = vips.map(({ name, virtualRouterID, addresses }) => ({
    apiVersion: "aloft.dev/v1alpha1",
    kind: "VirtualIP",
    metadata: { name },
    spec: {
      addresses: addresses.map((address) => ({ address })),
      nodes: { overrides: [{ name: "n1", priority: 200 }] },
      vrrp: { virtualRouterID, advertisementInterval: `${intervalMs}ms`, preempt },
    },
  }));
  // JSON is YAML.
  return documents.map((document) => `---\n${JSON.stringify(document)}\n`).join("");
}

function newStateDirectory(): string {
  const directory = join(lan.directory, `state-${started++}`);
  mkdirSync(directory);
  return directory;
}

/** Which of the VIPs' addresses stand on a node. */
async function held(node: string, ...vips: Vip[]): Promise<string[]> {
  const standing = new Set((await lan.addresses(node)).map(({ address, prefixLength }) => `${address}/${prefixLength}`));
  return vips.flatMap(({ addresses }) => addresses.filter((address) => standing.has(address)));
}

const holds = (node: string, expected: string[], ...vips: Vip[]) =>
  until(`${expected.join(" ") || "no VIP"} on ${node}`, async () => (await held(node, ...vips)).join() === expected.join(), {
    everyMs: 10,
  });

/** n1 (priority 200) is MASTER of both families, n2 (priority 100) is BACKUP. */
async function electedPair(options: { preempt?: boolean } = {}): Promise<[Agent, Agent]> {
  const n1 = new Agent("n1", newStateDirectory(), [web], options);
  await n1.becomes("MASTER", "web/IPv4");
  await n1.becomes("MASTER", "web/IPv6");
  const n2 = new Agent("n2", newStateDirectory(), [web], options);
  await n2.logged("ready");
  // n2 has heard n1 by then: what follows is a takeover, not a first election.
  await delay(3 * intervalMs);
  return [n1, n2];
}

test("two agents elect the one of higher priority; only it has the addresses", async () => {
  const [n1, n2] = await electedPair();
  await holds("n1", web.addresses, web);
  await delay(2 * activeDownMs(100));
  assert.deepEqual(await held("n2", web), []);
  assert.deepEqual(
    n2.changes("web/IPv4").map(({ to }) => to),
    ["BACKUP"],
  );
  assert.equal(n1.changes("web/IPv4").at(-1)?.to, "MASTER");
});

test("SIGTERM hands over within Skew_Time, removes the addresses and exits 0", async () => {
  const [n1, n2] = await electedPair();
  const at = Date.now();
  assert.deepEqual(await n1.process.stop(), { code: 0, signal: null });
  assert.deepEqual(await held("n1", web), []);
  for (const router of ["web/IPv4", "web/IPv6"]) {
    const change = await n2.becomes("MASTER", router);
    assert.equal(change.reason, "PeerResigned");
    const took = Date.parse(change.changedAt ?? "") - at;
    assert.ok(took <= skewMs(100) + slackMs, `${router} took ${took} ms`);
  }
  await holds("n2", web.addresses, web);
  const journal = JSON.parse(readFileSync(join(n1.stateDirectory, "held-addresses.json"), "utf8"));
  assert.deepEqual(journal.content, []);
});

test("after SIGKILL the other takes over within Active_Down, and a restarted BACKUP removes what was left", async () => {
  const [n1, n2] = await electedPair({ preempt: false });
  await holds("n1", web.addresses, web);
  const at = Date.now();
  await n1.process.kill();
  for (const router of ["web/IPv4", "web/IPv6"]) {
    const change = await n2.becomes("MASTER", router);
    assert.equal(change.reason, "AdvertTimeout");
    const took = Date.parse(change.changedAt ?? "") - at;
    assert.ok(took <= activeDownMs(100) + slackMs, `${router} took ${took} ms`);
    assert.ok(
      (change.silenceMs ?? 0) >= 3 * intervalMs && (change.silenceMs ?? 0) <= activeDownMs(100) + slackMs,
      `${change.silenceMs} ms`,
    );
  }
  assert.deepEqual(await held("n1", web), web.addresses, "a killed process leaves its addresses in the kernel");
  const again = new Agent("n1", n1.stateDirectory, [web], { preempt: false });
  await again.logged("ready");
  await holds("n1", [], web);
  await delay(2 * activeDownMs(100));
  assert.equal(again.changes("web/IPv4").at(-1)?.to, "BACKUP");
  assert.equal(n2.changes("web/IPv4").at(-1)?.to, "MASTER");
});

test("an agent that is restarted without a VIP removes what its killed predecessor held of it, and nothing else", async () => {
  const first = new Agent("n1", newStateDirectory(), [web, db]);
  await holds("n1", [...web.addresses, ...db.addresses], web, db);
  await first.process.kill();
  await lan.exec("n1", ["ip", "address", "add", "198.51.100.222/24", "dev", "eth0"]);
  const second = new Agent("n1", first.stateDirectory, [db]);
  await holds("n1", db.addresses, web, db);
  await second.becomes("MASTER", "db/IPv4");
  const addresses = (await lan.addresses("n1")).map(({ address }) => address);
  assert.ok(addresses.includes("198.51.100.222"));
  await lan.exec("n1", ["ip", "address", "del", "198.51.100.222/24", "dev", "eth0"]);
});

test("a second start with the same state directory exits 1 and does not disturb the first", async () => {
  const [n1] = await electedPair();
  const changes = n1.changes("web/IPv4").length;
  // In another network namespace: the lock must not depend on it.
  const second = new Agent("n2", n1.stateDirectory, [db]);
  assert.deepEqual(await second.process.exited, { code: 1, signal: null });
  assert.match(second.process.log(), /another agent is running with the state directory/);
  await delay(2 * activeDownMs(200));
  assert.equal(n1.changes("web/IPv4").length, changes);
  assert.deepEqual(await held("n1", web), web.addresses);
});

test("SIGHUP adds and removes a VIP and does not touch the other", async () => {
  const [n1, n2] = await electedPair();
  await holds("n1", web.addresses, web);
  writeFileSync(n1.file, configuration([web, db]));
  n1.process.signal("SIGHUP");
  await n1.logged("ready", 2);
  await n1.becomes("MASTER", "db/IPv4");
  await holds("n1", [...web.addresses, ...db.addresses], web, db);
  writeFileSync(n1.file, configuration([web]));
  n1.process.signal("SIGHUP");
  await n1.logged("ready", 3);
  await holds("n1", web.addresses, web, db);
  assert.deepEqual(
    n1.changes("web/IPv4").map(({ to }) => to),
    ["BACKUP", "MASTER"],
  );
  assert.deepEqual(
    n2.changes("web/IPv4").map(({ to }) => to),
    ["BACKUP"],
  );
});

test("a bad file at reload is told with its place, and the old configuration goes on", async () => {
  const [n1] = await electedPair();
  await holds("n1", web.addresses, web);
  for (const [count, [text, problem]] of [
    ["kind: VirtualIP\nspec:\n\tx", /:3:1: /],
    [configuration([web, { ...db, virtualRouterID: 999 }]), /:4:\d+: spec\.vrrp\.virtualRouterID: /],
    ["", /:1:1: expected at least one document/],
  ].entries() as Iterable<[number, [string, RegExp]]>) {
    writeFileSync(n1.file, text);
    n1.process.signal("SIGHUP");
    const { problems } = await n1.logged("reload refused; the old configuration goes on", count + 1);
    assert.match(problems?.[0] ?? "", problem);
  }
  assert.deepEqual(
    n1.changes("web/IPv4").map(({ to }) => to),
    ["BACKUP", "MASTER"],
  );
  assert.deepEqual(await held("n1", web), web.addresses);
});

test("a bad file at the start: exit 1, its place, and nothing has happened", async () => {
  const agent = new Agent("n1", newStateDirectory(), [{ ...web, virtualRouterID: 0 }]);
  assert.deepEqual(await agent.process.exited, { code: 1, signal: null });
  assert.match(agent.process.log(), new RegExp(`^${agent.file}:2:\\d+: spec\\.vrrp\\.virtualRouterID: `, "m"));
  assert.deepEqual(await held("n1", web), []);
});

test("probes and metrics answer in the node's own namespace, through a link to the launcher", async () => {
  const link = join(lan.directory, "aloft-link");
  symlinkSync(aloftProgram, link);
  const agent = new Agent("n1", newStateDirectory(), [web], { program: link });
  await agent.becomes("MASTER", "web/IPv4");
  const get = (path: string) => lan.exec("n1", ["curl", "--silent", "--max-time", "5", `http://127.0.0.1:9105${path}`]);
  assert.match(await get("/healthz"), /^ok$/m);
  assert.match(await get("/readyz"), /^\[\+\]configuration ok$/m);
  const metrics = await get("/metrics");
  assert.match(metrics, /^aloft_vrrp_state\{virtualip="web",family="IPv4",state="MASTER"\} 1$/m);
  assert.match(metrics, /^aloft_vrrp_adverts_sent_total\{virtualip="web",family="IPv6"\} [1-9]/m);
  // The port is busy now: the second agent of this namespace warns and runs.
  const second = new Agent("n1", newStateDirectory(), [db]);
  await second.logged("metrics and probes are not served");
  await second.becomes("MASTER", "db/IPv4");
});
