/** The machine that this suite runs in: what it can do, and what it must not. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { run } from "../support/command.ts";

test("nothing of the machine outside can be written", () => {
  assert.throws(() => writeFileSync(import.meta.filename, ""), { code: "EROFS" });
});

test("the kernel loads IPVS when it is asked for, as on any node", async () => {
  await run("ipvsadm", ["-Sn"]);
  assert.match(readFileSync("/proc/modules", "utf8"), /^ip_vs /m);
});
