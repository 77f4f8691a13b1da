import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeEscapes, shellWord, splitCommand } from "../../../src/keepalived/command.ts";

const commands: [text: string, words: string[]][] = [
  ["/bin/x a  b", ["/bin/x", "a", "b"]],
  ["bash -c '</dev/tcp/0.0.0.0/8889'", ["bash", "-c", "</dev/tcp/0.0.0.0/8889"]],
  ["x 'a b'c \"d e\"", ["x", "a bc", "d e"]],
  ["x '' \"\"", ["x", "", ""]],
  ["x a\\ b \\'c\\' \\\\", ["x", "a b", "'c'", "\\"]],
  ["x \\x41\\102\\tz", ["x", "AB\tz"]],
  ["x 'a b", ["x", "a b"]],
  ["", []],
  ["  ", []],
];

for (const [text, words] of commands)
  test(`words of the command ${JSON.stringify(text)}`, () => assert.deepEqual(splitCommand(text), words));

test("escapes are those of the manual", () => {
  assert.equal(decodeEscapes("\\a\\b\\E\\f\\n\\r\\t\\v"), "\x07\b\x1b\f\n\r\t\v");
  assert.equal(decodeEscapes("\\101\\x41\\cA\\q\\\\"), "AA\x01q\\");
});

test("what only a shell understands is found, unless a shell is called", () => {
  const found = (text: string) => shellWord(splitCommand(text));
  assert.equal(found("[[ -f /x ]] && exit 1"), "[[");
  assert.equal(found("killall -0 nginx && exit 0"), "&&");
  assert.equal(found("/x > /dev/null"), ">");
  assert.equal(found("/x 2>/dev/null"), "2>/dev/null");
  assert.equal(found("/bin/sh -c 'a && b'"), undefined);
  assert.equal(found("/x a --if b"), undefined);
});
