import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lockStateDirectory } from "../../../../src/agent/state/stateLock.ts";
import { temporaryDirectory } from "../stateFiles.ts";

const lockModule = new URL("../../../../src/agent/state/stateLock.ts", import.meta.url).href;

/** Locks the directory in a process of its own, which then ends: by itself, or as SIGKILL ends it. */
function lockElsewhere(directory: string, end = ""): string {
  const script = `import { lockStateDirectory } from ${JSON.stringify(lockModule)};
    try { lockStateDirectory(${JSON.stringify(directory)}); console.log("locked"); ${end} } catch (error) { console.log(error.code); }`;
  return spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }).stdout.trim();
}

test("a directory that does not exist is made, and locked for other processes until it is released", (context) => {
  const directory = join(temporaryDirectory(context), "a", "b");
  const lock = lockStateDirectory(directory);
  assert.equal(lockElsewhere(directory), "ALOFT_STATE_LOCKED");
  lock.release();
  assert.equal(lockElsewhere(directory), "locked");
});

test("a killed process leaves no lock", (context) => {
  const directory = temporaryDirectory(context);
  assert.equal(lockElsewhere(directory, 'process.kill(process.pid, "SIGKILL");'), "locked");
  lockStateDirectory(directory).release();
});

test("a directory that cannot be made is told", (context) => {
  const file = join(temporaryDirectory(context), "file");
  writeFileSync(file, "");
  assert.throws(() => lockStateDirectory(join(file, "state")), {
    code: "ALOFT_STATE_DIRECTORY",
    message: /cannot use the state directory .*ENOTDIR/,
  });
});
