/**
 * keepalived.conf with quorum, sorry servers, inhibit_on_failure, alpha, omega, ha_suspend, notify programs and the rarer checkers, run by
 * Aloft and by keepalived beside it: tables and calls of programs are the same at each step.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { until } from "../support/waiting.ts";
import { FileDirector, type Make } from "./fileDirector.ts";
import { FixtureBed } from "./fixtureBed.ts";

const [one, two] = ["10.10.10.13", "10.10.10.14"];
const makes: Make[] = ["aloft", "keepalived"];
const sorry = (port: number) => `127.0.0.1:${port}`;
const tcp = "TCP_CHECK {\nconnect_timeout 1\nretry 1\ndelay_before_retry 0\n}";

interface Service {
  port: number;
  protocol?: "TCP" | "UDP";
  lines?: string[];
  serverLines?: (server: string) => string[];
}

const note = (keyword: string, what: string) => `${keyword} "/etc/keepalived/rs.sh ${what}"`;

const services: Record<string, Service> = {
  quorum: {
    port: 8001,
    lines: [
      "quorum 3",
      "hysteresis 1",
      note("quorum_up", "quorum up"),
      note("quorum_down", "quorum down"),
      `sorry_server ${sorry(8001).replace(":", " ")}`,
    ],
    serverLines: (server) => [note("notify_up", `quorum up ${server}`), note("notify_down", `quorum down ${server}`), tcp],
  },
  inhibit: {
    port: 8002,
    lines: [`sorry_server ${sorry(8002).replace(":", " ")}`, "sorry_server_inhibit"],
    serverLines: (server) => ["inhibit_on_failure", note("notify_down", `inhibit down ${server}`), tcp],
  },
  alpha: {
    port: 8003,
    lines: ["alpha", "omega", note("quorum_up", "alpha up"), note("quorum_down", "alpha down")],
    serverLines: (server) => [note("notify_up", `alpha up ${server}`), note("notify_down", `alpha down ${server}`), tcp],
  },
  suspended: { port: 8004, lines: ["ha_suspend"], serverLines: () => [tcp] },
  ping: { port: 8005, serverLines: () => ["PING_CHECK {\nretry 1\ndelay_before_retry 0\nconnect_timeout 1\n}"] },
  udp: {
    port: 8006,
    protocol: "UDP",
    serverLines: () => ["UDP_CHECK {\nretry 1\ndelay_before_retry 0\nconnect_timeout 1\nrequire_reply\n}"],
  },
  dns: {
    port: 53,
    protocol: "UDP",
    serverLines: () => ["DNS_CHECK {\nretry 1\ndelay_before_retry 0\nconnect_timeout 1\ntype A\nname server.test\n}"],
  },
  file: { port: 8007, serverLines: () => ["FILE_CHECK {\ntrack_file load\nweight 1\n}"] },
};

function configuration(file: string): string {
  const blocks = Object.values(services).map(({ port, protocol = "TCP", lines = [], serverLines = () => [] }) =>
    [
      `virtual_server 10.1.0.93 ${port} {`,
      "delay_loop 1",
      "lb_algo wrr",
      "lb_kind DR",
      `protocol ${protocol}`,
      ...lines,
      ...[one, two].map((server) => `real_server ${server} ${port} {\nweight 2\n${serverLines(server).join("\n")}\n}`),
      "}",
    ].join("\n"),
  );
  return [`vrrp_track_file load {\nfile ${file}\nweight 0\n}`, ...blocks, ""].join("\n");
}

type Weights = Record<string, number>;

/** The servers of a service, by weight. */
function entries(name: string, weights: Weights): [service: string, servers: string[]] {
  const { port = 0, protocol = "TCP" } = services[name] ?? {};
  const servers = Object.entries(weights).map(
    ([server, weight]) => `${server.includes(":") ? server : `${server}:${port}`} Route ${weight}`,
  );
  return [`${protocol} 10.1.0.93:${port} wrr`, servers.sort()];
}

const both = { [one]: 2, [two]: 2 };
/** The sorry server of "inhibit" beside them. */
const idle = { [sorry(8002)]: 0, ...both };
const checked = ["ping", "udp", "dns"];

describe("keepalived.conf beside keepalived", () => {
  let bed: FixtureBed;
  const directors: FileDirector[] = [];
  const called: (() => string[])[] = [];
  const files: string[] = [];

  before(async () => {
    bed = await FixtureBed.create(2);
    for (const make of makes) {
      const node = bed.take();
      const file = join(bed.lan.directory, `load-${node}`);
      writeFileSync(file, "0\n");
      files.push(file);
      const programs = bed.withPrograms(node, configuration(file));
      called.push(programs.called);
      directors.push(FileDirector.launch(bed.lan, node, make, programs.text));
    }
    await Promise.all(directors.map((director) => director.ready()));
  });
  after(() => bed?.destroy());

  /** Both have these weights, the same table to the letter, and have called the same programs. */
  async function becomes(changes: Record<string, Weights>): Promise<void> {
    const untouched = Object.fromEntries(Object.keys(services).map((name) => [name, both]));
    const wanted = Object.entries({ ...untouched, ...changes }).map(([name, weights]) => entries(name, weights));
    const text = JSON.stringify(wanted.sort());
    const isSo = () => directors.every((director) => JSON.stringify([...director.table()].sort()) === text);
    await until("the tables", isSo, { timeoutMs: 8_000, everyMs: 20 }).catch(() => {});
    for (const director of directors)
      assert.deepEqual(Object.fromEntries(director.table()), Object.fromEntries(wanted), director.process.logTail(6));
    const [ours, theirs] = await Promise.all(directors.map((director) => director.saved()));
    assert.deepEqual(ours, theirs);
    await sameCalls();
  }

  /** Of one virtual server, in its order; several may run at a time. */
  const calls = (notes: string[]) => ["quorum", "inhibit", "alpha"].map((name) => notes.filter((line) => line.startsWith(name)).sort());

  async function sameCalls(): Promise<void> {
    const seen = () => called.map((notes) => calls(notes()));
    const same = () => {
      const [ours, theirs] = seen();
      return JSON.stringify(ours) === JSON.stringify(theirs);
    };
    await until("the same calls", same, { timeoutMs: 3_000 }).catch(() => {});
    const [ours, theirs] = seen();
    assert.deepEqual(ours, theirs, directors[0]?.process.logTail(8));
  }

  const countOf = (what: string) => Math.min(...called.map((notes) => notes().filter((line) => line === what).length));
  /** By both: until then they have called the same, too. */
  const untilCalled = (what: string, times = 1) =>
    until(`${times} calls of ${what}`, () => countOf(what) >= times, {
      timeoutMs: 3_000,
      hint: () => called.map((notes) => notes().join("; ")).join(" | "),
    });

  test("at first: alpha has servers once they have been asked, sorry_server_inhibit its server with weight 0", () =>
    becomes({ inhibit: idle }));

  test("one server of two is out: there is quorum still; inhibit_on_failure leaves it with weight 0; ha_suspend asks nobody", async () => {
    await bed.serverFailures({ refused: [one] });
    const out = { [two]: 2 };
    const changes = Object.fromEntries(["quorum", "alpha", ...checked].map((name) => [name, out]));
    await becomes({ ...changes, inhibit: { ...idle, [one]: 0 } });
  });

  test("both are out: the sorry server serves, quorum_down runs", async () => {
    await bed.serverFailures({ refused: [one], silent: [two] });
    const changes = Object.fromEntries(["alpha", ...checked].map((name) => [name, {}]));
    await becomes({ ...changes, quorum: { [sorry(8001)]: 1 }, inhibit: { [sorry(8002)]: 1, [one]: 0, [two]: 0 } });
    await untilCalled("quorum down");
  });

  test("one is back: below quorum + hysteresis the sorry server goes on", async () => {
    await bed.serverFailures({ silent: [two] });
    const changes = Object.fromEntries(["alpha", ...checked].map((name) => [name, { [one]: 2 }]));
    await becomes({ ...changes, quorum: { [sorry(8001)]: 1 }, inhibit: { ...idle, [two]: 0 } });
  });

  test("both are back: quorum_up runs, and a sorry server with sorry_server_inhibit stays with weight 0", async () => {
    await bed.serverFailures({});
    await becomes({ inhibit: idle });
    await untilCalled("quorum up", 2);
    assert.equal(countOf("quorum up"), 2);
  });

  test("FILE_CHECK: the number in the file is added to the weights", async () => {
    for (const file of files) writeFileSync(file, "5\n");
    await becomes({ inhibit: idle, file: { [one]: 7, [two]: 7 } });
  });

  test("omega: at the end the programs of down and quorum_down run, and the table is empty", async () => {
    const before = countOf("alpha down");
    const ends = await Promise.all(directors.map((director) => director.process.stop(15_000)));
    assert.deepEqual(
      ends.map(({ code }) => code),
      [0, 0],
    );
    await untilCalled("alpha down", before + 1);
    await sameCalls();
    assert.ok(!called[0]?.().slice(-6).includes("inhibit down"));
    for (const director of directors) assert.deepEqual(await director.saved(), {});
  });
});
