import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { KubeError } from "../../../src/kube/kubeError.ts";
import { linesOf, parseWatchEvent } from "../../../src/kube/watchStream.ts";

async function* chunksOf(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

const isProtocolError = (error: unknown) => error instanceof KubeError && error.code === "Protocol";

test("lines come out whole however the bytes are cut", async () => {
  const lines = ['{"a":"é"}', "x", '{"b":"漢字🙂"}'];
  const bytes = Buffer.from(`${lines.join("\n")}\n`);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(bytes.length), { maxLength: 10 }), async (cuts) => {
      const borders = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const chunks = borders.slice(1).map((end, index) => bytes.subarray(borders[index], end));
      assert.deepEqual(await Array.fromAsync(linesOf(chunksOf(...chunks))), lines);
    }),
  );
});

test("empty lines are skipped, an unfinished one and broken UTF-8 are errors", async () => {
  assert.deepEqual(await Array.fromAsync(linesOf(chunksOf(Buffer.from("a\n\n\r\nb\n")))), ["a", "b"]);
  await assert.rejects(Array.fromAsync(linesOf(chunksOf(Buffer.from('a\n{"type')))), isProtocolError);
  await assert.rejects(Array.fromAsync(linesOf(chunksOf(Buffer.from([0x22, 0xff, 0x22, 0x0a])))), isProtocolError);
});

test("events", () => {
  const object = { metadata: { name: "a", resourceVersion: "7" } };
  assert.deepEqual(parseWatchEvent(JSON.stringify({ type: "ADDED", object })), { type: "ADDED", object });
  assert.deepEqual(parseWatchEvent('{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}'), {
    type: "BOOKMARK",
    resourceVersion: "9",
  });
});

for (const line of [
  "",
  "null",
  "[]",
  "{",
  '{"type":"ADDED"}',
  '{"type":"ADDED","object":{"metadata":{"name":"a"}}}',
  '{"type":"ADDED","object":{"metadata":{"resourceVersion":"1"}}}',
  '{"type":"BOOKMARK","object":{"metadata":{}}}',
  '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":7}}}',
  '{"object":{"metadata":{"name":"a","resourceVersion":"1"}}}',
]) {
  test(`${line || "an empty line"} is no event`, () => assert.throws(() => parseWatchEvent(line), isProtocolError));
}

test("an ERROR event is the error of its Status, and of none a server error", () => {
  const gone = '{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old resource version"}}';
  assert.throws(() => parseWatchEvent(gone), { code: "Expired", status: 410, message: "watch: 410 Expired: too old resource version" });
  assert.throws(() => parseWatchEvent('{"type":"ERROR","object":{}}'), { code: "ServerError" });
});
