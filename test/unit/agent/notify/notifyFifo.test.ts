import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, closeSync, constants, existsSync, lstatSync, openSync, readSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { NotificationCounters } from "../../../../src/agent/notify/notificationCounters.ts";
import { NotifyFifo } from "../../../../src/agent/notify/notifyFifo.ts";
import { findAccount } from "../../../../src/agent/programs/accounts.ts";
import { VirtualClock } from "../../runtime/virtualClock.ts";
import { recordedLog } from "../recordedLog.ts";
import { temporaryDirectory } from "../stateFiles.ts";

const needsRoot = process.getuid?.() === 0 ? false : "only root can give files away";

async function setUp(context: TestContext, path: string) {
  const { log, lines } = recordedLog();
  const clock = new VirtualClock();
  const counters = new NotificationCounters();
  const fifo = new NotifyFifo({ path, owner: () => findAccount(undefined), counters, log, clock });
  context.after(() => fifo.close());
  const counts = () =>
    counters
      .list()
      .filter(({ count }) => count > 0)
      .map(({ result, count }) => `${result} ${count}`);
  return { fifo, lines, clock, counts };
}

function reader(context: TestContext, path: string): () => string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  context.after(() => closeSync(file));
  const buffer = Buffer.alloc(1 << 20);
  return () => {
    try {
      return buffer.toString("utf8", 0, readSync(file, buffer));
    } catch {
      return "";
    }
  };
}

test("a FIFO is made for the script user; lines from before it was open are not lost; it goes with the agent", async (context) => {
  const path = join(temporaryDirectory(context), "fifo");
  const { fifo, lines } = await setUp(context, path);
  fifo.write("first\n");
  await fifo.opened();
  assert.deepEqual(lines, []);
  const status = lstatSync(path);
  assert.ok(status.isFIFO());
  assert.equal(status.mode & 0o777, 0o640);
  const owner = await findAccount(undefined);
  assert.equal(status.uid, owner.ok && owner.account.uid);
  fifo.write("second\n");
  assert.equal(reader(context, path)(), "first\nsecond\n");
  await fifo.close();
  assert.ok(!existsSync(path));
});

test("a FIFO that was there is used as it is, and stays", async (context) => {
  const path = join(temporaryDirectory(context), "fifo");
  execFileSync("mkfifo", ["-m", "0600", path]);
  const { fifo, lines } = await setUp(context, path);
  await fifo.opened();
  fifo.write("line\n");
  assert.equal(reader(context, path)(), "line\n");
  await fifo.close();
  assert.deepEqual([lines, lstatSync(path).mode & 0o777], [[], 0o600]);
});

test("nobody who reads: writing never waits, and the newest lines are kept until somebody does", async (context) => {
  const path = join(temporaryDirectory(context), "fifo");
  const { fifo, lines, clock, counts } = await setUp(context, path);
  await fifo.opened();
  const line = (index: number) => `${String(index).padStart(99, "0")}\n`;
  const startedAt = performance.now();
  for (let index = 0; index < 3000; index += 1) fifo.write(line(index));
  assert.ok(performance.now() - startedAt < 1000);
  assert.equal(lines.length, 1, "told once");
  const read = reader(context, path);
  const before = read();
  assert.equal(before.slice(0, 100), line(0), "what the kernel has taken cannot be taken back");
  let after = "";
  for (let second = 0; second < 3; second += 1) {
    await clock.advance(1000);
    after += read();
  }
  const newest = Array.from({ length: 1024 }, (_, index) => line(3000 - 1024 + index)).join("");
  assert.equal(after, newest);
  assert.deepEqual(counts(), [
    `delivered ${(before.length + after.length) / 100}`,
    `dropped ${3000 - (before.length + after.length) / 100}`,
  ]);
});

test("planted things are refused: a link, a file, a FIFO of somebody else, a relative path", { skip: needsRoot }, async (context) => {
  const directory = temporaryDirectory(context);
  const target = join(directory, "target");
  writeFileSync(target, "");
  execFileSync("mkfifo", [join(directory, "real")]);
  const planted = {
    link: (path: string) => symlinkSync(join(directory, "real"), path),
    dangling: (path: string) => symlinkSync(join(directory, "missing"), path),
    file: (path: string) => writeFileSync(path, ""),
    foreign: (path: string) => {
      execFileSync("mkfifo", [path]);
      chmodSync(path, 0o666);
      chownSync(path, 1234, 1234);
    },
  };
  const reasons: Record<string, unknown> = {};
  for (const [name, plant] of Object.entries(planted)) {
    const path = join(directory, name);
    plant(path);
    const { fifo, lines } = await setUp(context, path);
    fifo.write("secret\n");
    await fifo.opened();
    fifo.write("secret\n");
    reasons[name] = lines[0]?.reason;
    await fifo.close();
    assert.ok(lstatSync(path), "it is left alone");
  }
  const { fifo, lines } = await setUp(context, "fifo");
  await fifo.opened();
  assert.deepEqual(
    { ...reasons, relative: lines[0]?.reason },
    {
      link: "it is a symbolic link",
      dangling: "it is a symbolic link",
      file: "it is not a FIFO",
      foreign: "it belongs to user 1234, who may have planted it",
      relative: "its path is not absolute",
    },
  );
  assert.ok(!existsSync(join(directory, "missing")));
});
