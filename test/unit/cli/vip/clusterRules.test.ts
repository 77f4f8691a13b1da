import assert from "node:assert/strict";
import { test } from "node:test";
import { virtualIPSpecSchema } from "../../../../src/api/virtualIP.ts";
import { virtualServerSpecSchema } from "../../../../src/api/virtualServer.ts";
import { findingLines } from "../../../../src/cli/findingView.ts";
import { examineCluster } from "../../../../src/cli/vip/clusterRules.ts";
import { examinedAgent, type Patient, parseKubeProxy } from "../../../../src/cli/vip/patient.ts";

const now = new Date("2026-01-01T12:00:00Z");
const time = now.toISOString();

type Agent = Patient["agents"][number];
const agent = (name: string, status: Agent["status"] = {}, more: Partial<Agent> = {}): Agent => ({
  name,
  spec: { virtualRouters: [] },
  status: { lastReportTime: time, interfaces: [{ name: "eth0", up: true, addresses: [`192.0.2.${name.slice(1)}/24`] }], ...status },
  takenAt: time,
  ...more,
});

const server = (spec: object, status: Patient["virtualServers"][number]["status"] = {}) => ({
  key: "web/shop",
  spec: virtualServerSpecSchema.parse({ virtualIP: "gateway", ports: [{ port: 80 }], realServers: [{ address: "192.0.2.2" }], ...spec }),
  status: { addresses: ["192.0.2.10"], ...status },
});

const condition = (type: string, status: "True" | "False", reason: string, message = "So it is.") => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: time,
});
type Trouble = ReturnType<typeof condition>;

const vip = (trouble: Trouble, vrrp: object = {}) => ({
  name: "gateway",
  spec: virtualIPSpecSchema.parse({ addresses: [{ address: "192.0.2.10/24" }], vrrp }),
  status: { conditions: [trouble] },
});
const pool = (trouble: Trouble) => ({ name: "public", status: { conditions: [trouble] } });

function patient(more: Partial<Patient> = {}): Patient {
  return {
    virtualIPs: [{ name: "gateway", spec: virtualIPSpecSchema.parse({ addresses: [{ address: "192.0.2.10/24" }] }), status: {} }],
    virtualServers: [server({ forwarding: "DR" })],
    addressPools: [
      {
        name: "public",
        status: { conditions: [condition("Accepted", "True", "Accepted"), condition("Exhausted", "False", "FreeAddresses")] },
      },
    ],
    nodes: [
      { name: "n1", kernelVersion: "5.9.0" },
      { name: "n2", kernelVersion: "6.1.0-18-amd64" },
    ],
    agents: [agent("n1"), agent("n2")],
    services: [],
    ...more,
  };
}

const finding = { severity: "Warning" as const, what: "MTU.", why: "It stalls.", fix: "Raise it." };
const ipvs = { mode: "ipvs", strictARP: true, excludeCIDRs: [] };
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000).toISOString();

test("a cluster that is in order has no findings", () => {
  const good = patient({
    kubeProxy: { mode: "ipvs", strictARP: true, excludeCIDRs: ["192.0.2.0/28"] },
    agents: [
      agent("n1", { conditions: [condition("Preflight", "True", "Passed"), condition("DeadManSwitch", "False", "NotNeeded")] }),
      agent("n2", { conditions: [condition("ConfigurationApplied", "False", "Waiting"), condition("Checks", "False", "Down")] }),
    ],
  });
  assert.deepEqual(examineCluster(good, now), []);
  assert.deepEqual(examineCluster(patient({ kubeProxy: { ...ipvs, mode: "", strictARP: false } }), now), []);
});

const bad: [title: string, more: Partial<Patient>, where: string, severity: string, text: RegExp][] = [
  ["kube-proxy in IPVS mode removes services", { kubeProxy: ipvs }, "kube-proxy", "Error", /excludeCIDRs: \[192\.0\.2\.10\/32\]/],
  [
    "kube-proxy in IPVS mode without strictARP",
    { kubeProxy: { ...ipvs, strictARP: false, excludeCIDRs: ["192.0.2.10/32"] } },
    "kube-proxy",
    "Warning",
    /strictARP: true/,
  ],
  ["a node without an agent", { nodes: [{ name: "n1" }, { name: "n3" }] }, "node n3", "Error", /no agent that reports/],
  [
    "an agent that never reported",
    { agents: [agent("n1"), agent("n2", { lastReportTime: undefined }, { takenAt: undefined })] },
    "node n2",
    "Error",
    /no agent that reports/,
  ],
  [
    "an agent that no longer reports",
    { agents: [agent("n1", { lastReportTime: later(-120) }, { takenAt: later(-120) }), agent("n2")] },
    "node n1",
    "Error",
    /not reported for 120 s/,
  ],
  ["an agent that was stopped", { agents: [agent("n1", { state: "Stopped" }), agent("n2")] }, "node n1", "Error", /was stopped/],
  [
    "what a node lacks",
    { agents: [agent("n1", { conditions: [condition("Preflight", "False", "Failed")] }), agent("n2")] },
    "node n1",
    "Error",
    /Preflight is False \(Failed\): So it is\./,
  ],
  [
    "what a node refuses",
    { agents: [agent("n1", { conditions: [condition("ConfigurationApplied", "False", "EntriesRejected")] }), agent("n2")] },
    "node n1",
    "Error",
    /ConfigurationApplied/,
  ],
  [
    "no dead-man switch",
    { agents: [agent("n1", { conditions: [condition("DeadManSwitch", "False", "Unavailable")] }), agent("n2")] },
    "node n1",
    "Warning",
    /CAP_BPF/,
  ],
  [
    "no real time",
    { agents: [agent("n1", { conditions: [condition("RealTime", "False", "NotPermitted")] }), agent("n2")] },
    "node n1",
    "Warning",
    /CAP_SYS_NICE/,
  ],
  ["a clock that is ahead", { agents: [agent("n1", { lastReportTime: later(60) }), agent("n2")] }, "node n1", "Warning", /60 s ahead of/],
  ["a clock that is behind", { agents: [agent("n1", { lastReportTime: later(-7) }), agent("n2")] }, "node n1", "Warning", /7 s behind/],
  ["what an agent has found", { agents: [agent("n1", { findings: [finding] }), agent("n2")] }, "node n1", "Warning", /MTU\..*Raise it\./s],
  [
    "a VirtualIP that is not accepted",
    { virtualIPs: [{ name: "gateway", spec: undefined, status: { conditions: [condition("Accepted", "False", "AddressConflict")] } }] },
    "VirtualIP gateway",
    "Error",
    /AddressConflict/,
  ],
  [
    "nodes that do not hear each other",
    { virtualIPs: [vip(condition("Ready", "False", "MultipleMasters", "IPv6: n1 and n2 answer at the same time"))] },
    "VirtualIP gateway",
    "Error",
    /hear each other's adverts: IPv6: n1 and n2 .*without a querier forgets who wants ff02::12.*mode: Unicast/s,
  ],
  [
    "nodes that do not hear each other by unicast",
    { virtualIPs: [vip(condition("Ready", "False", "MultipleMasters"), { mode: "Unicast" })] },
    "VirtualIP gateway",
    "Error",
    /Something between them drops IP protocol 112/,
  ],
  [
    "no node that can answer",
    { virtualIPs: [vip(condition("Ready", "False", "NoCandidates"))] },
    "VirtualIP gateway",
    "Error",
    /spec\.nodes/,
  ],
  [
    "no node that answers",
    { virtualIPs: [vip(condition("Ready", "False", "NoMaster"))] },
    "VirtualIP gateway",
    "Error",
    /kubectl vip status/,
  ],
  ["no standby", { virtualIPs: [vip(condition("Degraded", "True", "NoStandby"))] }, "VirtualIP gateway", "Warning", /nobody takes over/],
  [
    "a host outside",
    { virtualIPs: [vip(condition("AddressConflict", "True", "ForeignClaim"))] },
    "VirtualIP gateway",
    "Error",
    /MAC address/,
  ],
  [
    "a pool without addresses",
    { addressPools: [pool(condition("Exhausted", "True", "NoFreeAddress"))] },
    "AddressPool public",
    "Warning",
    /pending/,
  ],
  [
    "a pool that is not accepted",
    { addressPools: [pool(condition("Accepted", "False", "PoolOverlap"))] },
    "AddressPool public",
    "Error",
    /PoolOverlap/,
  ],
  [
    "agents of several versions",
    { agents: [agent("n1", { version: "0.2.0" }), agent("n2", { version: "0.1.0" })] },
    "agents",
    "Note",
    /0\.1\.0 on n2; 0\.2\.0 on n1/,
  ],
  [
    "a director with an old kernel",
    {
      nodes: [
        { name: "n1", kernelVersion: "5.8.18" },
        { name: "n2", kernelVersion: "5.8.18" },
      ],
      agents: [
        agent("n1", {}, { spec: { virtualRouters: [], virtualServers: [{ namespace: "web", name: "shop", addresses: [] }] } }),
        agent("n2"),
      ],
    },
    "node n1",
    "Warning",
    /Linux 5\.8\.18.*uses a port again/s,
  ],
  [
    "a VirtualServer that is not accepted",
    { virtualServers: [server({}, { conditions: [condition("Accepted", "False", "ServiceConflict")] })] },
    "VirtualServer web/shop",
    "Error",
    /ServiceConflict/,
  ],
  [
    "a VirtualServer that nodes do not have",
    { virtualServers: [server({}, { conditions: [condition("Programmed", "False", "NodesFailed")] })] },
    "VirtualServer web/shop",
    "Error",
    /Nodes do not have it: So it is\./,
  ],
  [
    "pods as real servers of DR",
    { virtualServers: [server({ forwarding: "DR", realServers: undefined, service: { name: "shop" } })] },
    "VirtualServer web/shop",
    "Warning",
    /hostNetwork/,
  ],
  [
    "real servers outside of the cluster",
    { virtualServers: [server({ forwarding: "DR", realServers: [{ address: "192.0.2.2" }, { address: "198.51.100.9" }] })] },
    "VirtualServer web/shop",
    "Note",
    /198\.51\.100\.9\..*aloft realserver --address 192\.0\.2\.10 \(/s,
  ],
  [
    "real servers outside of the cluster, by a tunnel",
    { virtualServers: [server({ forwarding: "TUN", tunnel: { type: "GRE" }, realServers: [{ address: "198.51.100.9" }] })] },
    "VirtualServer web/shop",
    "Note",
    /aloft realserver --address 192\.0\.2\.10 --tunnel gre/,
  ],
  [
    "a firewall mark",
    { virtualServers: [server({ forwarding: "DR", virtualIP: undefined, ports: undefined, firewallMark: 7 }, { addresses: [] })] },
    "VirtualServer web/shop",
    "Note",
    /mark 7/,
  ],
  [
    "GUE",
    { virtualServers: [server({ forwarding: "TUN", tunnel: { type: "GUE", port: 6080 } })] },
    "VirtualServer web/shop",
    "Note",
    /ip fou add port 6080 gue/,
  ],
];

for (const [title, more, where, severity, text] of bad)
  test(`doctor of a cluster: ${title}`, () => {
    const found = examineCluster(patient(more), now);
    assert.deepEqual(
      found.map((one) => [one.where, one.severity]),
      [[where, severity]],
    );
    assert.match(`${found[0]?.what} ${found[0]?.why} ${found[0]?.fix}`, text);
  });

test("kube-proxy's mode is read from the ConfigMap of kubeadm; one that says nothing of it is none", () => {
  const object = (text: string) => ({ metadata: { name: "kube-proxy" }, data: { "config.conf": text } });
  assert.deepEqual(parseKubeProxy(object("mode: ipvs\nipvs:\n  strictARP: true\n  excludeCIDRs: [192.0.2.0/24]\n")), {
    mode: "ipvs",
    strictARP: true,
    excludeCIDRs: ["192.0.2.0/24"],
  });
  assert.deepEqual(parseKubeProxy(object('mode: ""\nipvs:\n  excludeCIDRs: null\n')), { mode: "", strictARP: false, excludeCIDRs: [] });
  assert.equal(parseKubeProxy({ metadata: { name: "kube-proxy" } }), undefined);
});

test("the time of a report is the API server's own", () => {
  const managedFields = [
    { manager: "aloft-operator", time: "2026-01-01T11:59:59Z" },
    { manager: "aloft-agent", subresource: "status", time: "2026-01-01T11:59:58Z" },
  ];
  assert.equal(examinedAgent({ metadata: { name: "n1", managedFields } as never })?.takenAt, "2026-01-01T11:59:58Z");
  assert.equal(examinedAgent({ metadata: { name: "n1" } })?.takenAt, undefined);
});

test("findings are told worst first, each with its reason and its fix, and counted", () => {
  const lines = findingLines([
    { where: "node n1", ...finding },
    { ...finding, severity: "Error", what: "Broken." },
    { where: "node n2", ...finding },
  ]);
  assert.deepEqual(lines, [
    "ERROR     Broken.",
    "          It stalls.",
    "          fix: Raise it.",
    "",
    "WARNING   node n1: MTU.",
    "          It stalls.",
    "          fix: Raise it.",
    "",
    "WARNING   node n2: MTU.",
    "          It stalls.",
    "          fix: Raise it.",
    "",
    "1 error, 2 warnings",
  ]);
  assert.deepEqual(findingLines([]), ["nothing is wrong"]);
});
