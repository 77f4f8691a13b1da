import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

const unusable: [what: string, file: string | undefined, message: RegExp][] = [
  ["is not there", undefined, /no such file/],
  ["is empty", "", /empty/],
  ["is no YAML", "clusters: [\n", /kubeconfig: ./],
  ["names no context", "kind: Config\n", /no current context/],
  ["has no such cluster", "kind: Config\ncurrent-context: here\n", /no usable context "here"/],
];
const callers = [
  ["vip", "status"],
  ["vip", "drain", "n1"],
  ["installation", "verify"],
  ["installation", "withdraw"],
];
for (const [what, text, message] of unusable) {
  test(`a kubeconfig that ${what} is told in one sentence, with exit status 1`, async (context) => {
    const folder = mkdtempSync(join(tmpdir(), "aloft-cli-"));
    context.after(() => rmSync(folder, { recursive: true }));
    const kubeconfig = join(folder, "kubeconfig");
    if (text !== undefined) writeFileSync(kubeconfig, text);
    for (const args of callers) {
      const { status, out, error } = await run(...args, "--kubeconfig", kubeconfig);
      assert.deepEqual([status, out], [1, ""]);
      assert.match(error, /^aloft: [^\n]+$/);
      assert.match(error, message);
    }
  });
}

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
  [["vip", "move", "web"], /expected --to NODE; see "kubectl vip --help"$/],
  [["vip", "ipvs", "shop"], /shop: must be NAMESPACE\/NAME/],
  [["ipvs", "shop"], /shop: must be NAMESPACE\/NAME/],
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
