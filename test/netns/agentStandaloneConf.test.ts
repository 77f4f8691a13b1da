/** A keepalived.conf run by a standalone agent: start, reload, and what a bad file does. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Lan } from "../support/lan.ts";
import { longestOutageMs, Observer } from "../support/observer.ts";
import { Agent, type AgentSettings } from "./agentStandaloneProcess.ts";

const address = "198.51.100.200";

let lan: Lan;
const running = new Set<Agent>();

before(async () => {
  lan = await Lan.create({ nodes: 1 });
});
after(() => lan?.destroy());
beforeEach(async () => {
  await Promise.all([...running].map((agent) => agent.process.stop()));
  running.clear();
});

function start(text: string, settings: Partial<AgentSettings> = {}): Agent {
  const agent = new Agent(lan, "n1", { text, ending: "conf", ...settings });
  running.add(agent);
  return agent;
}

const instance = (name: string, id: number, host: number, more = "") => `vrrp_instance ${name} {
  state BACKUP
  interface eth0
  virtual_router_id ${id}
  priority 100
  @lb2 priority 150
  authentication {
    auth_type PASS
    auth_pass s3same
  }
  virtual_ipaddress {
    198.51.100.${host}/24 dev eth0 label eth0:${id}
  }
  ${more}
}
`;

test("a keepalived.conf runs, reloads without a gap, and a bad one changes nothing", async () => {
  const agent = start(instance("VI_1", 51, 200));
  const ready = await agent.logged("ready");
  assert.deepEqual(ready.virtualRouters, [{ virtualRouter: "VI_1/IPv4", state: "BACKUP" }]);
  await agent.becomes("MASTER", "VI_1/IPv4");
  const observer = await Observer.start(lan, [address]);
  // Until the kernel of the client knows its neighbour.
  await delay(500);
  const since = process.hrtime.bigint();
  agent.reload(instance("VI_1", 51, 200) + instance("VI_2", 52, 201));
  const second = await agent.logged("ready", 2);
  assert.deepEqual(
    second.virtualRouters?.map(({ virtualRouter }) => virtualRouter),
    ["VI_1/IPv4", "VI_2/IPv4"],
  );
  await agent.becomes("MASTER", "VI_2/IPv4");

  const refusals: [string, RegExp][] = [
    [instance("VI_1", 51, 200, "advert_intt 5"), /:14:3: error: unknown keyword `advert_intt`, did you mean advert_int\?$/],
    [instance("VI_1", 51, 200).replace("PASS", "AH"), /:8:\d+: error: .*AH authentication is not supported/],
    [instance("VI_1", 51, 200) + instance("VI_2", 51, 201), /:\d+:\d+: error: /],
    [
      `vrrp_script x {\n script "/bin/true"\n}\n${instance("VI_1", 51, 200, "track_script {\n x\n }")}`,
      /:1:1: error: check x: exec: programs are not allowed/,
    ],
  ];
  for (const [index, [text, message]] of refusals.entries()) {
    agent.reload(text);
    const { problems = [] } = await agent.logged("reload refused; the old configuration goes on", index + 1);
    assert.match(problems.find((line) => line.includes(" error: ")) ?? "", message);
  }
  rmSync(agent.file);
  agent.process.signal("SIGHUP");
  const { problems } = await agent.logged("reload refused; the old configuration goes on", refusals.length + 1);
  assert.match(problems?.[0] ?? "", /:1:1: error: /);
  await delay(300);
  const observation = await observer.stop();
  assert.equal(longestOutageMs(observation, address, since), 0);
  assert.deepEqual(
    agent.changes("VI_1/IPv4").map(({ to }) => to),
    ["BACKUP", "MASTER"],
  );
  assert.deepEqual(
    agent.changes("VI_2/IPv4").map(({ to }) => to),
    ["BACKUP", "MASTER"],
  );
  assert.deepEqual(await agent.process.stop(), { code: 0, signal: null });
  assert.doesNotMatch(agent.process.log(), /s3same/);
  const standing = (await lan.addresses("n1")).map((one) => one.address);
  assert.ok(!standing.includes(address) && !standing.includes("198.51.100.201"));
});

test("--config-id chooses among lines, and a bad file at the start touches nothing", async () => {
  const agent = start(instance("VI_1", 51, 200), { flags: ["--config-id", "lb2"] });
  await agent.becomes("MASTER", "VI_1/IPv4");
  const metrics = await lan.exec("n1", ["curl", "--silent", "--max-time", "5", "http://127.0.0.1:9105/metrics"]);
  assert.match(metrics, /^aloft_vrrp_base_priority\{virtualip="VI_1",family="IPv4"\} 150$/m);
  // In the state directory of the one that runs: the file is looked at before anything else.
  const bad = start("vrrp_instance x {", { stateDirectory: agent.stateDirectory });
  assert.deepEqual(await bad.process.exited, { code: 1, signal: null });
  assert.match(bad.remarks()[0] ?? "", /\.conf:1:\d+: error: /);
  assert.doesNotMatch(bad.process.log(), /another agent is running/);
});
