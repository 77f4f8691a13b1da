/** The demo as a user runs it, in its short form. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { checkout } from "./cluster.ts";
import type { DrillResult } from "./report.ts";

const directory = mkdtempSync(join(tmpdir(), "aloft-demo-test-"));
after(() => rmSync(directory, { recursive: true, force: true }));

const namespaces = () => (existsSync("/run/netns") ? readdirSync("/run/netns") : []);

test("the demo brings a cluster up, drills it, stays within the bounds, never has two answers, and leaves nothing behind", async () => {
  const json = join(directory, "drills.json");
  // The demo must not outlive this test when that is interrupted.
  const program = ["--pdeathsig", "TERM", "--", process.execPath, checkout("test/e2e/demo.ts"), "--light", "--quick", "--json", json];
  const child = promisify(execFile)("setpriv", program);
  const { pid } = child.child;
  // A failure carries what the demo said.
  const { stdout } = await child.catch((error: { stdout: string; stderr: string }) => assert.fail(`${error.stdout}\n${error.stderr}`));
  assert.match(stdout, /NAME\s+ADDRESSES\s+NODE\s+STATE\s+READY\s+INTERFACE/);
  assert.match(stdout, /gateway\s+198\.51\.100\.200,2001:db8:100::200\s+n1\s+Active\s+True\s+eth0/);
  assert.match(stdout, /Every takeover stayed within its bound, and no two nodes ever answered\./);
  assert.match(stdout, /gateway \(198\.51\.100\.200, 2001:db8:100::200\) is on n1/);
  assert.match(stdout, /If n1 dies or is cut off: n2 takes over/);
  assert.match(stdout, /n1 → n3 in [\d.]+ ms: n1 handed over \(HandOver\)/);
  const { drills } = JSON.parse(readFileSync(json, "utf8")) as { drills: DrillResult[] };
  assert.deepEqual(
    drills.map(({ drill, from, to, families }) => [drill, from, to, families.map(({ family }) => family).join()]),
    [
      ["graceful stop", "n1", "n2", "IPv4,IPv6"],
      ["SIGSTOP, SIGCONT 2 s later", "n1", "n2", "IPv4,IPv6"],
      ["kubectl vip move", "n1", "n3", "IPv4,IPv6"],
      ["link cut, no operator, no API", "n1", "n2", "IPv4,IPv6"],
    ],
  );
  assert.deepEqual(
    namespaces().filter((name) => name.startsWith(`al${pid}x`)),
    [],
  );
});
