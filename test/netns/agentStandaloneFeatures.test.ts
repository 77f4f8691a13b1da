/** What a VirtualIP can say, by a standalone agent on the real kernel: addresses, routes, unicast, groups, tracking, passwords. */
import assert from "node:assert/strict";
import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { apiVersion } from "../../src/api/group.ts";
import { Lan } from "../support/lan.ts";
import { longestOutageMs, Observer } from "../support/observer.ts";
import { until } from "../support/waiting.ts";
import { Agent, type AgentSettings, yamlFile } from "./agentStandaloneProcess.ts";

const intervalMs = 100;
const v4 = "198.51.100.200";
const v6 = "2001:db8:100::200";

let lan: Lan;
const running = new Set<Agent>();

before(async () => {
  lan = await Lan.create({ nodes: 2 });
});
after(() => lan?.destroy());
beforeEach(async () => {
  await Promise.all([...running].map((agent) => agent.process.stop()));
  running.clear();
  for (const node of lan.nodes) await lan.exec(node, ["nft", "flush", "ruleset"]);
});

function start(node: string, settings: AgentSettings): Agent {
  const agent = new Agent(lan, node, settings);
  running.add(agent);
  return agent;
}

/** n1 leads with priority 200, n2 has 100; what a test adds wins. */
function vip(
  name: string,
  virtualRouterID: number,
  addresses: object[],
  spec: { nodes?: object; vrrp?: object } & Record<string, unknown> = {},
) {
  const { nodes = {}, vrrp = {}, ...rest } = spec;
  return {
    apiVersion,
    kind: "VirtualIP",
    metadata: { name },
    spec: {
      addresses,
      interface: "eth0",
      nodes: { overrides: [{ name: "n1", priority: 200 }], ...nodes },
      vrrp: { virtualRouterID, advertisementInterval: `${intervalMs}ms`, ...vrrp },
      ...rest,
    },
  };
}

interface KernelAddress {
  local: string;
  prefixlen: number;
  label?: string;
  scope: string;
  broadcast?: string;
}

async function kernelAddress(node: string, address: string, device = "eth0"): Promise<KernelAddress | undefined> {
  const [link] = JSON.parse(await lan.exec(node, ["ip", "-json", "address", "show", "dev", device])) as { addr_info: KernelAddress[] }[];
  return link?.addr_info.find(({ local }) => local === address);
}

const routesTo = async (node: string, destination: string) =>
  JSON.parse(await lan.exec(node, ["ip", "-json", "route", "show", destination])) as { gateway?: string; dev?: string; type?: string }[];

test("addresses with label, scope and broadcast, on another device, and routes and rules: they come and go with the MASTER", async () => {
  await lan.exec("n1", ["ip", "link", "add", "lab0", "type", "veth", "peer", "name", "lab1"]);
  await lan.exec("n1", ["ip", "link", "set", "lab0", "up"]);
  const addresses = [{ address: `${v4}/24`, label: "eth0:vip", broadcast: "198.51.100.255" }, { address: `${v6}/64` }];
  const text = yamlFile(
    vip("web", 51, addresses, {
      excludedAddresses: [
        { address: "198.51.100.210", scope: "site" },
        { address: "198.51.100.211", interface: "lab0" },
      ],
      routes: [
        { destination: "203.0.113.0/24", nextHops: [{ via: "198.51.100.1" }], source: v4 },
        { destination: "203.0.114.0/24", type: "blackhole" },
      ],
      rules: [{ from: v4, table: 100, priority: 77 }],
    }),
  );
  const agent = start("n1", { text });
  await agent.becomes("MASTER", "web/IPv4");
  await agent.becomes("MASTER", "web/IPv6");
  const first = await until("the address", () => kernelAddress("n1", v4), { everyMs: 10 });
  assert.deepEqual([first.label, first.scope, first.broadcast, first.prefixlen], ["eth0:vip", "global", "198.51.100.255", 24]);
  assert.equal((await until("IPv6", () => kernelAddress("n1", v6))).prefixlen, 64);
  const excluded = await until("the excluded one", () => kernelAddress("n1", "198.51.100.210"));
  assert.deepEqual([excluded.prefixlen, excluded.scope], [32, "site"]);
  assert.ok(await until("that of the other device", () => kernelAddress("n1", "198.51.100.211", "lab0")));
  const [route] = await until(
    "the route",
    async () => (await routesTo("n1", "203.0.113.0/24")).slice(0, 1).find(Boolean) && routesTo("n1", "203.0.113.0/24"),
  );
  assert.deepEqual([route?.gateway, route?.dev], ["198.51.100.1", "eth0"]);
  await until("the other route", async () => (await routesTo("n1", "203.0.114.0/24"))[0]?.type === "blackhole");
  await until("the rule", async () => /^77:\tfrom 198\.51\.100\.200 lookup 100/m.test(await lan.exec("n1", ["ip", "rule"])));
  assert.deepEqual(await agent.process.stop(), { code: 0, signal: null });
  for (const [address, device] of [[v4], [v6], ["198.51.100.210"], ["198.51.100.211", "lab0"]] as [string, string?][]) {
    assert.equal(await kernelAddress("n1", address, device), undefined, address);
  }
  assert.deepEqual(await routesTo("n1", "203.0.113.0/24"), []);
  assert.deepEqual(await routesTo("n1", "203.0.114.0/24"), []);
  assert.doesNotMatch(await lan.exec("n1", ["ip", "rule"]), /^77:/m);
});

test("static addresses, routes and rules stand whatever the election says, and go with the agent", async () => {
  const config = {
    apiVersion,
    kind: "AgentConfig",
    metadata: { name: "all" },
    spec: {
      static: {
        addresses: [{ address: "198.51.100.240/32", interface: "eth0" }],
        routes: [{ destination: "203.0.115.0/24", nextHops: [{ via: "198.51.100.1", interface: "eth0" }] }],
      },
    },
  };
  const leader = start("n1", { text: yamlFile(vip("web", 51, [{ address: `${v4}/24` }])) });
  await leader.becomes("MASTER", "web/IPv4");
  const agent = start("n2", { text: yamlFile(vip("web", 51, [{ address: `${v4}/24` }]), config) });
  await agent.becomes("BACKUP", "web/IPv4");
  assert.ok(await until("the static address", () => kernelAddress("n2", "198.51.100.240")));
  await until("the static route", async () => (await routesTo("n2", "203.0.115.0/24")).length === 1);
  agent.reload(yamlFile(vip("web", 51, [{ address: `${v4}/24` }])));
  await agent.logged("ready", 2);
  await until("the static address to go", async () => (await kernelAddress("n2", "198.51.100.240")) === undefined);
  await until("the static route to go", async () => (await routesTo("n2", "203.0.115.0/24")).length === 0);
});

test("unicast, a sync group over both families and two VIPs, a tracked process and a maintenance file", async () => {
  const program = join(lan.directory, "aloft-web");
  copyFileSync("/bin/sleep", program);
  const maintenance = join(lan.directory, "maintenance");
  const source = (host: number) => ({ ipv4: `198.51.100.${host}`, ipv6: `2001:db8:100::${host}` });
  const track = [
    { name: "daemon", process: { name: "aloft-web" }, weight: -150, interval: "100ms" },
    { name: "maintenance", file: { path: maintenance, present: "Down" }, interval: "100ms" },
  ];
  const shared = {
    group: "gateway",
    nodes: {
      overrides: [
        { name: "n1", priority: 200, sourceAddress: source(11), track },
        { name: "n2", sourceAddress: source(12) },
      ],
    },
    vrrp: { mode: "Unicast", unicastPeers: ["198.51.100.11", "198.51.100.12", "2001:db8:100::11", "2001:db8:100::12"] },
  };
  const text = yamlFile(
    vip("web", 51, [{ address: `${v4}/24` }, { address: `${v6}/64` }], shared),
    vip("db", 52, [{ address: "198.51.100.201/24" }], shared),
  );
  for (const node of lan.nodes) {
    const rules =
      "add table inet multi; add chain inet multi in { type filter hook input priority 0; }; add rule inet multi in meta l4proto 112 ip daddr 224.0.0.18 drop; add rule inet multi in meta l4proto 112 ip6 daddr ff02::12 drop";
    await lan.exec(node, ["nft", rules]);
  }
  let daemon = lan.spawn("n1", "aloft-web", [program, "1000"]);
  const n1 = start("n1", { text });
  const routers = ["web/IPv4", "web/IPv6", "db/IPv4"];
  for (const router of routers) await n1.becomes("MASTER", router);
  const n2 = start("n2", { text });
  await n2.logged("ready");
  await delay(5 * intervalMs);
  for (const router of routers)
    assert.deepEqual(
      n2.changes(router).map(({ to }) => to),
      ["BACKUP"],
      "unicast adverts are heard",
    );

  await daemon.kill();
  for (const router of routers) await n2.becomes("MASTER", router);
  for (const router of routers) await n1.becomes("BACKUP", router);
  const metrics = await lan.exec("n1", ["curl", "--silent", "--max-time", "5", "http://127.0.0.1:9105/metrics"]);
  assert.match(metrics, /^aloft_vrrp_priority\{virtualip="web",family="IPv4"\} 50$/m);
  assert.match(metrics, /^aloft_vrrp_base_priority\{virtualip="web",family="IPv4"\} 200$/m);
  assert.match(metrics, /^aloft_check_up\{check="web\.daemon",kind="process"\} 0$/m);
  assert.match(metrics, /^aloft_check_up\{check="web\.maintenance",kind="file"\} 1$/m);

  daemon = lan.spawn("n1", "aloft-web-again", [program, "1000"]);
  for (const router of routers) await n1.becomes("MASTER", router);
  writeFileSync(maintenance, "");
  for (const router of routers) await n2.becomes("MASTER", router);
  const reasons = await Promise.all(routers.map(async (router) => (await n1.becomes("FAULT", router)).reason));
  assert.ok(reasons.includes("CheckFailed"), reasons.join());
  rmSync(maintenance);
  for (const router of routers) await n1.becomes("MASTER", router);
  await daemon.kill();
  for (const node of lan.nodes) await lan.exec(node, ["nft", "delete", "table", "inet", "multi"]);
});

test("reloads that keep a VIP: not one ping is lost, one node answers, nobody resigns", async () => {
  const web = (fields: Record<string, unknown> = {}) => vip("web", 51, [{ address: `${v4}/24` }, { address: `${v6}/64` }], fields);
  const db = vip("db", 52, [{ address: "198.51.100.201/24" }], {
    track: [{ name: "file", file: { path: "/run/no-such-file", present: "Down" } }],
  });
  const agent = start("n1", { text: yamlFile(web()) });
  await agent.becomes("MASTER", "web/IPv4");
  await agent.becomes("MASTER", "web/IPv6");
  const backup = start("n2", { text: yamlFile(web()) });
  await backup.logged("ready");
  const observer = await Observer.start(lan, [v4, v6]);
  // Until the kernel of the client knows its neighbours.
  await delay(500);
  const since = process.hrtime.bigint();
  const reloads = [
    yamlFile(web(), db),
    yamlFile(db, web({ track: [{ name: "file", file: { path: "/run/no-such-file", present: "Down" }, weight: -10 }] })),
    yamlFile(web({ excludedAddresses: [{ address: "198.51.100.210" }] })),
    "kind: Nothing",
    yamlFile(web()),
  ];
  for (const [index, text] of reloads.entries()) {
    agent.reload(text);
    await (text.includes("Nothing")
      ? agent.logged("reload refused; the old configuration goes on")
      : agent.logged("ready", index < 3 ? index + 2 : index + 1));
    await delay(3 * intervalMs);
  }
  const observation = await observer.stop();
  for (const address of [v4, v6]) assert.equal(longestOutageMs(observation, address, since), 0, `pings of ${address} were lost`);
  assert.deepEqual(observation.doubleAnswers, []);
  assert.deepEqual(
    observation.adverts.filter(({ virtualRouterID, priority }) => virtualRouterID === 51 && priority === 0),
    [],
  );
  assert.deepEqual(
    agent.changes("web/IPv4").map(({ to }) => to),
    ["BACKUP", "MASTER"],
  );
  assert.deepEqual(
    backup.changes("web/IPv4").map(({ to }) => to),
    ["BACKUP"],
  );
});

const secret = (password: string) => ({ apiVersion: "v1", kind: "Secret", metadata: { name: "vrrp" }, stringData: { password } });
const guarded = vip("web", 51, [{ address: `${v4}/24` }], {
  vrrp: { version: 2, advertisementInterval: "1s", authentication: { type: "PASS", secretRef: { name: "vrrp" } } },
});

test("a password from a Secret of the file: those who share it elect, another one is not heard, and nobody tells it", async () => {
  const n1 = start("n1", { text: yamlFile(guarded, secret("s3same")) });
  await n1.becomes("MASTER", "web/IPv4");
  const n2 = start("n2", { text: yamlFile(guarded, secret("s3same")) });
  await n2.logged("ready");
  await delay(4500);
  assert.deepEqual(
    n2.changes("web/IPv4").map(({ to }) => to),
    ["BACKUP"],
  );
  n2.reload(yamlFile(guarded, secret("s3other")));
  await n2.becomes("MASTER", "web/IPv4");
  const metrics = await lan.exec("n2", ["curl", "--silent", "--max-time", "5", "http://127.0.0.1:9105/metrics"]);
  assert.match(metrics, /^aloft_vrrp_adverts_discarded_total\{reason="PasswordMismatch"\} [1-9]/m);
  n2.reload(yamlFile(guarded));
  const { problems } = await n2.logged("reload refused; the old configuration goes on");
  assert.match(problems?.[0] ?? "", /:2:\d+: error: spec: web\/IPv4: passwordRef: there is no Secret vrrp$/);
  for (const agent of [n1, n2]) assert.doesNotMatch(agent.process.log(), /s3same|s3other/);
});
