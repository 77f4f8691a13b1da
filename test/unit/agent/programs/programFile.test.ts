import assert from "node:assert/strict";
import { chmodSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Account } from "../../../../src/agent/programs/accounts.ts";
import { componentProblem, components, findProgram, isBelow, isExecutable } from "../../../../src/agent/programs/programFile.ts";
import { temporaryDirectory } from "../stateFiles.ts";

const self: Account = { name: "self", uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, home: "/" };

const directory = 0o040000;
const regular = 0o100000;

const components_ = [
  { what: "a file of root", status: { uid: 0, gid: 0, mode: regular | 0o755 }, problem: undefined },
  { what: "a file of who runs it", status: { uid: 1000, gid: 1000, mode: regular | 0o755 }, problem: undefined },
  {
    what: "a file of somebody else",
    status: { uid: 33, gid: 33, mode: regular | 0o755 },
    problem: "/x belongs to user 33, who could change it",
  },
  { what: "a file that everybody can write", status: { uid: 0, gid: 0, mode: regular | 0o757 }, problem: "everybody can write /x" },
  { what: "a file that a group can write", status: { uid: 0, gid: 50, mode: regular | 0o775 }, problem: "group 50 can write /x" },
  { what: "a file that root's group can write", status: { uid: 0, gid: 0, mode: regular | 0o775 }, problem: undefined },
  { what: "a directory that everybody can write", status: { uid: 0, gid: 0, mode: directory | 0o777 }, problem: "everybody can write /x" },
  { what: "a directory with the sticky bit", status: { uid: 0, gid: 0, mode: directory | 0o1777 }, problem: undefined },
  {
    what: "a sticky directory of somebody else",
    status: { uid: 33, gid: 0, mode: directory | 0o1777 },
    problem: "/x belongs to user 33, who could change it",
  },
  { what: "a sticky file that everybody can write", status: { uid: 0, gid: 0, mode: regular | 0o1757 }, problem: "everybody can write /x" },
];

for (const { what, status, problem } of components_) {
  test(`security: ${what} ${problem ? "is refused" : "is allowed"}`, () => {
    assert.equal(componentProblem("/x", status, 1000), problem);
  });
}

test("a program of root must not belong to the user that other programs run as", () => {
  assert.equal(componentProblem("/x", { uid: 1000, gid: 0, mode: regular | 0o755 }, 0), "/x belongs to user 1000, who could change it");
});

test("whether an account may execute a file is decided by the first class that it is in", () => {
  const status = { uid: 1000, gid: 50, mode: regular | 0o051 };
  assert.deepEqual(
    [
      { uid: 1000, gid: 50 },
      { uid: 2, gid: 50 },
      { uid: 2, gid: 2 },
      { uid: 0, gid: 0 },
    ].map((account) => isExecutable(status, account)),
    [false, true, true, true],
  );
  assert.equal(isExecutable({ uid: 0, gid: 0, mode: regular | 0o644 }, { uid: 0, gid: 0 }), false);
});

test("below is below, not beside", () => {
  assert.ok(isBelow("/etc/keepalived/notify.sh", "/etc/keepalived"));
  assert.ok(isBelow("/bin/sh", "/"));
  assert.ok(!isBelow("/etc/keepalived-old/notify.sh", "/etc/keepalived"));
  assert.deepEqual(components("/a/b/c"), ["/", "/a", "/a/b", "/a/b/c"]);
});

function scripts(context: TestContext): { allowed: string; script: string } {
  // Some temporary directories are links themselves.
  const allowed = join(realpathSync(temporaryDirectory(context)), "scripts");
  mkdirSync(allowed, { mode: 0o755 });
  const script = join(allowed, "check.sh");
  writeFileSync(script, "#!/bin/sh\n", { mode: 0o755 });
  return { allowed, script };
}

async function problemOf(name: string, allowed: string[]): Promise<string | undefined> {
  const found = await findProgram(name, allowed, self);
  return found.ok ? undefined : found.problem;
}

test("a program below an allowed directory is found, by way of a link to the directory as well", async (context) => {
  const { allowed, script } = scripts(context);
  assert.deepEqual(await findProgram(script, [allowed], self), { ok: true, path: script });
  const link = `${allowed}-link`;
  symlinkSync(allowed, link);
  assert.deepEqual(await findProgram(join(link, "check.sh"), [link], self), { ok: true, path: script });
});

test("a link out of the allowed directory is not followed", async (context) => {
  const { allowed } = scripts(context);
  symlinkSync("/bin/sh", join(allowed, "shell"));
  assert.match((await problemOf(join(allowed, "shell"), [allowed])) ?? "", /sh is not below an allowed directory/);
  assert.match((await problemOf(join(allowed, "../../../bin/sh"), [allowed])) ?? "", /is not below an allowed directory/);
});

test("a bare name is looked up in the usual directories", async (context) => {
  const { allowed } = scripts(context);
  const found = await findProgram("sh", ["/"], { ...self, uid: 0 });
  assert.ok(found.ok && found.path.startsWith("/"), JSON.stringify(found));
  assert.match((await problemOf("sh", [allowed])) ?? "", /is not below an allowed directory/);
  assert.match((await problemOf("no-such-program", ["/"])) ?? "", /^there is no no-such-program in \/usr\/local\/sbin:/);
});

test("what is no program says why", async (context) => {
  const { allowed, script } = scripts(context);
  assert.equal(await problemOf(script, []), "programs are not allowed on this node (--allow-scripts)");
  assert.match((await problemOf("./check.sh", [allowed])) ?? "", /neither an absolute path nor a name/);
  assert.match((await problemOf(join(allowed, "missing"), [allowed])) ?? "", /missing does not exist/);
  assert.match((await problemOf(allowed, ["/"])) ?? "", /is not a regular file/);
  chmodSync(script, 0o644);
  assert.match((await problemOf(script, [allowed])) ?? "", /user self must not execute/);
  chmodSync(script, 0o757);
  assert.match((await problemOf(script, [allowed])) ?? "", /everybody can write .*check\.sh/);
  chmodSync(script, 0o755);
  chmodSync(allowed, 0o777);
  assert.match((await problemOf(script, [allowed])) ?? "", /everybody can write .*scripts$/);
});
