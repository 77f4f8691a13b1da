import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { formatDiagnostic } from "../../../src/keepalived/diagnostic.ts";
import { diskReader, expandBraces } from "../../../src/keepalived/diskReader.ts";
import { readKeepalived } from "../../../src/keepalived/readKeepalived.ts";

const directory = mkdtempSync(join(tmpdir(), "aloft-keepalived-"));
after(() => rmSync(directory, { recursive: true }));

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, name, ".."), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
}

write({
  "main.conf": "include conf.d/*.conf\n",
  "conf.d/b.conf": "global_defs { router_id b }\n",
  "conf.d/a.conf": "include ../part\n",
  "conf.d/.hidden.conf": "not_read\n",
  "conf.d/c.conf/inside": "",
  part: "static_ipaddress { 10.0.0.1 }\n",
  "circle.conf": "include circle2.conf\n",
  "circle2.conf": "\ninclude circle.conf\n",
  "missing.conf": "\n  include nowhere.conf\n",
  "directory.conf": "include conf.d\n",
});
symlinkSync("loop", join(directory, "loop"));

const inDirectory = (name: string) => join(directory, name);
const glob = (pattern: string) =>
  diskReader()
    .glob(inDirectory(pattern))
    .map((path) => path.slice(directory.length + 1));

function messages(name: string): string[] {
  const { diagnostics } = readKeepalived(inDirectory(name), diskReader(), { node: "n" });
  return diagnostics.map((diagnostic) => formatDiagnostic(diagnostic).replaceAll(`${directory}/`, ""));
}

test("patterns name files in order, no hidden ones and no directories", () => {
  assert.deepEqual(glob("conf.d/*"), ["conf.d/a.conf", "conf.d/b.conf"]);
  assert.deepEqual(glob("conf.d/*.conf"), ["conf.d/a.conf", "conf.d/b.conf"]);
  assert.deepEqual(glob("conf.d/.*.conf"), ["conf.d/.hidden.conf"]);
  assert.deepEqual(glob("conf.d/[!a].conf"), ["conf.d/b.conf"]);
  assert.deepEqual(glob("{part,conf.d/{b,x}.conf,conf.d/?.conf}"), ["conf.d/a.conf", "conf.d/b.conf", "part"]);
  assert.deepEqual(glob("*/inside"), []);
  assert.deepEqual(glob("conf.d/*/inside"), ["conf.d/c.conf/inside"]);
  assert.deepEqual(glob("none/*"), []);
  assert.deepEqual(glob("loop/*"), []);
});

test("files are included relative to the file that names them", () => {
  const { config, files, hasErrors } = readKeepalived(inDirectory("main.conf"), diskReader(), { node: "n" });
  assert.equal(hasErrors, false);
  assert.deepEqual(
    files.map((file) => file.slice(directory.length + 1)),
    ["main.conf", "conf.d/a.conf", "part", "conf.d/b.conf"],
  );
  assert.equal(config.items("static_ipaddress").length, 1);
});

test("what cannot be read is named with its place and the reason", () => {
  assert.deepEqual(messages("none.conf"), ["none.conf:1:1: error: none.conf cannot be read: no such file"]);
  assert.deepEqual(messages("part/x"), ["part/x:1:1: error: part/x cannot be read: no such file"]);
  assert.deepEqual(messages("missing.conf"), ["missing.conf:2:11: error: nowhere.conf cannot be read: no such file"]);
  assert.deepEqual(messages("directory.conf"), [
    "directory.conf:1:9: error: conf.d cannot be read: it is a directory: write DIRECTORY/*.conf",
  ]);
  assert.deepEqual(messages("loop"), ["loop:1:1: error: loop cannot be read: its symbolic links lead in a circle"]);
  assert.deepEqual(messages("circle.conf"), ["circle2.conf:2:9: error: circle.conf includes itself by way of circle2.conf"]);
  const { diagnostics } = readKeepalived("/dev/zero", diskReader());
  assert.deepEqual(
    diagnostics.map(({ message }) => message),
    ["/dev/zero cannot be read: it is not a regular file"],
  );
});

test("braces give each alternative, nested ones too", () => {
  assert.deepEqual(expandBraces("{foo/{,cat,dog},bar}"), ["foo/", "foo/cat", "foo/dog", "bar"]);
  assert.deepEqual(expandBraces("a{b}c"), ["abc"]);
  assert.deepEqual(expandBraces("a{b"), ["a{b"]);
  assert.ok(expandBraces("{a,b}".repeat(40)).length <= 1000);
});
