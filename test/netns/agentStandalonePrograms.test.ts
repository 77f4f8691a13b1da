/** Programs of a standalone agent: exec checks, notifications, and what an end does to them. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { apiVersion } from "../../src/api/group.ts";
import { Lan } from "../support/lan.ts";
import { until } from "../support/waiting.ts";
import { Agent, type AgentSettings, yamlFile } from "./agentStandaloneProcess.ts";

let lan: Lan;
/** Where an unprivileged user may look, too. */
let scripts: string;
const running = new Set<Agent>();

before(async () => {
  lan = await Lan.create({ nodes: 1 });
  scripts = mkdtempSync(join(tmpdir(), "aloft-scripts-"));
  chmodSync(scripts, 0o755);
});
after(async () => {
  await lan?.destroy();
  if (scripts) rmSync(scripts, { recursive: true });
});
beforeEach(async () => {
  await Promise.all([...running].map((agent) => agent.process.kill()));
  running.clear();
});

function start(settings: AgentSettings): Agent {
  const agent = new Agent(lan, "n1", settings);
  running.add(agent);
  return agent;
}

function script(name: string, body: string): string {
  const path = join(scripts, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A file that everybody may write. */
function output(name: string): string {
  const path = join(scripts, name);
  writeFileSync(path, "");
  chmodSync(path, 0o666);
  return path;
}

const vip = (spec: object) => ({
  apiVersion,
  kind: "VirtualIP",
  metadata: { name: "web" },
  spec: {
    addresses: [{ address: "198.51.100.200/24" }],
    interface: "eth0",
    vrrp: { virtualRouterID: 51, advertisementInterval: "100ms" },
    ...spec,
  },
});
const allow = () => ["--allow-scripts", scripts, "--script-user", "nobody"];

test("programs run at each change as the script user, with keepalived's arguments, and STOP is waited for at the end", async () => {
  const told = output("told");
  const notify = script("notify", `sleep 0.3\necho "$(id -un) $*" >> ${told}`);
  const programs = [
    { events: ["MASTER", "BACKUP", "STOP"], command: [notify, "first argument"] },
    { events: ["MASTER", "STOP"], command: [notify], appendState: true },
  ];
  const agent = start({ text: yamlFile(vip({ notify: { programs } })), flags: allow() });
  await agent.becomes("MASTER", "web/IPv4");
  const lines = () => readFileSync(told, "utf8").split("\n").filter(Boolean);
  await until("MASTER to be told", () => lines().filter((line) => line.includes("MASTER")).length > 0);
  assert.deepEqual(await agent.process.stop(9000), { code: 0, signal: null });
  const all = lines();
  assert.ok(all.includes("nobody INSTANCE web MASTER 100"), all.join("; "));
  assert.ok(all.includes("nobody INSTANCE web STOP 100") || all.includes("nobody INSTANCE web STOP 0"), all.join("; "));
  assert.ok(all.filter((line) => line === "nobody first argument").length >= 2, all.join("; "));
});

test("a program that hangs at the end holds it up for less than 10 s; a second SIGTERM not even that", async () => {
  const hang = script("hang", "trap '' TERM; sleep 60 & wait; sleep 60");
  const text = yamlFile(vip({ notify: { programs: [{ events: ["STOP"], command: [hang] }] } }));
  for (const second of [false, true]) {
    const agent = start({ text, flags: allow() });
    await agent.becomes("MASTER", "web/IPv4");
    const at = Date.now();
    agent.process.signal("SIGTERM");
    if (second) {
      await agent.logged("shutting down");
      agent.process.signal("SIGTERM");
    }
    const { code } = await agent.process.exited;
    assert.equal(code, second ? 1 : 0);
    const took = Date.now() - at;
    assert.ok(took < (second ? 2000 : 6000), `${took} ms`);
    const standing = (await lan.addresses("n1")).map(({ address }) => address);
    assert.ok(!standing.includes("198.51.100.200"), "the address is given up");
  }
});

test("without --allow-scripts: programs that notify are skipped with a warning, a check that runs one is an error", async () => {
  const notifying = vip({ notify: { programs: [{ events: ["MASTER"], command: ["/bin/true"] }] } });
  const agent = start({ text: yamlFile(notifying) });
  await agent.becomes("MASTER", "web/IPv4");
  const [warning] = agent.remarks();
  assert.match(
    warning ?? "",
    /:2:\d+: warning: spec\.notify\.programs\[0\]: web\/IPv4: notify: the program is skipped: programs are not allowed on this node/,
  );
  assert.ok(warning?.startsWith(agent.file));
  await agent.process.stop();
  const checking = start({ text: yamlFile(vip({ track: [{ name: "x", exec: { command: ["/bin/true"] } }] })) });
  assert.deepEqual(await checking.process.exited, { code: 1, signal: null });
  assert.match(checking.remarks()[0] ?? "", /:2:\d+: error: spec\.track\[0\]: check web\.x: exec: programs are not allowed on this node/);
  assert.match(checking.remarks().at(-1) ?? "", /^aloft: .* cannot be used$/);
});

test("an exec check: FAULT while it fails, and its end with the agent", async () => {
  const well = join(scripts, "well");
  writeFileSync(well, "");
  const check = script("check", `test -e ${well}`);
  const track = [{ name: "x", exec: { command: [check] }, interval: "100ms", fall: 2 }];
  const agent = start({ text: yamlFile(vip({ track })), flags: allow() });
  await agent.becomes("MASTER", "web/IPv4");
  rmSync(well);
  assert.equal((await agent.becomes("FAULT", "web/IPv4")).reason, "CheckFailed");
  writeFileSync(well, "");
  await agent.becomes("MASTER", "web/IPv4");
  assert.deepEqual(await agent.process.stop(), { code: 0, signal: null });
  assert.ok(existsSync(check));
});

test("pods cannot be asked for without Kubernetes", async () => {
  const agent = start({ text: yamlFile(vip({ track: [{ name: "pods", podReady: { namespace: "a", selector: { app: "b" } } }] })) });
  assert.deepEqual(await agent.process.exited, { code: 1, signal: null });
  assert.match(agent.remarks()[0] ?? "", /error: spec\.track\[0\]: check web\.pods: podReady: an agent without Kubernetes sees no pods$/);
});
