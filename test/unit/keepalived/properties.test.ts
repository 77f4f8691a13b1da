import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { KeepalivedConfiguration } from "../../../src/keepalived/readKeepalived.ts";
import { editDistance, nearest } from "../../../src/keepalived/similarity.ts";
import { walk } from "../../../src/keepalived/syntaxTree.ts";
import { anyText, mutatedSample } from "./arbitraries.ts";
import { read } from "./support.ts";

/** Ten times what the slowest of these texts takes, of processor time: others on the machine do not count. */
const mostMilliseconds = 10_000;

/** Milliseconds of processor time that `run` takes. */
function measure(run: () => void): number {
  const began = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(began);
  return (user + system) / 1000;
}

/** Nothing is thrown, every place exists in the text, and it is quick. */
function assertSane(text: string): void {
  let result: KeepalivedConfiguration | undefined;
  const took = measure(() => {
    result = read(text);
  });
  assert.ok(result);
  const { diagnostics, tree, hasErrors } = result;
  assert.ok(took < mostMilliseconds, `${took} ms for ${JSON.stringify(text.slice(0, 200))}`);
  const lines = text.split("\n");
  for (const { position, message } of diagnostics) {
    assert.ok(message.length < 400, message);
    assert.equal(position.file, "/etc/k.conf");
    const line = lines[position.line - 1];
    assert.ok(line !== undefined && position.column >= 1 && position.column <= line.length + 3, `${position.line}:${position.column}`);
  }
  assert.equal(
    hasErrors,
    diagnostics.some(({ severity }) => severity === "error"),
  );
  for (const statement of walk(tree)) assert.ok(statement.keyword.position.line >= 1);
}

test("any text is read without an exception, in a moment", () => {
  fc.assert(fc.property(anyText, assertSane), { numRuns: 3000 });
});

test("so is any sample with a piece cut out, doubled, moved or replaced", () => {
  fc.assert(fc.property(mutatedSample, assertSane), { numRuns: 2000 });
});

test("a letter wrong in a keyword never loses another line", () => {
  const text =
    "vrrp_instance V {\n  interface e\n  virtual_router_id 1\n  priority 7\n  authentication {\n    auth_type PASS\n    auth_pass x\n  }\n  virtual_ipaddress {\n    10.0.0.1\n  }\n  nopreempt\n}\n";
  const keywords = ["priority", "authentication", "nopreempt", "virtual_ipaddress"];
  fc.assert(
    fc.property(fc.constantFrom(...keywords), fc.nat(), fc.constantFrom("", "x", "_"), (keyword, position, letter) => {
      const at = position % keyword.length;
      const misspelt = keyword.slice(0, at) + letter + keyword.slice(at + 1);
      fc.pre(misspelt !== keyword && !["preempt"].includes(misspelt));
      const { config, diagnostics } = read(text.replace(`  ${keyword}`, `  ${misspelt}`));
      const errors = diagnostics.filter(({ severity, code }) => severity === "error" && code === "unknown-keyword");
      assert.equal(errors.length, 1, misspelt);
      const block = config.all("vrrp_instance")[0]?.block;
      const left = block?.statements.map((statement) => statement.keyword);
      const all = ["interface", "virtual_router_id", "priority", "authentication", "virtual_ipaddress", "nopreempt"];
      assert.deepEqual(
        left,
        all.filter((name) => name !== keyword),
      );
    }),
    { numRuns: 500 },
  );
});

test("the edit distance is a distance", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "_"), maxLength: 8 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      assert.equal(editDistance(a, b, 20), editDistance(b, a, 20));
      assert.equal(editDistance(a, b, 20) === 0, a === b);
      assert.equal(editDistance(a, b, 1), Math.min(2, editDistance(a, b, 20)));
    }),
  );
  assert.equal(editDistance("priority", "prioirty", 20), 1);
  assert.equal(nearest("authenticetion", ["auth_type", "authentication"]), "authentication");
  assert.equal(nearest("xyz", ["ops", "ttl", "url"]), undefined);
});

const mib = 1 << 20;
const large: [what: string, text: string][] = [
  [
    "instances",
    Array.from(
      { length: mib / 130 },
      (_, n) =>
        `vrrp_instance V${n} {\n  interface eth0\n  virtual_router_id ${(n % 255) + 1}\n  priority 100\n  virtual_ipaddress {\n    10.1.${(n >> 8) & 255}.${n & 255}/16 dev eth0\n  }\n}\n`,
    ).join(""),
  ],
  [
    "addresses",
    `vrrp_instance V {\ninterface e\nvirtual_router_id 1\nvirtual_ipaddress {\n${Array.from({ length: mib / 20 }, (_, n) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255} dev eth0\n`).join("")}}\n}\n`,
  ],
  ["unknown words", Array.from({ length: mib / 20 }, (_, n) => `unknown_word_${n} x\n`).join("")],
  ["opening braces", "{\n".repeat(mib / 2)],
  ["closing braces", "}\n".repeat(mib / 2)],
  ["one line", `"${"a\\".repeat(mib / 2)}`],
  ["blocks in blocks", "vrrp_instance V {\n".repeat(mib / 18)],
  ["parameters", `$A= \\\n priority 5 \\\n priority 6\n${"$A\n".repeat(mib / 3)}`],
  ["a sequence of sequences", "~SEQ(A,1,1000) ~SEQ(B,1,1000) ~SEQ(C,1,1000) x $A"],
];

for (const [what, text] of large) {
  test(`a megabyte of ${what} is read in a moment`, () => {
    const took = measure(() => read(text));
    assert.ok(took < mostMilliseconds, `${Math.round(took)} ms`);
  });
}
