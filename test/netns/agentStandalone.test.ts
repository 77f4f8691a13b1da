/** Standalone agents with the real core, each in the network namespace of a node on one LAN. */
import assert from "node:assert/strict";
import { readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Lan } from "../support/lan.ts";
import { aloftProgram } from "../support/standaloneAgent.ts";
import { until } from "../support/waiting.ts";
import { Agent, newStateDirectory, yamlFile } from "./agentStandaloneProcess.ts";

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

function start(node: string, stateDirectory: string, vips: Vip[], options: { program?: string; preempt?: boolean } = {}): Agent {
  const { preempt, program } = options;
  const agent = new Agent(lan, node, { text: configuration(vips, preempt), stateDirectory, program });
  running.add(agent);
  return agent;
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
  return yamlFile(...documents);
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
  const n1 = start("n1", newStateDirectory(lan), [web], options);
  await n1.becomes("MASTER", "web/IPv4");
  await n1.becomes("MASTER", "web/IPv6");
  const n2 = start("n2", newStateDirectory(lan), [web], options);
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
  assert.deepEqual(await n1.process.stop(), { code: 0, signal: null });
  // From when it has taken the signal.
  const at = Date.parse((await n1.logged("shutting down")).time);
  assert.deepEqual(await held("n1", web), []);
  for (const router of ["web/IPv4", "web/IPv6"]) {
    const change = await n2.becomes("MASTER", router);
    assert.ok(["PeerResigned", "SyncGroup"].includes(change.reason ?? ""), change.reason);
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
    assert.ok(["AdvertTimeout", "SyncGroup"].includes(change.reason ?? ""), change.reason);
    const took = Date.parse(change.changedAt ?? "") - at;
    assert.ok(took <= activeDownMs(100) + slackMs, `${router} took ${took} ms`);
    assert.ok(
      (change.silenceMs ?? 0) >= 3 * intervalMs && (change.silenceMs ?? 0) <= activeDownMs(100) + slackMs,
      `${change.silenceMs} ms`,
    );
  }
  assert.deepEqual(await held("n1", web), web.addresses, "a killed process leaves its addresses in the kernel");
  const again = start("n1", n1.stateDirectory, [web], { preempt: false });
  await again.logged("ready");
  await holds("n1", [], web);
  await delay(2 * activeDownMs(100));
  assert.equal(again.changes("web/IPv4").at(-1)?.to, "BACKUP");
  assert.equal(n2.changes("web/IPv4").at(-1)?.to, "MASTER");
});

test("an agent that is restarted without a VIP removes what its killed predecessor held of it, and nothing else", async () => {
  const first = start("n1", newStateDirectory(lan), [web, db]);
  await holds("n1", [...web.addresses, ...db.addresses], web, db);
  await first.process.kill();
  await lan.exec("n1", ["ip", "address", "add", "198.51.100.222/24", "dev", "eth0"]);
  const second = start("n1", first.stateDirectory, [db]);
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
  const second = start("n2", n1.stateDirectory, [db]);
  assert.deepEqual(await second.process.exited, { code: 1, signal: null });
  assert.match(second.process.log(), /another agent is running with the state directory/);
  await delay(2 * activeDownMs(200));
  assert.equal(n1.changes("web/IPv4").length, changes);
  assert.deepEqual(await held("n1", web), web.addresses);
});

test("SIGHUP adds and removes a VIP and does not touch the other", async () => {
  const [n1, n2] = await electedPair();
  await holds("n1", web.addresses, web);
  n1.reload(configuration([web, db]));
  await n1.logged("ready", 2);
  await n1.becomes("MASTER", "db/IPv4");
  await holds("n1", [...web.addresses, ...db.addresses], web, db);
  n1.reload(configuration([web]));
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
    ["kind: VirtualIP\nspec:\n\tx", /:3:1: error: /],
    [configuration([web, { ...db, virtualRouterID: 999 }]), /:4:\d+: error: spec\.vrrp\.virtualRouterID: /],
    [
      configuration([web, { ...db, virtualRouterID: 51 }]),
      /:2:\d+: error: spec: web\/IPv4: virtualRouterID: 51 on eth0 is used by db\/IPv4$/,
    ],
    ["", /:1:1: error: expected at least one document/],
  ].entries() as Iterable<[number, [string, RegExp]]>) {
    n1.reload(text);
    const { problems } = await n1.logged("reload refused; the old configuration goes on", count + 1);
    assert.match(problems?.[0] ?? "", problem);
    assert.equal(n1.remarks().at(-1), problems?.at(-1));
  }
  rmSync(n1.file);
  n1.process.signal("SIGHUP");
  assert.match(
    (await n1.logged("reload refused; the old configuration goes on", 5)).problems?.[0] ?? "",
    /:1:1: error: cannot be read: ENOENT/,
  );
  assert.deepEqual(
    n1.changes("web/IPv4").map(({ to }) => to),
    ["BACKUP", "MASTER"],
  );
  assert.deepEqual(await held("n1", web), web.addresses);
});

test("a bad file at the start: exit 1, its place, and nothing has happened", async () => {
  const agent = start("n1", newStateDirectory(lan), [{ ...web, virtualRouterID: 0 }]);
  assert.deepEqual(await agent.process.exited, { code: 1, signal: null });
  assert.match(agent.process.log(), new RegExp(`^${agent.file}:2:\\d+: error: spec\\.vrrp\\.virtualRouterID: `, "m"));
  assert.deepEqual(await held("n1", web), []);
});

test("probes and metrics answer in the node's own namespace, through a link to the launcher", async () => {
  const link = join(lan.directory, "aloft-link");
  symlinkSync(aloftProgram, link);
  const agent = start("n1", newStateDirectory(lan), [web], { program: link });
  await agent.becomes("MASTER", "web/IPv4");
  const get = (path: string) => lan.exec("n1", ["curl", "--silent", "--max-time", "5", `http://127.0.0.1:9105${path}`]);
  assert.match(await get("/healthz"), /^ok$/m);
  assert.match(await get("/readyz"), /^\[\+\]configuration ok$/m);
  const metrics = await get("/metrics");
  assert.match(metrics, /^aloft_vrrp_state\{virtualip="web",family="IPv4",state="MASTER"\} 1$/m);
  assert.match(metrics, /^aloft_vrrp_adverts_sent_total\{virtualip="web",family="IPv6"\} [1-9]/m);
  // The port is busy now: the second agent of this namespace warns and runs.
  const second = start("n1", newStateDirectory(lan), [db]);
  await second.logged("metrics and probes are not served");
  await second.becomes("MASTER", "db/IPv4");
});
