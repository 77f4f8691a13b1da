/**
 * Every sample of keepalived.conf with virtual servers, one after the other: the table that the kernel has by the file, by what `aloft import`
 * makes of it, and by keepalived. Each is a reload of the one before.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parseAllDocuments } from "yaml";
import { runImportCommand } from "../../src/cli/importCommand.ts";
import { yamlFile } from "../netns/agentStandaloneProcess.ts";
import { until } from "../support/waiting.ts";
import { FileDirector, fixture } from "./fileDirector.ts";
import { FixtureBed } from "./fixtureBed.ts";

/** What a machine with one slow processor may add to a bound. */
const slackMs = 3_000;
const route = (...servers: string[]) => servers.map((server) => `${server} Route 1`);
const vip = "TCP 10.1.0.93";
const mark3 = { "FWM 3 rr": route("172.16.0.69:0", "172.16.0.6:0") };
const lvsDr = { "TCP 192.168.1.100:80 rr": route("192.168.1.2:80", "192.168.1.3:80") };
const haIpvs = { [`${vip}:80 rr`]: route("10.1.0.69:80", "10.1.0.71:80") };
const threeToOne = (port: number) => [`10.1.0.69:${port} Route 1`, `10.1.0.71:${port} Route 3`];
const schedulers = ["rr", "wrr", "lc", "wlc", "lblc", "sh", "dh"];

/** With all servers up, by the samples' README; persistence is compared with keepalived's alone. */
const samples: Record<string, Record<string, string[]>> = {
  "check-http-get-full": { [`${vip}:80 wrr`]: ["10.1.0.69:80 Route 3"] },
  "check-ssl-get-full": { [`${vip}:443 wrr`]: route("10.1.0.69:443") },
  "check-tcp": { [`${vip}:80 rr`]: route("10.1.0.69:80") },
  "check-tcp.broken": { [`${vip}:80 rr`]: route("10.1.0.69:80") },
  "check-tcp-full": { [`${vip}:80 wrr`]: route("10.1.0.69:80") },
  "dual-master-lvs-fwmark-node1": mark3,
  "ipvsadm-equivalent": { "TCP 10.10.10.100:80 rr": route("10.10.10.13:80", "10.10.10.14:80") },
  "dual-master-lvs-fwmark-node2": mark3,
  "ha-ipvs-dr": haIpvs,
  "dual-master-lvs-fwmark-node1.broken": mark3,
  "ha-ipvs-dr-backup": haIpvs,
  "lvs-dr-master": lvsDr,
  "rs-monitor-equivalent": { "TCP 10.10.10.100:80 rr": ["10.10.10.13:80 Route 2", "10.10.10.14:80 Route 1"] },
  "lvs-dr-backup": lvsDr,
  "syn-check-smtp": { [`${vip}:25 wlc`]: route("10.1.0.69:25", "10.1.0.71:25") },
  "syn-lvs-nat": { "TCP 192.168.200.16:80 wrr": ["10.9.0.11:8080 Masq 2", "10.9.0.12:8080 Masq 1"] },
  "syn-lvs-tun": { [`${vip}:80 wlc`]: ["10.2.0.69:80 Tunnel 1", "10.3.0.71:80 Tunnel 1"] },
  "syn-persistence": { [`${vip}:80 rr`]: route("10.1.0.69:80", "10.1.0.71:80") },
  "syn-schedulers": Object.fromEntries(schedulers.map((name, index) => [`${vip}:${8001 + index} ${name}`, threeToOne(8001 + index)])),
  "syn-virtual-server-group": {
    ...Object.fromEntries([93, 94, 95].map((host) => [`TCP 10.1.0.${host}:80 wlc`, route("10.1.0.69:80")])),
    "FWM 7 wlc": route("10.1.0.69:0"),
  },
  "syn-check-misc": { [`${vip}:80 wrr`]: ["10.1.0.69:80 Route 5", "10.1.0.71:80 Route 5"] },
};
const files = Object.keys(samples);

/** In a cluster they say whose an AgentConfig is. */
function withoutSelectors(yaml: string): string {
  const objects = parseAllDocuments(yaml).map((document) => document.toJS() as { spec?: { nodeSelector?: unknown } });
  for (const { spec } of objects) if (spec) delete spec.nodeSelector;
  return yamlFile(...objects);
}

describe("samples of keepalived.conf", () => {
  let bed: FixtureBed;
  let directors: FileDirector[];
  const answers: ((server: string, word: string) => void)[] = [];

  before(async () => {
    bed = await FixtureBed.create(3);
    const [first = ""] = files;
    const nodes = [bed.take(), bed.take(), bed.take()] as const;
    directors = await Promise.all([
      FileDirector.start(bed.lan, nodes[0], "aloft", textFor(nodes[0], first)),
      FileDirector.start(bed.lan, nodes[1], "keepalived", textFor(nodes[1], first)),
      FileDirector.start(bed.lan, nodes[2], "aloft", await imported(nodes[2], first), { ending: "yaml" }),
    ]);
  });
  after(() => bed?.destroy());

  /** Of a page that nobody knows the digest is left out. */
  function textFor(node: string, file: string): string {
    const { text, answer } = bed.withPrograms(node, fixture(file).replace(/^.*\bdigest .*$/m, ""));
    for (const server of ["10.1.0.69", "10.1.0.71"]) answer(server, "0");
    answers.push(answer);
    return text;
  }

  async function imported(node: string, file: string): Promise<string> {
    const source = join(bed.lan.directory, `${node}.conf`);
    writeFileSync(source, textFor(node, file));
    let [yaml, remarks] = ["", ""];
    const status = await runImportCommand([`${node}=${source}`], { out: (text) => (yaml += text), error: (text) => (remarks += text) });
    assert.equal(status, 0, remarks);
    return withoutSelectors(yaml);
  }

  const table = (director: FileDirector) => Object.fromEntries(director.table());
  const sorted = (wanted: Record<string, string[]>) =>
    Object.fromEntries(Object.entries(wanted).map(([service, servers]) => [service, [...servers].sort()]));
  const text = (value: object) => JSON.stringify(Object.entries(value).sort());

  for (const [file, wanted] of Object.entries(samples)) {
    test(`${file}: the table is keepalived's, by the file and by its import`, async () => {
      const [conf, keepalived, yaml] = directors as [FileDirector, FileDirector, FileDirector];
      if (file !== files[0]) {
        await Promise.all([
          conf.reload(textFor(conf.node, file)),
          keepalived.reload(textFor(keepalived.node, file)),
          yaml.reload(await imported(yaml.node, file)),
        ]);
      }
      const isSettled = () => directors.every((director) => text(table(director)) === text(sorted(wanted)));
      await until("the table", isSettled, { timeoutMs: 8_000, everyMs: 20 }).catch(() => {});
      for (const director of directors) assert.deepEqual(table(director), sorted(wanted), director.process.logTail(8));
      const theirs = await keepalived.saved();
      assert.deepEqual(await conf.saved(), theirs, "by the file");
      assert.deepEqual(await yaml.saved(), theirs, "by its import");
    });
  }

  test("syn-check-misc: the exit status removes a server, or is its weight, and a program that hangs is a failure", async () => {
    const both = directors.slice(0, 2);
    const service = `${vip}:80 wrr`;
    const answer = (server: string, word: string) => {
      for (const tell of answers.slice(-3)) tell(server, word);
    };
    const becomes = (servers: string[], timeoutMs: number) => Promise.all(both.map((one) => one.has(service, servers, timeoutMs)));
    answer("10.1.0.69", "1");
    answer("10.1.0.71", "22");
    // One check each 6 s, that may run for 4 s.
    await becomes(["10.1.0.71:80 Route 20"], 6_000 + slackMs);
    answer("10.1.0.69", "0");
    answer("10.1.0.71", "hang");
    await becomes(["10.1.0.69:80 Route 5"], 10_000 + slackMs);
  });

  test("check-http-get-full to the letter: no page has its digest, and the sorry server serves", async () => {
    const both = directors.slice(0, 2);
    for (const director of both) await director.reload(bed.withPrograms(director.node, fixture("check-http-get-full")).text);
    // A first check within 6 s, and at most three retries of 2 s.
    await Promise.all(both.map((one) => one.has(`${vip}:80 wrr`, ["127.0.0.1:80 Route 1"], 12_000 + slackMs)));
    const [ours, theirs] = await Promise.all(both.map((one) => one.saved()));
    assert.deepEqual(ours, theirs);
  });
});
