/** The native tests that need a kernel with IPVS: in the suite "native" they are skipped where the machine's own has none. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";

interface Report {
  testsuites: { name: string; testsuite: { name: string; result: string; failures?: { failure: string }[] }[] }[];
}

const program = "build/native/test/native/kernel/kernel_test";

describe("native", () => {
  const file = join(tmpdir(), "kernel_test.json");
  const { stdout, stderr } = spawnSync(program, ["--gtest_filter=Ipvs*", `--gtest_output=json:${file}`], { encoding: "utf8" });
  const tests = readReport(file).testsuites.flatMap(({ name: suite, testsuite }) => testsuite.map((entry) => ({ suite, ...entry })));

  for (const { suite, name, result, failures = [] } of tests) {
    test(`${suite}.${name}`, () => {
      assert.deepEqual(failures, []);
      assert.equal(result, "COMPLETED");
    });
  }

  test("there are tests of the kernel's IPVS", () => assert.notEqual(tests.length, 0, `${stdout}\n${stderr}`));
});

function readReport(file: string): Report {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    return { testsuites: [] };
  }
}
