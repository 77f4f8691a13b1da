import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { parseNumber } from "../../../../src/agent/checks/fileProbe.ts";
import {
  commOf,
  isLongName,
  matchArguments,
  type ProcessQuery,
  parseCommandLine,
  parseStat,
} from "../../../../src/agent/checks/processMatch.ts";
import { judgeCount } from "../../../../src/agent/checks/processProbe.ts";
import { ProcessTable } from "../../../../src/agent/checks/processTable.ts";
import { systemClock } from "../../../../src/runtime/clock.ts";
import { until } from "../../../support/waiting.ts";
import { VirtualClock } from "../../runtime/virtualClock.ts";
import { temporaryDirectory } from "../stateFiles.ts";

const any: Pick<ProcessQuery, "argumentsMatch"> = { argumentsMatch: "Contains" };

test("the status of a process is read, whatever its name holds", () => {
  assert.deepEqual(parseStat("12 (nginx) S 1 12 12"), { comm: "nginx", state: "S" });
  assert.deepEqual(parseStat("12 (a) b (c) Z 1"), { comm: "a) b (c", state: "Z" });
  for (const text of ["", "12", "12 (x", "12 (x)", ")("]) assert.equal(parseStat(text), undefined, text);
});

test("any bytes in the place of a status or a number are read without an error", () => {
  const bytes = fc.string({ unit: "binary" });
  const text = fc.oneof(
    bytes,
    fc.tuple(bytes, bytes).map(([comm, rest]) => `1 (${comm}) S${rest}`),
  );
  fc.assert(
    fc.property(text, (given) => {
      const status = parseStat(given);
      assert.ok(status === undefined || (status.state.length === 1 && given.includes(`(${status.comm})`)));
      parseCommandLine(given);
      const value = parseNumber(given);
      assert.ok(value === undefined || Number.isInteger(value));
      assert.ok(Buffer.byteLength(commOf(given)) <= 15 + 2, "a character cut in two takes the place of a mark of three bytes");
    }),
    { numRuns: 2000 },
  );
});

test("a name is compared as far as the kernel keeps it, 15 bytes", () => {
  assert.equal(commOf("nginx"), "nginx");
  assert.equal(commOf("prometheus-node-exporter"), "prometheus-node");
  assert.ok(isLongName("prometheus-node-exporter", ["/usr/bin/prometheus-node-exporter", "-x"]));
  assert.ok(isLongName("prometheus-node-exporter", ["/usr/bin/python3", "/opt/prometheus-node-exporter"]));
  assert.ok(!isLongName("prometheus-node-exporter", ["/usr/bin/prometheus-node-other"]));
  assert.ok(isLongName("nginx", ["anything"]));
});

test("a command line is split at its NULs; an empty last argument counts", () => {
  assert.deepEqual(parseCommandLine("a\0b c\0\0"), ["a", "b c", ""]);
  assert.deepEqual(parseCommandLine("nginx: worker process"), ["nginx: worker process"]);
  assert.deepEqual(parseCommandLine(""), []);
});

const rules: { mode: ProcessQuery["argumentsMatch"]; wanted: string[] | undefined; given: string[]; matches: boolean }[] = [
  { mode: "Exact", wanted: ["a", "b"], given: ["a", "b"], matches: true },
  { mode: "Exact", wanted: ["a", "b"], given: ["a", "b", "c"], matches: false },
  { mode: "Exact", wanted: [], given: [], matches: true },
  { mode: "Exact", wanted: [], given: ["a"], matches: false },
  { mode: "Exact", wanted: undefined, given: ["a"], matches: true },
  { mode: "Partial", wanted: ["a", "b"], given: ["a", "b", "c"], matches: true },
  { mode: "Partial", wanted: ["a", "b"], given: ["a", "bc"], matches: false },
  { mode: "Partial", wanted: ["b"], given: ["a", "b"], matches: false },
  { mode: "Initial", wanted: ["a", "b"], given: ["a", "bc", "d"], matches: true },
  { mode: "Initial", wanted: ["a", "b"], given: ["ax", "b"], matches: false },
  { mode: "Initial", wanted: ["a", "b"], given: ["a"], matches: false },
  { mode: "Initial", wanted: [], given: ["a"], matches: true },
  { mode: "Contains", wanted: ["b", "d"], given: ["a", "b", "c", "d"], matches: true },
  { mode: "Contains", wanted: ["d", "b"], given: ["a", "b", "c", "d"], matches: false },
  { mode: "Contains", wanted: ["b", "b"], given: ["a", "b"], matches: false },
];

for (const { mode, wanted, given, matches } of rules) {
  test(`arguments: ${mode} ${JSON.stringify(wanted)} ${matches ? "takes" : "refuses"} ${JSON.stringify(given)}`, () => {
    assert.equal(matchArguments({ name: "x", arguments: wanted, argumentsMatch: mode }, given), matches);
  });
}

test("quorum: enough and not too many; a maximum of 0 wants none", () => {
  const message = (count: number, minimum: number, maximum?: number) => judgeCount(count, { minimum, maximum }).message;
  assert.equal(message(1, 1), "");
  assert.equal(message(0, 1), "0 of at least 1 processes run");
  assert.equal(message(3, 1, 2), "3 of at most 2 processes run");
  assert.equal(message(0, 1, 0), "");
  assert.equal(message(1, 1, 0), "1 of at most 0 processes run");
});

/** A program of a name of its own, which sleeps. */
function sleeper(context: TestContext, name: string): string {
  const path = join(realpathSync(temporaryDirectory(context)), name);
  copyFileSync("/bin/sleep", path);
  return path;
}

function start(context: TestContext, path: string, ...args: string[]): ChildProcess {
  const child = spawn(path, args, { stdio: "ignore" });
  context.after(() => child.kill("SIGKILL"));
  return child;
}

test("processes of this machine are counted by name, by executable and by arguments", async (context) => {
  const path = sleeper(context, `zz${process.pid}`);
  const name = `zz${process.pid}`;
  const table = new ProcessTable({ clock: systemClock });
  const count = (query: Partial<ProcessQuery>) => table.count({ name, ...any, ...query });
  const children = [start(context, path, "300"), start(context, path, "301")];
  await until("both processes", async () => (await count({})) === 2, { everyMs: 60 });
  assert.equal(await count({ name: path }), 2);
  assert.equal(await count({ arguments: ["301"] }), 1);
  assert.equal(await count({ name: name.slice(0, -1) }), 0);
  const link = `${path}-link`;
  symlinkSync(path, link);
  assert.equal(await count({ name: link }), 2, "by way of a link");
  rmSync(path);
  const later = new ProcessTable({ clock: systemClock });
  assert.equal(await later.count({ name: path, ...any }), 2, "its file is gone, as after an upgrade");
  children[0]?.kill("SIGKILL");
  await until("the end of one to be noticed", async () => (await count({})) === 1, { everyMs: 5, timeoutMs: 2000 });
});

test("a name longer than the kernel keeps is told from another that begins alike", async (context) => {
  const name = `long-program-name-${process.pid}`;
  const other = `${name}-other`;
  const table = new ProcessTable({ clock: systemClock });
  start(context, sleeper(context, name), "300");
  start(context, sleeper(context, other), "300");
  await until("both processes", async () => (await table.count({ name: other, ...any })) === 1, { everyMs: 60 });
  assert.equal(await table.count({ name, ...any }), 1);
});

test("a zombie does not count", async (context) => {
  const path = sleeper(context, `yy${process.pid}`);
  // The shell becomes a sleep that never waits for its child.
  const parent = start(context, "/bin/sh", "-c", `${path} 300 & exec sleep 300`);
  const table = new ProcessTable({ clock: systemClock });
  const query = { name: `yy${process.pid}`, ...any };
  await until("the process", async () => (await table.count(query)) === 1, { everyMs: 60 });
  const pid = readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, "utf8").trim();
  process.kill(Number(pid), "SIGKILL");
  await until("the zombie", () => / Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8")), { everyMs: 10 });
  assert.equal(await table.count(query), 0);
});

/** A proc file system on disk, where the test says what there is. */
function playedProc(context: TestContext) {
  const root = temporaryDirectory(context);
  const put = (pid: number, comm: string) => {
    mkdirSync(join(root, String(pid)), { recursive: true });
    writeFileSync(join(root, String(pid), "comm"), `${comm}\n`);
    writeFileSync(join(root, String(pid), "stat"), `${pid} (${comm}) S 1`);
  };
  const clock = new VirtualClock();
  return {
    put,
    clock,
    table: new ProcessTable({ clock, root }),
    remove: (pid: number) => rmSync(join(root, String(pid)), { recursive: true }),
  };
}

test("one reading serves all who ask at the same time", async (context) => {
  const { put, table } = playedProc(context);
  for (let pid = 1; pid <= 500; pid += 1) put(pid, "idle");
  put(501, "nginx");
  const counts = await Promise.all(Array.from({ length: 20 }, () => table.count({ name: "nginx", ...any })));
  assert.deepEqual(new Set(counts), new Set([1]));
  assert.ok(table.looks <= 501 + 20, `${table.looks} looks`);
});

test("a reading looks at what is new, young or due; a late change of name is found within 5 s, an end at once", async (context) => {
  const { put, remove, clock, table } = playedProc(context);
  for (let pid = 1; pid <= 1000; pid += 1) put(pid, "idle");
  const count = async () => {
    await clock.advance(1000);
    return table.count({ name: "nginx", ...any });
  };
  await count();
  for (let second = 0; second < 12; second += 1) {
    const before = table.looks;
    await count();
    const looks = table.looks - before;
    assert.ok(looks > 150 && looks < 250, `${looks} looks in a reading`);
  }
  put(1001, "sh");
  assert.equal(await count(), 0);
  put(1001, "nginx");
  assert.equal(await count(), 1, "it is young");
  put(500, "nginx");
  const counts: number[] = [];
  for (let second = 0; second < 6; second += 1) counts.push(await count());
  assert.equal(counts.at(-1), 2, String(counts));
  remove(500);
  put(1001, "other");
  assert.equal(await count(), 0);
});
