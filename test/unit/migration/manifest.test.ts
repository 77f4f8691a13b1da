/** What files hold beside what is wanted: the rest of a cluster, other load balancers, and what is no manifest at all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { renderMigration } from "../../../src/migration/render.ts";
import { advertisement, importObjects, importText, pool, service, type Written } from "./support.ts";

const messagesOf = (text: string) => importText(text).messages;

test("what is no object, or no YAML, is an error with its place, and never the end of the program", () => {
  const object = "error: expected an object with apiVersion and kind";
  for (const text of ["hello", "[1, 2]", "a: b", "3"]) assert.deepEqual(messagesOf(text).slice(0, 1), [object], text);
  assert.match(String(messagesOf("a: &a [x]\nb: *c\n")), /^error: Unresolved alias/);
  const deep = Array.from({ length: 10 }, (_, index) => `a${index + 1}: &a${index + 1} [${`*a${index},`.repeat(9)}]\n`);
  assert.match(String(messagesOf(`a0: &a0 [x]\n${deep.join("")}`)), /^error: Excessive alias count/);
  assert.match(String(messagesOf("kind: [\n  x: }")), /^error: /);
  assert.match(String(messagesOf("apiVersion: v1\n\tkind: Pod\n")), /^error: /);
  assert.ok(messagesOf("a: \u001b[31m\u0007'").every((message) => !/\p{Cc}/u.test(message)));
});

test("nothing: no word about it", () => {
  for (const text of ["", "\n---\n# a comment\n---\n", '{"kind":"List","apiVersion":"v1","items":[]}', '{"kind":"List","items":null}'])
    assert.deepEqual(messagesOf(text), [], text);
});

test("lists in lists, documents in JSON, a byte order mark and lines of Windows", () => {
  const one = pool("one", { addresses: ["192.0.2.0/28"] });
  const list = { kind: "List", items: [{ kind: "IPAddressPoolList", items: [one] }, advertisement("l2")] };
  const text = `\ufeff${JSON.stringify(list)}\r\n---\r\n${JSON.stringify(pool("two", { addresses: ["192.0.2.16/28"] }))}\r\n`;
  const { specs, messages } = importText(text);
  assert.deepEqual([Object.keys(specs), messages], [["AddressPool one", "AddressPool two"], []]);
});

test("the ConfigMap of MetalLB before 0.13: an error where nothing has taken its place", () => {
  const data = { config: "peers: []\naddress-pools:\n- name: default\n  protocol: layer2\n  addresses: [192.0.2.0/28]\n" };
  const former: Written = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "config", namespace: "metallb-system" }, data };
  const what = "ConfigMap metallb-system/config: of MetalLB before 0.13: expected an IPAddressPool and an L2Advertisement";
  assert.deepEqual(importObjects(former).messages, [`error: ${what}`]);
  assert.deepEqual(importObjects(former, pool("default"), advertisement("l2")).messages, [`warning: ${what}`]);
});

test("load balancers that are not read are named; of all else each kind once", () => {
  const others: Written[] = [
    { apiVersion: "cilium.io/v2", kind: "CiliumLoadBalancerIPPool", metadata: { name: "blue" } },
    { apiVersion: "cilium.io/v2", kind: "CiliumLoadBalancerIPPool", metadata: { name: "green" } },
    { apiVersion: "purelb.io/v1", kind: "ServiceGroup", metadata: { name: "default" } },
    { apiVersion: "example.com/v1", kind: "ServiceGroup", metadata: { name: "other" } },
  ];
  assert.deepEqual(importObjects(...others).messages, [
    "warning: CiliumLoadBalancerIPPool blue: of Cilium, whose objects are not read and 1 more of its kind: write an AddressPool",
    "warning: ServiceGroup default: of PureLB, whose objects are not read: write an AddressPool",
    "warning: ServiceGroup other: ServiceGroup is nothing that addresses are read from: ignored",
  ]);
});

test("whatever somebody writes into an annotation, it stays a comment, also for YAML 1.1, which kubectl reads", () => {
  const text = "x\u2028---\u2029kind: ClusterRoleBinding";
  const { migration } = importObjects(
    pool("public"),
    advertisement("l2"),
    service("web", { "metallb.io/allow-shared-ip": text, [`metallb.io/${text}`]: "" }),
  );
  const lines = renderMigration(migration).split(/[\r\n\u0085\u2028\u2029]/);
  assert.deepEqual(
    lines.filter((line) => line.includes("ClusterRoleBinding")).map((line) => line[0]),
    ["#", "#"],
  );
});
