/** What the documents show of `kubectl vip` is what it prints, with the forecast of the engine. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadAddon } from "../../../src/agent/native/addon.ts";
import type { IpvsReport } from "../../../src/api/ipvsReport.ts";
import { virtualIPSpecSchema } from "../../../src/api/virtualIP.ts";
import { virtualServerSpecSchema } from "../../../src/api/virtualServer.ts";
import { findingLines } from "../../../src/cli/findingView.ts";
import { ipvsLines } from "../../../src/cli/ipvsView.ts";
import { examineCluster } from "../../../src/cli/vip/clusterRules.ts";
import type { ClusterState, NodeAgentState, VirtualIPState } from "../../../src/cli/vip/clusterState.ts";
import { explain, explanationLines } from "../../../src/cli/vip/explainView.ts";
import type { Patient } from "../../../src/cli/vip/patient.ts";
import { detailLines, statusLines, statusRows } from "../../../src/cli/vip/statusView.ts";
import { timelineLines, timelineOf } from "../../../src/cli/vip/timelineView.ts";
import { planVirtualRouters } from "../../../src/plan/virtualRouters.ts";

const now = new Date("2026-11-21T14:40:12Z");
const spec = virtualIPSpecSchema.parse({
  addresses: [{ address: "192.0.2.10/24" }],
  track: [{ name: "nginx", process: { name: "nginx" }, weight: -20 }],
});

/** n1 was cut off for a minute and a half; nginx does not run on n2. */
const nodes = [
  { name: "n1", state: "MASTER", priority: 254, tracked: 254, since: "2026-11-21T14:30:41Z", reason: "Preempted" },
  { name: "n2", state: "BACKUP", priority: 244, tracked: 224, since: "2026-11-21T14:30:41Z", reason: "HigherPriority" },
  { name: "n3", state: "BACKUP", priority: 234, tracked: 234, since: "2026-11-21T11:02:10Z", reason: "Started" },
] as const;

const web: VirtualIPState = {
  name: "web",
  spec,
  createdAt: "2026-11-21T11:02:09Z",
  status: {
    activeNode: "n1",
    virtualRouterID: 1,
    advertisementInterval: "100ms",
    transitions: 2,
    nodes: nodes.map(({ name, state, priority, tracked, since }) => ({
      name,
      priority,
      effectivePriority: tracked,
      interface: "eth0",
      v4: state,
      since,
      ...(tracked < priority && { message: `what is tracked makes the priority ${tracked} instead of ${priority}` }),
    })),
    history: [
      { time: "2026-11-21T14:30:41Z", from: "n2", to: "n1", reason: "Preempted" },
      { time: "2026-11-21T14:29:12Z", from: "n1", to: "n2", reason: "AdvertTimeout", durationMs: 304.8 },
      { time: "2026-11-21T11:02:10Z", from: "", to: "n1", reason: "FirstElection" },
    ],
    summary: { state: "Active", lastFailover: "2026-11-21T14:30:41Z" },
  },
};

const cluster: ClusterState = {
  virtualIPs: [web],
  nodeAgents: nodes.map(({ name, state, priority, tracked, since, reason }, index): NodeAgentState => {
    const candidate = { node: name, priority, interfaces: { IPv4: "eth0" }, virtualRouterID: 1, liveOthers: true };
    return {
      name,
      routers: planVirtualRouters("web", spec, candidate).virtualRouters,
      status: {
        interfaces: [{ name: "eth0", up: true, addresses: [`192.0.2.${index + 1}/24`] }],
        virtualRouters: [{ virtualIP: "web", family: "IPv4", state, priority: tracked, since, reason, transitions: 1 }],
      },
    };
  }),
};

/** kube-proxy competes, a clock is behind, and a real server is no node. */
const reported = (name: string, lastReportTime = now.toISOString()) => ({
  name,
  spec: { virtualRouters: [] },
  status: { lastReportTime },
  takenAt: now.toISOString(),
});
const patient: Patient = {
  virtualIPs: [],
  services: [],
  virtualServers: [
    {
      key: "web/shop",
      spec: virtualServerSpecSchema.parse({
        virtualIP: "web",
        ports: [{ port: 80 }],
        forwarding: "DR",
        realServers: [{ address: "198.51.100.9" }],
      }),
      status: { addresses: ["192.0.2.10"] },
    },
  ],
  addressPools: [],
  nodes: [{ name: "n1" }, { name: "n2" }],
  agents: [reported("n1"), reported("n2", "2026-11-21T14:40:05Z")],
  kubeProxy: { mode: "ipvs", strictARP: true, excludeCIDRs: [] },
};

const counts = (connections: number) => ({
  connections,
  inPackets: connections * 7,
  outPackets: connections * 6,
  inBytes: connections * 640,
  outBytes: connections * 7128,
});

/** Of two servers, one with twice the weight. */
function ipvsReport(node: string, first: number, second: number): IpvsReport {
  const server = (host: number, weight: number, connections: number) => ({
    server: `10.0.0.${host}:8080`,
    forwarding: "NAT",
    weight,
    activeConnections: Math.floor(connections / 200),
    inactiveConnections: Math.floor(connections / 40),
    persistentConnections: 0,
    draining: false,
    statistics: counts(connections),
  });
  const servers = [server(1, 2, first), server(2, 1, second)];
  const service = {
    service: "TCP 192.0.2.10:80",
    virtualServer: "web/shop",
    scheduler: "wlc",
    servers,
    statistics: counts(first + second),
  };
  return { node, time: now.toISOString(), services: [service] };
}

const [row] = statusRows(cluster);
const printed: Record<string, () => string[]> = {
  "kubectl vip status": () => statusLines(statusRows(cluster), now),
  "kubectl vip status web": () => (row ? detailLines(row, now) : []),
  "kubectl vip doctor": () => findingLines(examineCluster(patient, now)),
  "kubectl vip ipvs web/shop": () => ipvsLines([ipvsReport("n1", 853, 427), ipvsReport("n2", 0, 0)], false),
  "kubectl vip timeline web": () => timelineLines(timelineOf(web), now),
  "kubectl vip explain web": () =>
    explanationLines(
      explain(web, cluster, (candidates, active) => {
        const answer = loadAddon().forecast(candidates, active);
        assert.ok(answer.ok, "the engine answers");
        return answer;
      }),
      now,
    ),
};

for (const document of ["README.md", "docs/operations.md"]) {
  const text = readFileSync(join(import.meta.dirname, "../../..", document), "utf8");
  const shown = [...text.matchAll(/^\$ (kubectl vip [^\n]*)\n(.*?)(?=\n\n\$ |\n```)/gms)];

  test(`${document} shows kubectl vip`, () => assert.ok(shown.length > 0));

  for (const [, command = "", output = ""] of shown)
    test(`${document}: ${command}`, () => {
      assert.ok(Object.hasOwn(printed, command), "the command is known");
      assert.deepEqual(output.split("\n"), printed[command]?.());
    });
}
