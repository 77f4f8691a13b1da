import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { LastKnownFile } from "../../../../src/agent/state/lastKnown.ts";
import { routerSpec } from "../fixtures.ts";
import { temporaryDirectory } from "../stateFiles.ts";

const savedAt = new Date("2026-01-02T03:04:05.678Z");
const content = { uid: "u1", generation: 7, spec: { virtualRouters: [routerSpec()], later: { unknown: true } } };

test("what was written is read, with fields that this version does not know", async (context) => {
  const file = new LastKnownFile(temporaryDirectory(context), "n1", () => savedAt);
  assert.deepEqual(await file.read(), { kind: "absent" });
  await file.write(content);
  assert.deepEqual(await file.read(), { kind: "read", savedAt, value: { node: "n1", ...content } });
});

test("writing leaves no temporary file and replaces what was there", async (context) => {
  const directory = temporaryDirectory(context);
  const file = new LastKnownFile(directory, "n1", () => savedAt);
  await file.write(content);
  await file.write({ ...content, generation: 8 });
  assert.deepEqual(readdirSync(directory), ["last-known.json"]);
  const result = await file.read();
  assert.equal(result.kind === "read" && result.value.generation, 8);
});

const damages: [string, (text: string) => string, RegExp][] = [
  ["empty", () => "", /not JSON/],
  ["cut short", (text) => text.slice(0, text.length / 2), /not JSON/],
  ["zeros, as after a power cut", (text) => "\0".repeat(text.length), /not JSON/],
  ["no object", () => "[]", /expected object/],
  ["no checksum", (text) => text.replace(/"sha256"/, '"md5"'), /sha256/],
  ["one changed digit", (text) => text.replace("192.0.2.10", "192.0.2.11"), /does not match its checksum/],
  ["another version", (text) => text.replace('"version": 1', '"version": 2'), /has version 2, this agent reads version 1/],
  ["another node's", (text) => text, /belongs to node n1, this is n2/],
];

for (const [name, damage, reason] of damages) {
  test(`a damaged file (${name}) is set aside with a reason and is not there any more`, async (context) => {
    const directory = temporaryDirectory(context);
    await new LastKnownFile(directory, "n1", () => savedAt).write(content);
    const path = join(directory, "last-known.json");
    const damaged = damage(readFileSync(path, "utf8"));
    writeFileSync(path, damaged);
    const file = new LastKnownFile(directory, name === "another node's" ? "n2" : "n1", () => savedAt);
    const result = await file.read();
    assert.ok(result.kind === "damaged");
    assert.match(result.reason, reason);
    assert.equal(result.movedTo, `${path}.damaged-2026-01-02T03:04:05.678Z`);
    assert.equal(readFileSync(result.movedTo, "utf8"), damaged);
    assert.equal(existsSync(path), false);
    assert.deepEqual(await file.read(), { kind: "absent" });
  });
}

test("a write that fails is the caller's to know, and the old content stays", async (context) => {
  const directory = temporaryDirectory(context);
  const file = new LastKnownFile(directory, "n1", () => savedAt);
  await file.write(content);
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  await assert.rejects(file.write({ spec: circular }), /circular/);
  assert.equal((await file.read()).kind, "read");
  await assert.rejects(new LastKnownFile(join(directory, "missing"), "n1", () => savedAt).write(content), { code: "ENOENT" });
});
