/**
 * A standalone agent with virtual servers: checks, programs, metrics, reload and end. True with a kernel that has IPVS and with one that has
 * not; what the kernel makes of the table is shown where there surely is one.
 */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { Lan } from "../support/lan.ts";
import { until } from "../support/waiting.ts";
import { Agent, type AgentSettings } from "./agentStandaloneProcess.ts";

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
  const agent = new Agent(lan, "n1", { text, ...settings });
  running.add(agent);
  return agent;
}

const webServer = (port: number) =>
  lan.spawn("n1", `server-${port}`, [process.execPath, "-e", `require("http").createServer((_, r) => r.end("ok")).listen(${port})`]);

const virtualServer = (ports: number[], more = "") => `apiVersion: aloft.dev/v1alpha1
kind: VirtualServer
metadata: {name: web}
spec:
  addresses: [192.0.2.10]
  ports: [{port: 80}]
  scheduler: rr
  realServers:
${ports.map((port) => `  - {address: 127.0.0.1, port: ${port}}`).join("\n")}
  healthChecks: [{tcp: {}, interval: 200ms, retries: 0}]
${more}`;

async function metric(name: string): Promise<string | undefined> {
  const text = await lan.exec("n1", ["curl", "-s", "http://127.0.0.1:9105/metrics"]).catch(() => "");
  return text
    .split("\n")
    .find((line) => line.startsWith(`${name} `))
    ?.split(" ")
    .at(-1);
}

const up = (port: number) => metric(`aloft_realserver_up{namespace="default",virtualserver="web",server="127.0.0.1:${port}"}`);

/** Which services the kernel may have through the agent. */
function journal({ stateDirectory }: Agent): string[] {
  const file = join(stateDirectory, "held-services.json");
  const { content } = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { content: { services: [] } };
  return (content.services as { address: string; port: number }[]).map(({ address, port }) => `${address}:${port}`);
}

test("real servers go and come by their checks, programs run, and a reload changes what it says", async () => {
  const programs = join(lan.directory, "programs");
  mkdirSync(programs);
  chmodSync(lan.directory, 0o755);
  const notes = join(programs, "notes");
  writeFileSync(notes, "");
  chmodSync(notes, 0o666);
  const script = join(programs, "note");
  writeFileSync(script, `#!/bin/sh\necho "$1" >> ${notes}\n`, { mode: 0o755 });
  const run = (text: string) => `[{command: [${script}, ${text}]}]`;
  const notify = `  notify: {quorumUp: ${run("up")}, quorumDown: ${run("down")}, onStop: true}\n`;
  const server = webServer(8081);
  const agent = start(virtualServer([8081, 8082], notify), { flags: ["--allow-scripts", programs] });
  await agent.logged("ready");
  await until("8081 is up and 8082 is down", async () => (await up(8081)) === "1" && (await up(8082)) === "0");
  assert.deepEqual(journal(agent), ["192.0.2.10:80"]);
  await server.stop();
  const told = () => readFileSync(notes, "utf8").split("\n").slice(0, -1).join(" ");
  await until("the loss of the quorum is told", () => told() === "up down", { hint: told });
  const again = webServer(8082);
  await until("the quorum is told", () => told() === "up down up", { hint: told });
  agent.reload(virtualServer([8082], notify).replace("port: 80}", "port: 81}"));
  await until("the journal has the new service", () => journal(agent).includes("192.0.2.10:81"));
  await agent.process.stop();
  assert.equal(agent.process.status?.code, 0);
  await until("the end is told", () => told() === "up down up down", { hint: told });
  await again.stop();
});

test("a server that was down stays down for the next process until it has been asked", async () => {
  const first = start(virtualServer([8083]));
  await until("8083 is down", async () => (await up(8083)) === "0");
  const file = join(first.stateDirectory, "server-health.json");
  await until("that is written down", () => existsSync(file) && readFileSync(file, "utf8").includes("127.0.0.1:8083"));
  await first.process.kill();
  running.delete(first);
  // Its first check is far away.
  const later = virtualServer([8083]).replace("interval: 200ms", "interval: 60s, warmup: 60s");
  const second = start(later, { stateDirectory: first.stateDirectory });
  await second.logged("ready");
  assert.equal(await up(8083), "0");
});

test("what a file of virtual servers has wrong: line, column, and nothing is touched", async () => {
  const agent = start(virtualServer([8084]).replace(/ {2}realServers:\n.*\n/, "  service: {name: nginx}\n"));
  await until("it has ended", () => !agent.process.running);
  assert.equal(agent.process.status?.code, 1);
  assert.match(agent.process.log(), /:8:12: error: spec\.service: needs Kubernetes/);
});
