import assert from "node:assert/strict";
import { chmodSync, closeSync, existsSync, openSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ProgramRunner, type ProgramRunnerOptions } from "../../../../src/agent/programs/programRunner.ts";
import { systemClock } from "../../../../src/runtime/clock.ts";
import { silentLogger } from "../../../../src/runtime/log.ts";
import { until } from "../../../support/waiting.ts";
import { recordedLog } from "../recordedLog.ts";
import { temporaryDirectory } from "../stateFiles.ts";

const isRoot = process.getuid?.() === 0;
const needsRoot = isRoot ? false : "only root can change users";

/** A directory that every user may enter, and who runs programs there. */
function setUp(context: TestContext, options: Partial<ProgramRunnerOptions> = {}) {
  const directory = realpathSync(temporaryDirectory(context));
  chmodSync(directory, 0o755);
  const runner = new ProgramRunner({
    allowedDirectories: [directory],
    perProgramUser: true,
    // Writing into the directory takes the user it belongs to.
    scriptUser: isRoot ? "root" : undefined,
    log: silentLogger,
    clock: systemClock,
    ...options,
  });
  context.after(() => runner.stop(100));
  const script = (name: string, ...lines: string[]) => {
    const path = join(directory, name);
    writeFileSync(path, ["#!/bin/sh", ...lines, ""].join("\n"), { mode: 0o755 });
    return path;
  };
  return { directory, runner, script };
}

function isAlive(pid: number): boolean {
  try {
    // A zombie can be signalled, so its state is asked for.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

test("the exit status of a program is told, and its arguments reach it unchanged, without a shell", async (context) => {
  const { runner, script, directory } = setUp(context);
  const path = script("status.sh", `printf '%s|' "$@" > ${directory}/arguments`, "exit 7");
  const words = ["a b", "$(reboot)", "; true", "*", ""];
  assert.deepEqual(await runner.run({ command: [path, ...words] }), { kind: "ended", status: 7, signal: null, stopped: false });
  assert.equal(readFileSync(join(directory, "arguments"), "utf8"), "a b|$(reboot)|; true|*||");
});

test("a program ended by a signal of somebody else is told as that", async (context) => {
  const { runner, script } = setUp(context);
  const end = await runner.run({ command: [script("signal.sh", "kill -USR1 $$")] });
  assert.deepEqual(end, { kind: "ended", status: null, signal: "SIGUSR1", stopped: false });
});

test("nothing of the agent's environment reaches a program", async (context) => {
  const { runner, script, directory } = setUp(context);
  process.env.ALOFT_TEST_SECRET = "secret";
  context.after(() => delete process.env.ALOFT_TEST_SECRET);
  await runner.run({ command: [script("env.sh", `tr '\\0' '\\n' < /proc/self/environ > ${directory}/env`, `pwd > ${directory}/cwd`)] });
  const names = readFileSync(join(directory, "env"), "utf8")
    .split("\n")
    .map((line) => line.split("=")[0])
    .filter((name) => name !== "" && name !== "PWD" && name !== "OLDPWD" && name !== "_" && name !== "SHLVL");
  assert.deepEqual(names.sort(), ["HOME", "LANG", "LOGNAME", "PATH", "USER"]);
  assert.equal(readFileSync(join(directory, "cwd"), "utf8"), "/\n");
});

test("standard input is empty, and no file of the agent is open in a program", async (context) => {
  const { runner, script, directory } = setUp(context);
  const secret = join(directory, "secret");
  const file = openSync(secret, "w");
  context.after(() => closeSync(file));
  await runner.run({ command: [script("files.sh", `ls -l /proc/$$/fd > ${directory}/files`, `cat > ${directory}/input`)] });
  assert.equal(readFileSync(join(directory, "input"), "utf8"), "");
  const files = readFileSync(join(directory, "files"), "utf8");
  assert.match(files, /0 -> \/dev\/null/);
  assert.ok(!files.includes(secret), files);
});

test("a program runs as the script user, with its group and no other, and without capabilities", { skip: needsRoot }, async (context) => {
  const { runner, script, directory } = setUp(context, { scriptUser: "nobody" });
  const target = join(directory, "status");
  writeFileSync(target, "");
  chmodSync(target, 0o666);
  const path = script("who.sh", `cat /proc/self/status > ${target}`);
  assert.deepEqual(await runner.run({ command: [path] }), { kind: "ended", status: 0, signal: null, stopped: false });
  const status = readFileSync(target, "utf8");
  const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, "m").exec(status)?.[1];
  assert.equal(field("Uid"), "65534\t65534\t65534\t65534");
  assert.equal(field("Gid"), "65534\t65534\t65534\t65534");
  assert.equal(field("Groups"), "");
  assert.equal(field("CapEff"), "0000000000000000");
  assert.equal(field("CapPrm"), "0000000000000000");
});

test("supplementary groups of the agent do not reach a program", { skip: needsRoot }, async (context) => {
  const before = process.getgroups?.() ?? [];
  process.setgroups?.([4, 27]);
  context.after(() => process.setgroups?.(before));
  const { runner, script, directory } = setUp(context);
  await runner.run({ command: [script("groups.sh", `grep ^Groups: /proc/self/status > ${directory}/groups`)] });
  assert.equal(readFileSync(join(directory, "groups"), "utf8").trim(), "Groups:");
});

test("a program may name its user, where that is allowed", { skip: needsRoot }, async (context) => {
  const { runner, script, directory } = setUp(context, { scriptUser: "nobody" });
  const path = script("user.sh", `id -un > ${directory}/user`);
  await runner.run({ command: [path], user: "root" });
  assert.equal(readFileSync(join(directory, "user"), "utf8"), "root\n");
  const cluster = new ProgramRunner({ allowedDirectories: [directory], perProgramUser: false, log: silentLogger, clock: systemClock });
  const end = await cluster.run({ command: [path], user: "root" });
  assert.deepEqual(end, { kind: "refused", problem: "an object must not choose the user" });
});

test("what cannot be started says why, and problem() says it before", async (context) => {
  const { runner, script, directory } = setUp(context);
  const noInterpreter = join(directory, "none.sh");
  writeFileSync(noInterpreter, "#!/no/such/interpreter\n", { mode: 0o755 });
  const problem = `${noInterpreter} or the interpreter that its first line names does not exist`;
  assert.deepEqual(await runner.run({ command: [noInterpreter] }), { kind: "refused", problem });
  assert.match((await runner.problem({ command: ["/bin/sh"] })) ?? "", /is not below an allowed directory/);
  assert.equal(await runner.problem({ command: [script("good.sh", "true")] }), undefined);
  assert.match((await runner.problem({ command: [script("x.sh"), "a\0b"] })) ?? "", /NUL/);
});

test("a script without #! runs by /bin/sh, as with keepalived", async (context) => {
  const { runner, directory } = setUp(context);
  const path = join(directory, "plain.sh");
  writeFileSync(path, "exit $1\n", { mode: 0o755 });
  assert.deepEqual(await runner.run({ command: [path, "3"] }), { kind: "ended", status: 3, signal: null, stopped: false });
});

test("a program whose time is over gets SIGTERM with all its children, and nothing of it is left", async (context) => {
  const { runner, script, directory } = setUp(context);
  const path = script("slow.sh", `sleep 300 & echo $! > ${directory}/child`, `echo $$ > ${directory}/leader`, "wait");
  const end = await runner.run({ command: [path] }, { timeoutMs: 300 });
  assert.deepEqual(end, { kind: "ended", status: null, signal: "SIGTERM", stopped: true });
  const pids = ["child", "leader"].map((name) => Number(readFileSync(join(directory, name), "utf8")));
  await until("the end of all its processes", () => pids.every((pid) => !isAlive(pid)), { timeoutMs: 2000, everyMs: 10 });
});

test("a program that ignores SIGTERM is killed, and so are children that ignore it", async (context) => {
  const { runner, script, directory } = setUp(context);
  const stubborn = script("stubborn.sh", "trap '' TERM", `echo $$ >> ${directory}/pids`, "sleep 300 & wait", "sleep 300");
  const parent = script("parent.sh", "trap '' TERM", `${stubborn} &`, `echo $$ >> ${directory}/pids`, "wait", "sleep 300");
  const abort = new AbortController();
  const end = runner.run({ command: [parent] }, { signal: abort.signal });
  await until("both processes", () => readFileSync(join(directory, "pids"), "utf8").trim().split("\n").length === 2, { everyMs: 10 });
  abort.abort();
  assert.deepEqual(await end, { kind: "ended", status: null, signal: "SIGKILL", stopped: true });
  const pids = readFileSync(join(directory, "pids"), "utf8").trim().split("\n").map(Number);
  await until("the end of all its processes", () => pids.every((pid) => !isAlive(pid)), { timeoutMs: 2000, everyMs: 10 });
});

test("children that ignore SIGTERM do not outlive a program that heeds it", async (context) => {
  const { runner, script, directory } = setUp(context);
  const child = script("child.sh", "trap '' TERM", `echo $$ > ${directory}/pid`, "while :; do sleep 0.05; done");
  const end = runner.run({ command: [script("leader.sh", `${child} & wait`)] }, { timeoutMs: 500 });
  assert.deepEqual(await end, { kind: "ended", status: null, signal: "SIGTERM", stopped: true });
  const pid = Number(readFileSync(join(directory, "pid"), "utf8"));
  await until("the end of the child", () => !isAlive(pid), { timeoutMs: 1000, everyMs: 10 });
});

test("what a program leaves running in the background is left alone", async (context) => {
  const { runner, script, directory } = setUp(context);
  const end = await runner.run({ command: [script("daemon.sh", `sleep 300 & echo $! > ${directory}/daemon`)] });
  assert.equal(end.kind === "ended" && end.status, 0);
  const pid = Number(readFileSync(join(directory, "daemon"), "utf8"));
  context.after(() => process.kill(pid, "SIGKILL"));
  assert.ok(isAlive(pid));
});

test("output is logged at debug, no more of it than 4 KiB, and nobody waits for a child that holds the pipe", async (context) => {
  const { log, lines } = recordedLog("debug");
  const { runner, script, directory } = setUp(context, { log });
  const path = script(
    "talk.sh",
    // The rest by the same pipe: which of two is read first is chance.
    "exec >&2",
    "echo to standard error",
    "head -c 100000 /dev/zero | tr '\\0' x",
    `sleep 300 & echo $! > ${directory}/child`,
  );
  const startedAt = performance.now();
  await runner.run({ command: [path] });
  const child = Number(readFileSync(join(directory, "child"), "utf8"));
  context.after(() => process.kill(child, "SIGKILL"));
  assert.ok(performance.now() - startedAt < 5000);
  const line = await until("the log line", () => lines.find(({ msg }) => msg === "program ended"), { everyMs: 10 });
  const output = String(line.output);
  assert.match(output, /to standard error/);
  assert.match(output, /… and \d+ bytes more$/);
  assert.ok(output.length < 4200, `${output.length} characters`);
});

test("stop() ends what runs and lets nothing more start", async (context) => {
  const { runner, script, directory } = setUp(context);
  const running = runner.run({ command: [script("long.sh", `echo > ${directory}/started`, "sleep 300")] });
  await until("its start", () => existsSync(join(directory, "started")), { everyMs: 10 });
  await runner.stop(2000);
  const end = await running;
  assert.equal(end.kind === "ended" && end.stopped, true);
  assert.equal((await runner.run({ command: [script("late.sh", "true")] })).kind, "refused");
});

test("a hundred programs at once leave no zombies and let the event loop go on between the forks", async (context) => {
  const { runner, script } = setUp(context);
  const path = script("short.sh", "exit 0");
  let turns = 0;
  let counting = true;
  const count = () => {
    turns += 1;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  const ends = await Promise.all(Array.from({ length: 100 }, () => runner.run({ command: [path] })));
  counting = false;
  assert.ok(ends.every((end) => end.kind === "ended" && end.status === 0));
  assert.ok(turns >= 100, `${turns} turns`);
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim();
  const zombies = children.split(" ").filter((pid) => pid !== "" && !isAlive(Number(pid)) && existsSync(`/proc/${pid}`));
  assert.deepEqual(zombies, []);
});
