import assert from "node:assert/strict";
import { test } from "node:test";
import { serverPrograms } from "../../../../src/agent/serverPrograms.ts";
import { parseStandaloneFile } from "../../../../src/agent/standalone/standaloneFile.ts";
import { planStandalone } from "../../../../src/agent/standalone/standalonePlan.ts";
import { link } from "../fixtures.ts";

const virtualIP = `apiVersion: aloft.dev/v1alpha1
kind: VirtualIP
metadata: {name: web}
spec:
  addresses: [{address: 192.0.2.10/24}, {address: "fe80::10/64"}, {address: "2001:db8::10/64"}]
  vrrp: {virtualRouterID: 51}
---
`;

const server = (name: string, spec: string) => `apiVersion: aloft.dev/v1alpha1
kind: VirtualServer
metadata: {name: ${name}}
spec:
  ports: [{port: 80}]
${spec.replace(/^/gm, "  ")}
`;

const listed = "realServers: [{address: 10.0.0.1}]";
const config = (settings: string) => `---\napiVersion: aloft.dev/v1alpha1\nkind: AgentConfig\nmetadata: {name: node}\nspec: ${settings}\n`;

function plan(text: string) {
  const parsed = parseStandaloneFile(text);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return planStandalone(parsed.objects, { name: "n1", links: [link({ addresses: ["192.0.2.1/24", "2001:db8::1/64"] })] });
}

function good(text: string) {
  const planned = plan(text);
  assert.ok(planned.ok, JSON.stringify(planned));
  return planned.plan;
}

test("a VirtualServer is served on all addresses of its VirtualIP that others can name, or on some of them", () => {
  const all = good(virtualIP + server("web", `virtualIP: web\n${listed}`));
  assert.deepEqual(
    all.virtualServers.map(({ namespace, name, virtualIP: owner, addresses }) => [namespace, name, owner, addresses]),
    [["default", "web", "web", ["192.0.2.10", "2001:db8::10"]]],
  );
  assert.deepEqual(all.spec.virtualServers, [
    { namespace: "default", name: "web", virtualIP: "web", addresses: ["192.0.2.10", "2001:db8::10"] },
  ]);
  const some = good(virtualIP + server("web", `virtualIP: web\naddresses: ["2001:DB8::10"]\nrealServers: [{address: "fd00::1"}]`));
  assert.deepEqual(some.virtualServers[0]?.addresses, ["2001:db8::10"]);
});

test("a file of VirtualServers alone, on addresses of the node or for a mark", () => {
  const mark = server("mark", "firewallMark: 3\nrealServers: [{address: 10.0.0.2}]").replace("  ports: [{port: 80}]\n", "");
  const { virtualServers, spec } = good(`${server("web", `addresses: [198.51.100.1]\n${listed}`)}---\n${mark}`);
  assert.deepEqual(
    virtualServers.map(({ name, addresses }) => [name, addresses]),
    [
      ["web", ["198.51.100.1"]],
      ["mark", []],
    ],
  );
  assert.deepEqual(spec.virtualRouters, []);
});

test("IPVS is set to what suits the VirtualServers and what the AgentConfig says; preemption waits for the connections", () => {
  const maglev = good(virtualIP + server("web", `virtualIP: web\n${listed}`));
  assert.deepEqual(maglev.spec.ipvs, { sysctls: { expire_nodest_conn: "1", expire_quiescent_template: "1", sloppy_tcp: "1" } });
  assert.equal(maglev.spec.virtualRouters[0]?.preemptDelay, "0s");
  const text =
    virtualIP + server("web", `virtualIP: web\nscheduler: wrr\n${listed}`) + config("{ipvs: {sync: {id: 9}, timeouts: {tcp: 90s}}}");
  const { ipvs, virtualRouters } = good(text).spec;
  assert.deepEqual(
    [ipvs?.sync, ipvs?.timeouts, ipvs?.sysctls?.sloppy_tcp],
    [{ id: 9, interface: "eth0", role: "Both" }, { tcp: "90s" }, undefined],
  );
  assert.equal(virtualRouters[0]?.preemptDelay, "15s");
  assert.equal(good(virtualIP + config("{ipvs: {timeouts: {tcp: 90s}}}").slice(4)).spec.ipvs, undefined);
});

const bad: [string, string, [number, number, RegExp]][] = [
  ["a Service", server("web", "addresses: [192.0.2.7]\nservice: {name: nginx}"), [7, 12, /^spec\.service: needs Kubernetes/]],
  ["nodes", server("web", "addresses: [192.0.2.7]\nnodes: {}"), [7, 10, /^spec\.nodes: needs Kubernetes/]],
  ["another VirtualIP", server("web", `virtualIP: db\n${listed}`), [6, 14, /^spec\.virtualIP: .*VirtualIP of this file, got "db"$/]],
  [
    "an address that the VirtualIP does not have",
    virtualIP + server("web", `virtualIP: web\naddresses: [192.0.2.10, 192.0.2.11]\n${listed}`),
    [14, 27, /^spec\.addresses\[1\]: VirtualIP "web" has no such address$/],
  ],
  [
    "a server of a family without address",
    virtualIP + server("web", `virtualIP: web\naddresses: ["2001:db8::10"]\n${listed}`),
    [14, 0, /families|family/],
  ],
  [
    "two that want one service",
    `${server("web", `addresses: [192.0.2.7]\n${listed}`)}---\n${server("other", `addresses: [192.0.2.7]\n${listed}`)}`,
    [13, 3, /^spec: TCP 192\.0\.2\.7:80 belongs to VirtualServer default\/web already$/],
  ],
  [
    "a name twice",
    `${server("web", `addresses: [192.0.2.7]\n${listed}`)}---\n${server("web", listed.replace("real", "addresses: [192.0.2.8]\nreal"))}`,
    [11, 18, /already a VirtualServer "web"/],
  ],
];

for (const [name, text, [line, column, message]] of bad) {
  test(`${name}: line, column and what is wrong`, () => {
    const parsed = parseStandaloneFile(text);
    const result = parsed.ok ? planStandalone(parsed.objects, { name: "n1", links: [link()] }) : parsed;
    assert.ok(!result.ok);
    const [problem] = result.problems;
    assert.match(problem?.message ?? "", message);
    if (column > 0) assert.deepEqual([problem?.line, problem?.column], [line, column]);
  });
}

test("the place of an entry of a VirtualServer, and of what IPVS is set to", () => {
  const text =
    virtualIP +
    server("web", `virtualIP: web\nrealServers:\n- address: 10.0.0.1\n  notify:\n    up: [{command: [/bin/no]}]`) +
    config("{ipvs: {sysctls: {}}}");
  const { problemOf } = good(text);
  const place = (path: string) => [problemOf(path, "no").line, problemOf(path, "no").column];
  assert.deepEqual(place("virtualServers[0]"), [12, 3]);
  assert.deepEqual(place("virtualServers[0].realServers[0].notify.up[0]"), [17, 12]);
  assert.deepEqual(place("ipvs[0]"), [22, 14]);
});

test("programs that would not be started: those of checks refuse, those that notify are skipped", async () => {
  const spec = `virtualIP: web
healthChecks: [{exec: {command: [/bin/check]}}]
notify: {quorumUp: [{command: [/bin/good]}], quorumDown: [{command: [/bin/bad]}]}
realServers: [{address: 10.0.0.1, healthChecks: [{tcp: {}}, {exec: {command: [/bin/bad]}}], notify: {down: [{command: [/bin/good]}, {command: [/bin/bad]}]}}]`;
  const { virtualServers } = good(virtualIP + server("web", spec));
  const problems = await serverPrograms(virtualServers, {
    problem: ({ command: [path] }) => Promise.resolve(path === "/bin/bad" ? "it is bad" : undefined),
  });
  assert.deepEqual(
    problems.refused.map(({ path, subject, message }) => [path, subject, message]),
    [["virtualServers[0].realServers[0].healthChecks[1].exec", "virtual server default/web", "exec: it is bad"]],
  );
  assert.deepEqual(
    problems.skipped.map(({ path }) => path),
    ["virtualServers[0].notify.quorumDown[0]", "virtualServers[0].realServers[0].notify.down[1]"],
  );
});
