import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { removeEmptyState } from "../../../../src/agent/state/emptyState.ts";
import { HeldServiceJournal } from "../../../../src/agent/state/heldServices.ts";
import { HeldTableJournal } from "../../../../src/agent/state/heldTables.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "aloft-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const withdrawn = { node: "n1", generation: 4, spec: { virtualRouters: [] } };

function write(files: Record<string, unknown>): void {
  writeFileSync(join(directory, "lock"), "");
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), JSON.stringify({ version: 1, content }));
}

test("a node that was told to run nothing keeps no files", async () => {
  write({ "last-known.json": withdrawn, "held-addresses.json": [], "sysctls.json": { boot: "b1", before: {} }, "server-health.json": {} });
  write({ "last-known-servers.json": { virtualServers: [], endpoints: {} } });
  const services = new HeldServiceJournal(directory, () => new Date());
  await services.add([{ family: "IPv4", protocol: "TCP", address: "192.0.2.10", port: 80 }], true);
  await services.shrinkTo([], false);
  const tables = new HeldTableJournal(directory, () => new Date());
  await tables.set(true);
  await tables.set(false);
  await removeEmptyState(directory);
  assert.deepEqual(readdirSync(directory), []);
});

const kept: [why: string, files: Record<string, unknown>][] = [
  ["a virtual router in the specification", { "last-known.json": { ...withdrawn, spec: { virtualRouters: [{ virtualIP: "web" }] } } }],
  ["anything else in the specification", { "last-known.json": { ...withdrawn, spec: { virtualRouters: [], sysctls: [{}] } } }],
  ["an address that may still stand", { "last-known.json": withdrawn, "held-addresses.json": [{ interface: "eth0", address: "::1/128" }] }],
  [
    "a setting that was not put back",
    { "last-known.json": withdrawn, "sysctls.json": { boot: "b1", before: { "net/ipv4/vs/sloppy_tcp": "0" } } },
  ],
  ["daemons that may still run", { "last-known.json": withdrawn, "held-services.json": { services: [], daemons: true } }],
];
for (const [why, files] of kept) {
  test(`all is kept for ${why}`, async () => {
    write(files);
    await removeEmptyState(directory);
    assert.deepEqual(readdirSync(directory).sort(), [...Object.keys(files), "lock"].sort());
  });
}

test("all is kept beside a file that cannot be read as one of ours", async () => {
  write({ "last-known.json": withdrawn });
  writeFileSync(join(directory, "notes.txt"), "mine");
  await removeEmptyState(directory);
  assert.deepEqual(readdirSync(directory).sort(), ["last-known.json", "lock", "notes.txt"]);
});
