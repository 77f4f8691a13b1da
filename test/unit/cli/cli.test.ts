import assert from "node:assert/strict";
import { test } from "node:test";
import { runCli } from "../../../src/cli/cli.ts";
import { version } from "../../../src/runtime/version.ts";

async function run(...args: string[]) {
  const out: string[] = [];
  const error: string[] = [];
  const status = await runCli(args, { out: (text) => out.push(text), error: (text) => error.push(text) });
  return { status, out: out.join("\n"), error: error.join("\n") };
}

test("version", async () => {
  assert.deepEqual(await run("version"), { status: 0, out: `aloft ${version}`, error: "" });
  assert.equal((await run("--version")).out, `aloft ${version}`);
});

test("help lists the commands, help COMMAND its flags", async () => {
  for (const args of [["help"], ["--help"], ["-h"]]) assert.match((await run(...args)).out, /^ {2}agent +hold virtual IPs/m);
  for (const args of [
    ["help", "agent"],
    ["agent", "--help"],
    ["agent", "-h"],
  ]) {
    const { status, out } = await run(...args);
    assert.equal(status, 0);
    assert.match(out, /^ {2}--state-dir DIR +.*\(default \/var\/lib\/aloft\)$/m);
  }
});

const mistakes: [string[], RegExp][] = [
  [[], /no command given/],
  [["fly"], /unknown command "fly"/],
  [["help", "fly"], /unknown command "fly"/],
  [["version", "now"], /version takes no arguments/],
  [["agent", "--bogus"], /Unknown option '--bogus'/],
  [["agent", "extra"], /Unexpected argument 'extra'/],
  [["agent", "--standalone"], /--standalone needs --config FILE/],
  [["agent", "--config", "a.yaml"], /--config needs --standalone/],
  [["agent", "--standalone", "--config", "a.ini"], /must end in \.conf, \.yaml or \.yml/],
  [["agent", "--standalone", "--config", "a.yaml", "--kubeconfig", "k"], /exclude each other/],
  [["agent", "--http", "9105"], /--http 9105: must be ADDRESS:PORT/],
  [["agent", "--log-level", "loud"], /--log-level loud: must be one of trace/],
];

for (const [args, message] of mistakes) {
  test(`"aloft ${args.join(" ")}" is a usage error: one sentence and exit status 2`, async () => {
    const { status, out, error } = await run(...args);
    assert.equal(status, 2);
    assert.equal(out, "");
    assert.match(error, message);
    assert.match(error, /^aloft: [^\n]+$/);
  });
}
