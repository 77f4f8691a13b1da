import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { type Entry, file } from "../../../scripts/image/entries.ts";
import { tar } from "../../../scripts/image/tar.ts";

/** What tar(1) makes of it: mode, owner, size, time, name and where a link leads to. */
function listed(entries: Entry[]): string[] {
  const args = ["--list", "--verbose", "--verbose", "--utc", "--numeric-owner", "--file=-"];
  const text = execFileSync("tar", args, { input: tar(entries), encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
  return text
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/ +/g, " "));
}

const link: Entry = { path: "/lib64", mode: 0o777, content: { linkTo: "usr/lib64" } };

test("tar(1) reads names, modes and links, all of root and of the epoch", () => {
  assert.deepEqual(listed([file("/usr/bin/node", "12345", 0o755), link, file("/etc/passwd", "")]), [
    "drwxr-xr-x 0/0 0 1970-01-01 00:00 etc/",
    "-rw-r--r-- 0/0 0 1970-01-01 00:00 etc/passwd",
    "lrwxrwxrwx 0/0 0 1970-01-01 00:00 lib64 -> usr/lib64",
    "drwxr-xr-x 0/0 0 1970-01-01 00:00 usr/",
    "drwxr-xr-x 0/0 0 1970-01-01 00:00 usr/bin/",
    "-rwxr-xr-x 0/0 5 1970-01-01 00:00 usr/bin/node",
  ]);
});

test("tar(1) reads contents of any length", () => {
  for (const length of [0, 1, 511, 512, 513, 20_480]) {
    const content = Buffer.alloc(length, "x");
    const read = execFileSync("tar", ["--extract", "--to-stdout", "--file=-", "a"], { input: tar([file("/a", content)]) });
    assert.ok(read.equals(content), `${length} bytes`);
  }
});

test("a name of more than 100 bytes is parted at a slash, and one that cannot be is refused", () => {
  const long = `/${"d".repeat(90)}/${"e".repeat(50)}/${"f".repeat(80)}`;
  assert.ok(
    listed([file(long, "")])
      .at(-1)
      ?.endsWith(long.slice(1)),
  );
  assert.throws(() => tar([file(`/${"n".repeat(101)}`, "")]), /too long for an archive/);
});

test("the order in which entries are named does not matter, and of two with one path the later counts", () => {
  const [a, b] = [file("/a", "1"), file("/b/c", "2")];
  assert.ok(tar([a, b]).equals(tar([b, a])));
  assert.ok(tar([file("/a", "old"), a]).equals(tar([a])));
});
