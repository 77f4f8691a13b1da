import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { nodeAgentSpecSchema } from "../../../../src/api/nodeAgent.ts";
import { virtualIPSchema } from "../../../../src/api/virtualIP.ts";
import { virtualServerSchema, virtualServerSpecSchema } from "../../../../src/api/virtualServer.ts";
import { explainLines } from "../../../../src/keepalived/import/explanation.ts";
import { importKeepalived } from "../../../../src/keepalived/import/importKeepalived.ts";
import { loadKeepalived } from "../../../../src/keepalived/loadKeepalived.ts";
import { memoryReader } from "../../../../src/keepalived/reader.ts";
import { readKeepalived } from "../../../../src/keepalived/readKeepalived.ts";
import { walk } from "../../../../src/keepalived/syntaxTree.ts";
import { anyText, mutatedSample } from "../arbitraries.ts";

const placeOf = ({ position }: { position: { line: number; column: number } }) => `${position.line}:${position.column}`;

/** Never throws; gives an error, or a plan that NodeAgent allows and that lacks no instance, no password and no virtual server. */
function assertPlanned(text: string): void {
  const reader = memoryReader({ k: text });
  const { spec, virtualServers, secrets, diagnostics, hasErrors } = loadKeepalived("k", reader, { node: "node1" });
  assert.equal(
    hasErrors,
    diagnostics.some(({ severity }) => severity === "error"),
  );
  if (hasErrors) return;
  assert.equal(nodeAgentSpecSchema.safeParse(spec).success, true);
  const { config } = readKeepalived("k", reader, { node: "node1" });
  const instances = config.all("vrrp_instance").map((statement) => statement.text("name"));
  assert.deepEqual(
    spec.virtualRouters.map(({ virtualIP }) => virtualIP),
    instances,
  );
  const lines = config.all("vrrp_instance").map(({ block }) => {
    const items = ["virtual_ipaddress", "virtual_ipaddress_excluded"].flatMap((list) => block?.items(list) ?? []);
    return new Set(items.map((line) => `${line.address()?.family} ${line.address()?.bits}`)).size;
  });
  assert.deepEqual(
    spec.virtualRouters.map(({ addresses }) => addresses.length),
    lines,
  );
  for (const { passwordRef } of spec.virtualRouters)
    if (passwordRef)
      assert.ok(secrets.some(({ name, key, value }) => name === passwordRef.name && key === passwordRef.key && value !== ""));
  for (const { spec: service } of virtualServers) assert.equal(virtualServerSpecSchema.safeParse(service).success, true);
  const services = config.all("virtual_server").filter(({ block }) => block?.last("real_server"));
  assert.deepEqual(new Set(virtualServers.map(({ statement }) => placeOf(statement))), new Set(services.map(placeOf)));
  const checks = new Set(spec.checks?.map(({ name }) => name));
  for (const { check } of spec.virtualRouters.flatMap(({ track = [] }) => track)) assert.ok(check === undefined || checks.has(check));
}

test("any text is planned without an exception, or refused with an error", () => {
  fc.assert(fc.property(anyText, assertPlanned), { numRuns: 3000 });
});

test("so is any sample with mistakes in it, and no instance or address is lost in silence", () => {
  fc.assert(fc.property(mutatedSample, assertPlanned), { numRuns: 5000 });
});

test("what is planned without an error is imported, or refused with an error, and explained line by line", () => {
  const importAndExplain = (text: string) => {
    const loaded = loadKeepalived("k", memoryReader({ k: text }), { node: "node1" });
    if (loaded.hasErrors) return;
    const node = { name: "node1", loaded };
    const imported = importKeepalived([node], { namespace: "n" });
    if (!imported.hasErrors) {
      for (const { object } of imported.virtualIPs) assert.equal(virtualIPSchema.safeParse(object).success, true);
      for (const { object } of imported.virtualServers) assert.equal(virtualServerSchema.safeParse(object).success, true);
    }
    const lines = explainLines(node, imported);
    assert.equal(lines.length, [...walk(loaded.tree)].length);
    for (const { outcome } of lines)
      assert.ok(outcome.kind === "ignored" ? outcome.reason !== "it says nothing" : outcome.fields.length > 0);
  };
  fc.assert(fc.property(fc.oneof(anyText, mutatedSample), importAndExplain), { numRuns: 3000 });
});
