import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { FileProbe, parseNumber } from "../../../../src/agent/checks/fileProbe.ts";
import type { ProbeTools } from "../../../../src/agent/checks/probe.ts";
import { systemClock } from "../../../../src/runtime/clock.ts";
import { silentLogger } from "../../../../src/runtime/log.ts";
import { until } from "../../../support/waiting.ts";
import { recordedLog } from "../recordedLog.ts";
import { temporaryDirectory } from "../stateFiles.ts";

test("numbers are read as strtol(3) does", () => {
  const table: [string, number | undefined][] = [
    ["0", 0],
    ["5\n", 5],
    [" \t-12 rest", -12],
    ["+7", 7],
    ["0x1F", 31],
    ["010", 8],
    ["-0", 0],
    ["09", 0],
    ["5abc", 5],
    ["abc", 0],
    ["", 0],
    ["0x", 0],
    ["2147483647", 2147483647],
    ["-2147483648", -2147483648],
    ["2147483648", undefined],
    ["99999999999999999999", undefined],
  ];
  for (const [text, value] of table) assert.equal(parseNumber(text), value, JSON.stringify(text));
});

function probe(context: TestContext, path: string, present?: "Up" | "Down", log = silentLogger): FileProbe {
  const made = new FileProbe({ path, present }, { clock: systemClock, log, initialFiles: "None" });
  context.after(() => made.close());
  return made;
}

test("a maintenance file that is there is down, one that must be there is up", async (context) => {
  const path = join(temporaryDirectory(context), "file");
  const [maintenance, needed] = [probe(context, path, "Down"), probe(context, path, "Up")];
  assert.deepEqual(await maintenance.run(), { good: true, message: "" });
  assert.deepEqual(await needed.run(), { good: false, message: `${path} is not there` });
  writeFileSync(path, "");
  assert.deepEqual(await maintenance.run(), { good: false, message: `${path} is there` });
  assert.deepEqual(await needed.run(), { good: true, message: "" });
});

test("the number of a file is told, 0 for one that is missing or empty", async (context) => {
  const path = join(temporaryDirectory(context), "file");
  const number = probe(context, path);
  assert.deepEqual(await number.run(), { good: true, message: "", value: 0 });
  writeFileSync(path, "-20\n");
  assert.deepEqual(await number.run(), { good: false, message: `${path} holds -20`, value: -20 });
  writeFileSync(path, "");
  assert.deepEqual(await number.run(), { good: true, message: "", value: 0 });
});

test("a number that 32 bits do not hold leaves the result as it is, and is told once", async (context) => {
  const { log, lines } = recordedLog();
  const path = join(temporaryDirectory(context), "file");
  writeFileSync(path, "99999999999");
  const number = probe(context, path, undefined, log);
  assert.equal(await number.run(), undefined);
  assert.equal(await number.run(), undefined);
  assert.equal(lines.length, 1);
});

test("a directory in the place of a number leaves the result as it is, a FIFO does not hold anything up", async (context) => {
  const directory = temporaryDirectory(context);
  assert.equal(await probe(context, directory).run(), undefined);
  const fifo = join(directory, "fifo");
  execFileSync("mkfifo", [fifo]);
  assert.equal(await probe(context, fifo).run(), undefined);
});

test("a change is hinted at within moments, also where the directory came later", async (context) => {
  const directory = join(temporaryDirectory(context), "later");
  const path = join(directory, "file");
  const watched = probe(context, path, "Down");
  let hints = 0;
  watched.watch(() => {
    hints += 1;
  });
  mkdirSync(directory);
  await watched.run();
  const next = async (what: string, change: () => void) => {
    const before = hints;
    change();
    await until(what, () => hints > before, { timeoutMs: 2000, everyMs: 5 });
    // What belongs to this change is over before the next.
    await new Promise((resolve) => setTimeout(resolve, 50));
  };
  await next("a hint that the file is there", () => writeFileSync(path, "1"));
  await next("a hint that it changed", () => writeFileSync(path, "2"));
  await next("a hint that it is gone", () => rmSync(path));
  const before = hints;
  writeFileSync(join(directory, "other"), "");
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(hints, before, "another file");
});

type InitialFiles = ProbeTools["initialFiles"];

function initialProbe(context: TestContext, path: string, initialFiles: InitialFiles, create = { value: -20, overwrite: true }) {
  const { log, lines } = recordedLog();
  const made = new FileProbe({ path, create }, { clock: systemClock, log, initialFiles });
  context.after(() => made.close());
  return { made, problems: () => lines.map(({ problem }) => problem) };
}

test("a file that is missing is made before its number is read, and only once", async (context) => {
  const path = join(temporaryDirectory(context), "file");
  const { made, problems } = initialProbe(context, path, "Missing");
  assert.equal((await made.run())?.value, -20);
  assert.equal(readFileSync(path, "utf8"), "-20\n");
  assert.equal(statSync(path).mode & 0o777, 0o644 & ~process.umask());
  rmSync(path);
  assert.equal((await made.run())?.value, 0);
  assert.deepEqual([existsSync(path), problems()], [false, []]);
});

test("a file that is there is written to at the start alone, and where that is asked for", async (context) => {
  const path = join(temporaryDirectory(context), "file");
  const table: [InitialFiles, boolean, value: number][] = [
    ["None", true, 5],
    ["Missing", true, 5],
    ["All", false, 5],
    ["All", true, -20],
  ];
  for (const [initialFiles, overwrite, value] of table) {
    writeFileSync(path, "5 and more\n");
    const { made, problems } = initialProbe(context, path, initialFiles, { value: -20, overwrite });
    assert.equal((await made.run())?.value, value, `${initialFiles} ${overwrite}`);
    assert.deepEqual(problems(), []);
  }
  assert.equal(readFileSync(path, "utf8"), "-20\n");
});

test("in a cluster no file is made", async (context) => {
  const path = join(temporaryDirectory(context), "file");
  assert.equal((await initialProbe(context, path, "None").made.run())?.value, 0);
  assert.equal(existsSync(path), false);
});

test("what is no file of its own is not written to: a link, a second name of another file, a FIFO, a directory", async (context) => {
  const directory = temporaryDirectory(context);
  const [other, path] = [join(directory, "other"), join(directory, "file")];
  const plants: [name: string, plant: () => void, problem: RegExp][] = [
    ["link", () => symlinkSync(other, path), /ELOOP/],
    ["dangling link", () => symlinkSync(join(directory, "missing"), path), /ELOOP/],
    ["second name", () => linkSync(other, path), /not a regular file of one name/],
    ["FIFO", () => execFileSync("mkfifo", [path]), /ENXIO/],
    ["directory", () => mkdirSync(path), /EISDIR/],
  ];
  for (const [name, plant, problem] of plants) {
    writeFileSync(other, "5\n");
    plant();
    const { made, problems } = initialProbe(context, path, "All");
    await made.run();
    assert.match(String(problems()[0]), problem, name);
    assert.equal(readFileSync(other, "utf8"), "5\n", name);
    assert.equal(existsSync(join(directory, "missing")), false, name);
    rmSync(path, { recursive: true });
    rmSync(other);
  }
});
