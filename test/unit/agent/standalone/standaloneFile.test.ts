import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStandaloneFile } from "../../../../src/agent/standalone/standaloneFile.ts";

export const good = `apiVersion: aloft.dev/v1alpha1
kind: VirtualIP
metadata:
  name: web
spec:
  addresses:
    - address: 192.0.2.10/24
  vrrp:
    virtualRouterID: 51
`;

test("documents with the defaults of the API", () => {
  const parsed = parseStandaloneFile(`---\n${good}---\n# nothing\n---\n${good.replace("web", "db")}`);
  assert.ok(parsed.ok);
  assert.deepEqual(
    parsed.objects.VirtualIP.map(({ object }) => object.metadata.name),
    ["web", "db"],
  );
  const [first] = parsed.objects.VirtualIP;
  assert.deepEqual([first?.object.spec.vrrp.version, first?.object.spec.vrrp.preempt], [3, true]);
});

const bad: [string, string, [number, number, RegExp]][] = [
  ["nothing", "", [1, 1, /at least one document of kind VirtualIP or VirtualServer/]],
  ["only comments", "# later\n---\n", [1, 1, /at least one document of kind VirtualIP or VirtualServer/]],
  ["a tab", good.replace("  name", "\tname"), [4, 1, /[Tt]ab/]],
  ["an unclosed quote", good.replace("web", '"web'), [10, 1, /[Mm]issing closing "quote|[Mm]ulti-line/]],
  [
    "another kind",
    good.replace("VirtualIP", "Service"),
    [2, 7, /^kind: expected VirtualIP, VirtualServer, AgentConfig, Secret, got "Service"$/],
  ],
  ["no kind", good.replace("kind: VirtualIP\n", ""), [1, 1, /^kind: expected VirtualIP, VirtualServer, AgentConfig, Secret, got nothing$/]],
  ["another version", good.replace("v1alpha1", "v9"), [1, 13, /^apiVersion: expected aloft.dev\/v1alpha1, got "aloft.dev\/v9"$/]],
  ["a list", "- a\n", [1, 1, /^kind: expected VirtualIP/]],
  ["a text for a number", good.replace("51", "fifty"), [9, 22, /^spec\.vrrp\.virtualRouterID: .*number/]],
  ["a VRID that is too great", good.replace("51", "256"), [9, 22, /^spec\.vrrp\.virtualRouterID: .*255/]],
  [
    "a misspelt field",
    good.replace("virtualRouterID", "virtualRouterId"),
    [9, 22, /^spec\.vrrp\.virtualRouterId: there is no such field$/],
  ],
  ["a field that is missing", good.replace(/ {2}addresses:\n.*\n/, ""), [6, 3, /^spec\.addresses: /]],
  ["an address that is none", good.replace("192.0.2.10/24", "192.0.2.300"), [7, 16, /^spec\.addresses\[0\]\.address: .*IP address/]],
  [
    "an interval that the version does not have",
    `${good}    advertisementInterval: 15ms\n`,
    [10, 28, /^spec\.vrrp\.advertisementInterval: .*10ms to 40\.95s/],
  ],
  [
    "a password that is not base64 under data",
    `${good}---\napiVersion: v1\nkind: Secret\nmetadata: {name: vrrp}\ndata: {password: hunter2!}\n`,
    [14, 18, /^data\.password: must be base64; plain text stands under stringData$/],
  ],
  ["a Secret of another version", `${good}---\napiVersion: v2\nkind: Secret\nmetadata: {name: a}\n`, [11, 13, /^apiVersion: expected v1/]],
  [
    "only Secrets",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n",
    [1, 1, /at least one document of kind VirtualIP or VirtualServer/],
  ],
  ["one name twice", `${good}---\n${good}`, [14, 9, /^metadata\.name: there is already a VirtualIP "web"/]],
];

for (const [name, text, [line, column, message]] of bad) {
  test(`${name}: line, column and what was expected`, () => {
    const parsed = parseStandaloneFile(text);
    assert.ok(!parsed.ok);
    const [problem] = parsed.problems;
    assert.match(problem?.message ?? "", message);
    assert.deepEqual([problem?.line, problem?.column], [line, column]);
  });
}

test("all mistakes are told, in all documents", () => {
  const parsed = parseStandaloneFile(`${good.replace("51", "0")}---\n${good.replace("51", "999").replace("web", "db")}`);
  assert.ok(!parsed.ok);
  assert.deepEqual(
    parsed.problems.map(({ line }) => line),
    [9, 19],
  );
});

test("AgentConfigs and Secrets beside VirtualIPs; messages never show a value", () => {
  const secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: vrrp}\nstringData: {password: hunter2}\n";
  const config = "---\napiVersion: aloft.dev/v1alpha1\nkind: AgentConfig\nmetadata: {name: all}\nspec: {notifyFifo: /run/fifo}\n";
  const parsed = parseStandaloneFile(good + secret + config);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  assert.equal(parsed.objects.Secret[0]?.object.stringData?.password, "hunter2");
  assert.equal(parsed.objects.AgentConfig[0]?.object.spec.notifyFifo, "/run/fifo");
  for (const wrong of [
    secret.replace("hunter2", "[hunter2]"),
    secret.replace("stringData", "data"),
    secret.replace("{password", "{'password"),
  ]) {
    assert.ok(!JSON.stringify(parseStandaloneFile(good + wrong)).includes("hunter2"));
  }
});
