/** One keepalived.conf, Aloft and keepalived side by side on the same real servers: what each makes of how they behave. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Agent } from "../netns/agentStandaloneProcess.ts";
import type { BackgroundProcess } from "../support/backgroundProcess.ts";
import { Lan } from "../support/lan.ts";
import { until } from "../support/waiting.ts";
import { savedTable } from "./director.ts";
import { type AnyCase, healthCases, weight } from "./healthCases.ts";

const serverProgram = fileURLToPath(new URL("./healthServers.ts", import.meta.url));
const virtualAddress = "198.51.100.60";
/** What a check says counts after: the interval, the time of an attempt, two good runs where that many are wanted, and a slow machine. */
const withinMs = 20_000;
/** For as long it must stay so. */
const steadyMs = 2500;

let lan: Lan;
let cases: AnyCase[];
let servers: BackgroundProcess | undefined;
type Make = "aloft" | "keepalived";
const tables: Record<Make, Map<string, string>[]> = { aloft: [], keepalived: [] };

const port = (index: number) => 2000 + index;
const serviceKey = (index: number) => `${cases[index]?.protocol === "UDP" ? "-u" : "-t"} ${virtualAddress}:${port(index)}`;

function configuration(server: string): string {
  const services = cases.map(
    ({ checker, protocol = "TCP" }, index) => `virtual_server ${virtualAddress} ${port(index)} {
delay_loop 1
lb_algo wrr
lb_kind NAT
protocol ${protocol}
real_server ${server} ${port(index)} {
weight ${weight}
${checker}
}
}`,
  );
  const tracked = cases.flatMap(({ tracks }) => tracks ?? []);
  return `${["global_defs {", "script_user root", "enable_script_security", "}", ...tracked, ...services].join("\n")}\n`;
}

/** The weight of each real server, or "down", by the title of its case. */
async function tableOf(node: string): Promise<Map<string, string>> {
  const saved = await savedTable(lan, node);
  const stateOf = (index: number) => {
    const [, destination = "down"] = saved.get(serviceKey(index)) ?? ["", "no service"];
    return / -w (-?\d+)/.exec(destination)?.[1] ?? destination;
  };
  return new Map(cases.map(({ title }, index) => [title, stateOf(index)]));
}

async function behave(round: number): Promise<void> {
  await servers?.stop();
  const listening = cases.flatMap(({ states }, index) => {
    const behaviour = stateIn(states, round)?.behaviour;
    return behaviour ? [[port(index), behaviour]] : [];
  });
  const file = join(lan.directory, `servers-${round}.json`);
  writeFileSync(file, JSON.stringify(listening));
  for (const { name, texts } of cases) if (name && texts) writeFileSync(fileOf(name), `${stateIn(texts, round)}\n`);
  const running = lan.spawn("n3", `servers-${round}`, [process.execPath, serverProgram, file]);
  servers = running;
  await until("the real servers", () => running.log().includes("ready"), { timeoutMs: 20_000 });
}

const fileOf = (name: string) => join(lan.directory, `${name}.txt`);
const stateIn = <State>(states: readonly State[], round: number) => states[Math.min(round, states.length - 1)];
const meaning = (state: AnyCase["states"][number] | undefined, make: Make) =>
  String((make === "keepalived" && state?.keepalived) || state?.is);
const expected = (round: number, make: Make) => new Map(cases.map(({ title, states }) => [title, meaning(stateIn(states, round), make)]));
const differences = (have: ReadonlyMap<string, string>, want: ReadonlyMap<string, string>) =>
  [...want].filter(([title, is]) => have.get(title) !== is).map(([title, is]) => `${title}: ${have.get(title)} instead of ${is}`);

/** The table once it is as wanted and stays so, or as it is when time is over. */
async function settled(node: string, round: number, make: Make): Promise<Map<string, string>> {
  const want = expected(round, make);
  const end = performance.now() + withinMs;
  let since: number | undefined;
  for (;;) {
    const have = await tableOf(node);
    const now = performance.now();
    since = differences(have, want).length === 0 ? (since ?? now) : undefined;
    if (now > end || (since !== undefined && now - since > steadyMs)) return have;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

before(
  async () => {
    lan = await Lan.create({ nodes: 3 });
    chmodSync(lan.directory, 0o755);
    const [pem, key, script] = ["server.pem", "server.key", "check.sh"].map((name) => join(lan.directory, name)) as [
      string,
      string,
      string,
    ];
    const subject = ["-subj", "/CN=server.test", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
    execFileSync("openssl", ["req", "-x509", ...subject, "-keyout", key, "-out", pem], { stdio: "ignore" });
    writeFileSync(pem, readFileSync(key), { flag: "a" });
    writeFileSync(script, '#!/bin/sh\nread status < "$1"\n[ "$status" = slow ] && exec sleep 30\nexit "$status"\n', { mode: 0o755 });
    cases = healthCases({ pem, script, file: fileOf });
    await behave(0);
    const text = configuration(lan.nodeAddress("n3").IPv4);
    const file = join(lan.directory, "keepalived.conf");
    writeFileSync(file, text);
    const pids = ["pid", "checkers_pid"].map((name) => `--${name}=${join(lan.directory, `keepalived.${name}`)}`);
    lan.spawn("n2", "keepalived", ["keepalived", "--dont-fork", "--check", "--log-console", `--use-file=${file}`, ...pids]);
    const agent = new Agent(lan, "n1", { text, ending: "conf", flags: ["--allow-scripts", lan.directory] });
    await agent.logged("ready");
    const rounds = Math.max(...cases.map(({ states }) => states.length));
    for (let round = 0; round < rounds; round += 1) {
      if (round > 0) await behave(round);
      const [aloft, keepalived] = await Promise.all([settled("n1", round, "aloft"), settled("n2", round, "keepalived")]);
      tables.aloft.push(aloft);
      tables.keepalived.push(keepalived);
    }
  },
  { timeout: 240_000 },
);
after(() => lan?.destroy());

const titles = healthCases({ pem: "", script: "", file: () => "" }).map(({ title }) => title);

for (const title of titles) {
  test(`one meaning of two makes: ${title}`, () => {
    const states = cases.find((it) => it.title === title)?.states ?? [];
    const seen = (make: Make) => states.map((_, round) => tables[make][round]?.get(title));
    const wanted = (make: Make) => states.map((state) => meaning(state, make));
    for (const make of ["keepalived", "aloft"] as const) assert.deepEqual(seen(make), wanted(make), make);
  });
}
