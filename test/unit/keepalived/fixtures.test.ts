import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { formatDiagnostic } from "../../../src/keepalived/diagnostic.ts";
import { memoryReader } from "../../../src/keepalived/reader.ts";
import { readKeepalived } from "../../../src/keepalived/readKeepalived.ts";

const directory = new URL("../../fixtures/keepalived/", import.meta.url);
const files = readdirSync(directory).filter((name) => name.endsWith(".conf"));
const readme = readFileSync(new URL("README.md", directory), "utf8");

function diagnose(name: string) {
  return readKeepalived(name, memoryReader({ [name]: readFileSync(new URL(name, directory), "utf8") }), { node: "node1" });
}

/** The messages of the second table: FILE → LINE:COLUMN: …. */
function promised(): Map<string, string[]> {
  const rows = readme.matchAll(/^\| `([^`]+\.broken\.conf)` \|.*\| ((?:\d+:\d+: (?:error|warning): .*))\|$/gm);
  return new Map(Array.from(rows, ([, name = "", cell = ""]) => [name, cell.trim().replaceAll("\\|", "|").split("<br>")]));
}

test("there are samples, and the table names every broken one", () => {
  assert.ok(files.length >= 70, `${files.length} files`);
  assert.deepEqual([...promised().keys()].sort(), files.filter((name) => name.endsWith(".broken.conf")).sort());
});

for (const name of files.filter((file) => !file.endsWith(".broken.conf"))) {
  test(`${name} is read without an error`, () => {
    const { diagnostics, config } = diagnose(name);
    assert.deepEqual(diagnostics.filter(({ severity }) => severity === "error").map(formatDiagnostic), []);
    assert.ok(config.statements.length > 0);
  });
}

for (const [name, expected] of promised()) {
  test(`${name} gives exactly the messages of its table`, () => {
    assert.deepEqual(
      diagnose(name).diagnostics.map(formatDiagnostic),
      expected.map((message) => `${name}:${message}`),
    );
  });
}

test("values come out of the samples with their types", () => {
  const { config } = diagnose("vip-all-options.conf");
  const instance = config.all("vrrp_instance")[0];
  assert.equal(instance?.text("name"), "VI_1");
  assert.equal(instance?.block?.text("state"), "MASTER");
  assert.equal(instance?.block?.number("virtual_router_id"), 51);
  const [address] = instance?.block?.items("virtual_ipaddress") ?? [];
  assert.deepEqual(address?.address(), { family: "IPv4", bits: 0xc0a8c811n, prefixLength: 24, hasLength: true });
  assert.deepEqual(
    address?.options.map(({ name, values }) => [name, values[0]?.value]),
    [
      ["brd", { family: "IPv4", bits: 0xc0a8c8ffn, prefixLength: 32, hasLength: false }],
      ["dev", "eth1"],
      ["scope", "global"],
      ["label", "eth1:1"],
    ],
  );
});

test("the command of a script keeps its single quotes together", () => {
  const { config } = diagnose("track-tcp-master.conf");
  assert.deepEqual(config.all("vrrp_script")[0]?.block?.last("script")?.command(), ["bash", "-c", "</dev/tcp/0.0.0.0/8889"]);
});

test("nothing of a block is lost behind a misspelt word", () => {
  const { config } = diagnose("typo-authentication.broken.conf");
  const instance = config.all("vrrp_instance")[0]?.block;
  assert.equal(instance?.items("virtual_ipaddress").length, 1);
  assert.equal(instance?.number("priority"), 100);
});
