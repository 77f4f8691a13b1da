import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryReader } from "../../../src/keepalived/reader.ts";
import { RememberingReader } from "../../../src/keepalived/rememberingReader.ts";

/** Files that the test changes. */
function open(files: Record<string, string>) {
  const reader = new RememberingReader({
    read: (path) => memoryReader(files).read(path),
    glob: (pattern) => memoryReader(files).glob(pattern),
  });
  return { files, reader };
}

test("what was asked is current until one of the answers would be another", () => {
  const { files, reader } = open({ "/etc/a.conf": "a", "/etc/d/b.conf": "b", "/other": "o" });
  assert.equal(reader.read("/etc/a.conf"), "a");
  assert.deepEqual(reader.glob("/etc/d/*.conf"), ["/etc/d/b.conf"]);
  assert.ok(reader.isCurrent());
  files["/other"] = "nobody asked for it";
  assert.ok(reader.isCurrent());
  files["/etc/d/c.conf"] = "one more";
  assert.ok(!reader.isCurrent());
  delete files["/etc/d/c.conf"];
  assert.ok(reader.isCurrent());
  files["/etc/a.conf"] = "A";
  assert.ok(!reader.isCurrent());
});

test("what could not be read is asked for again", () => {
  const { reader } = open({});
  reader.read("/etc/a.conf");
  assert.ok(!reader.isCurrent());
});

test("what was answered can be had again", () => {
  const { files, reader } = open({ "/etc/a.conf": "a", "/etc/d/b.conf": "b" });
  reader.read("/etc/a.conf");
  reader.glob("/etc/d/*.conf");
  files["/etc/a.conf"] = "A";
  delete files["/etc/d/b.conf"];
  const again = reader.remembered();
  assert.equal(again.read("/etc/a.conf"), "a");
  assert.deepEqual(again.glob("/etc/d/*.conf"), ["/etc/d/b.conf"]);
  assert.equal(typeof again.read("/etc/d/b.conf"), "object");
});
