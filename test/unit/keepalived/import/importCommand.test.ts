import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import { runCli } from "../../../../src/cli/cli.ts";
import { fixtures } from "../plan/support.ts";
import { instance } from "./support.ts";

const directory = mkdtempSync(join(tmpdir(), "aloft-import-"));
after(() => rmSync(directory, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(directory, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  return path;
}

async function run(...args: string[]) {
  const [out, errors]: [string[], string[]] = [[], []];
  const status = await runCli(["import", ...args], { out: (text) => out.push(text), error: (text) => errors.push(text) });
  return { status, out: out.join("\n"), errors: errors.map((line) => line.replaceAll(`${directory}/`, "")) };
}

const fixture = (name: string) => fileURLToPath(new URL(`${name}.conf`, fixtures));

/** Names of the nodes of the first VirtualIP. */
function nodeNames(yaml: string): string[] {
  const objects = parseAllDocuments(yaml).flatMap((document) => document.toJS());
  const [virtualIP] = objects.filter(({ kind }) => kind === "VirtualIP");
  return virtualIP.spec.nodes.overrides.map(({ name }: { name: string }) => name);
}

const pair = () => [write("lb1.conf", instance()), write("lb2.conf", instance("", { priority: 90 }))] as const;

test("objects come as YAML documents, Secrets first, and nothing else", async () => {
  const { status, out, errors } = await run(fixture("single-master"), fixture("single-backup"));
  assert.equal(status, 0);
  const kinds = parseAllDocuments(out).flatMap((document) => document.toJS().kind);
  assert.deepEqual(kinds, ["Secret", "AgentConfig", "AgentConfig", "VirtualIP"]);
  assert.equal(errors.length, 2);
  for (const line of errors) assert.match(line, /single-(master|backup)\.conf:23:15: warning: auth_pass: only the first 8 characters/);
});

test("a node is called as its file, as its directory, or as is said", async () => {
  const [first, second] = pair();
  assert.deepEqual(nodeNames((await run(first, second)).out), ["lb1", "lb2"]);
  assert.deepEqual(nodeNames((await run(`node-a=${first}`, second)).out), ["node-a", "lb2"]);
  const inDirectory = write("n1.example.com/keepalived.conf", instance());
  assert.deepEqual(nodeNames((await run(inDirectory, second)).out), ["n1.example.com", "lb2"]);
  const usual = write("etc/keepalived/keepalived.conf", instance());
  const { out, errors, status } = await run(usual);
  assert.deepEqual([nodeNames(out), status], [["keepalived"], 0]);
  assert.deepEqual(errors, [
    "etc/keepalived/keepalived.conf:1:1: warning: the node is called keepalived, after its file: write NODE=etc/keepalived/keepalived.conf",
  ]);
});

test("one file with conditions serves several nodes", async () => {
  const file = write("all.conf", instance("@lb1 priority 150\n@^lb1 priority 50\npriority 1").replace("priority 1\n", ""));
  const { out, status, errors } = await run(`lb1=${file}`, `lb2.example.com=${file}`);
  assert.deepEqual([status, errors], [0, []]);
  assert.match(out, /name: lb1\n +priority: 150\n +- name: lb2.example.com\n +priority: 50/);
});

test("an error costs the output, and the status is 1", async () => {
  const [first] = pair();
  const broken = write("broken.conf", "vrrp_instance V {\ninterface eth0\nvirtual_router_id 0\nvirtual_ipaddress {\n10.0.0.1\n}\n}");
  assert.deepEqual(await run(first, broken), {
    status: 1,
    out: "",
    errors: ["broken.conf:3:19: error: virtual_router_id: expected a whole number from 1 to 255, got `0`"],
  });
  const equal = write("equal.conf", instance());
  const compared = await run(first, equal);
  assert.deepEqual([compared.status, compared.out], [1, ""]);
  assert.match(compared.errors[0] ?? "", /^equal\.conf:4:1: error: priority is 100 on lb1/);
  assert.deepEqual(await run(join(directory, "none.conf")), {
    status: 1,
    out: "",
    errors: ["none.conf:1:1: error: none.conf cannot be read: no such file"],
  });
});

const usages: [args: string[], message: RegExp][] = [
  [[], /import needs at least one FILE/],
  [["--nonsense"], /Unknown option '--nonsense'/],
  [["a/x.conf", "b/x.conf"], /^aloft: a\/x\.conf and b\/x\.conf are both of node x: write NODE=FILE;/],
  [["My_Node=x.conf"], /^aloft: "My_Node" is no name of a node: write NODE=x\.conf;/],
  [["=x.conf"], /is no name of a node/],
];

for (const [args, message] of usages)
  test(`usage: import ${args.join(" ")}`, async () => {
    const { status, out, errors } = await run(...args);
    assert.deepEqual([status, out, errors.length], [2, "", 1]);
    assert.match(errors[0] ?? "", message);
  });

test("--explain answers for every line, in columns", async () => {
  const file = write(
    "x.conf",
    `global_defs {\n  router_id R1\n  vrrp_rt_priority 5\n  unknown_word 5\n}\nvirtual_server 10.0.0.9 80 {\n  lb_algo rr\n  lb_kind DR\n  real_server 10.0.0.8 80 {\n  }\n}\n${instance(
      "state MASTER\nauthentication {\nauth_type PASS\nauth_pass geheim\n}\nvirtual_ipaddress {\n10.0.0.1/24 dev eth1 label eth1:1\n}\nnopreempt",
    )}`,
  );
  const { status, out } = await run("--explain", `lb1=${file}`);
  assert.equal(status, 0);
  const lines = out.replaceAll(`${directory}/`, "").split("\n");
  assert.deepEqual(lines, [
    "x.conf:1   global_defs {                          → AgentConfig lb1",
    "x.conf:2     router_id R1                           ignored: it has an effect only with other settings",
    "x.conf:3     vrrp_rt_priority 5                     ignored: the core asks for real-time scheduling and locked memory by itself",
    "x.conf:4     unknown_word 5                         ignored: unknown keyword `unknown_word` in global_defs, ignored",
    "x.conf:6   virtual_server 10.0.0.9 80 {           → VirtualServer 10-0-0-9-80-udp",
    "x.conf:7     lb_algo rr                           → VirtualServer 10-0-0-9-80-udp: scheduler = rr",
    "x.conf:8     lb_kind DR                           → VirtualServer 10-0-0-9-80-udp: forwarding = DR",
    "x.conf:9     real_server 10.0.0.8 80 {            → VirtualServer 10-0-0-9-80-udp: realServers",
    "x.conf:12  vrrp_instance V {                      → VirtualIP v",
    "x.conf:13    interface eth0                       → VirtualIP v: interface = eth0",
    "x.conf:14    virtual_router_id 1                  → VirtualIP v: vrrp.virtualRouterID = 1",
    "x.conf:15    priority 100                         → VirtualIP v: nodes.overrides[lb1].priority = 100",
    "x.conf:16    state MASTER                           ignored: every instance begins as BACKUP, and the election decides",
    "x.conf:17    authentication {                     → VirtualIP v: vrrp.authentication",
    "x.conf:18      auth_type PASS                     → VirtualIP v: vrrp.authentication.type = PASS",
    "x.conf:19      auth_pass ********                 → Secret v-vrrp: stringData.password",
    "x.conf:21    virtual_ipaddress {                  → VirtualIP v: addresses",
    "x.conf:22      10.0.0.1/24 dev eth1 label eth1:1  → VirtualIP v: addresses (interface, label)",
    "x.conf:24    nopreempt                            → VirtualIP v: vrrp.preempt = false",
  ]);
});
