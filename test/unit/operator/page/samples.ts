/** Clusters as the status page shows them. */
import { addressPoolSpecSchema } from "../../../../src/api/addressPool.ts";
import type { AddressPoolStatus, Assignment } from "../../../../src/api/addressPoolStatus.ts";
import { parseRange } from "../../../../src/api/addressRange.ts";
import type { Condition } from "../../../../src/api/condition.ts";
import { assignedCondition, loadBalancerClass } from "../../../../src/api/service.ts";
import type { VirtualIPStatus } from "../../../../src/api/virtualIP.ts";
import type { PageFacts, PageQuery } from "../../../../src/operator/page/facts.ts";
import type { PoolView } from "../../../../src/operator/plan/cluster.ts";
import type { ServiceView } from "../../../../src/operator/plan/services/views.ts";
import { agent, node, timeAt, virtualIP, virtualServer } from "../samples.ts";

/** Twelve hours after timeAt(0). */
export const nowSeconds = 43_200;
export const now = new Date(timeAt(nowSeconds));
export const everything: PageQuery = { filter: "", pages: new Map() };

export function condition(type: string, status: Condition["status"], reason: string, message = `because of ${reason}`): Condition {
  return { type, status, reason, message, lastTransitionTime: timeAt(nowSeconds - 120) };
}

/** Ready on the first of the nodes, the others stand by. */
export function held(by: readonly string[], more: Partial<VirtualIPStatus> = {}, seconds = 600): VirtualIPStatus {
  const [activeNode] = by;
  return {
    activeNode,
    nodes: by.map((name, index) => ({
      name,
      priority: 254 - 10 * index,
      v4: index === 0 ? "MASTER" : "BACKUP",
      v6: index === 0 ? "MASTER" : "BACKUP",
      since: timeAt(nowSeconds - seconds),
    })),
    conditions: [
      condition("Accepted", "True", "Accepted"),
      condition("Ready", "True", "Active"),
      condition("Degraded", "False", "Redundant"),
    ],
    history: [{ time: timeAt(nowSeconds - seconds), from: "", to: activeNode ?? "", reason: "FirstElection" }],
    ...more,
  };
}

export function pool(name: string, addresses: string[], status: AddressPoolStatus = {}): PoolView {
  const spec = addressPoolSpecSchema.parse({ addresses });
  return {
    name,
    createdAt: timeAt(0),
    generation: 1,
    deleting: false,
    hasFinalizer: true,
    segment: "default",
    spec,
    ranges: addresses.flatMap((text) => parseRange(text) ?? []),
    status: { conditions: [condition("Accepted", "True", "Accepted"), condition("Exhausted", "False", "FreeAddresses")], ...status },
  };
}

export function service(key: string, more: Partial<ServiceView> = {}): ServiceView {
  const [namespace = "", name = ""] = key.split("/");
  return {
    key,
    namespace,
    name,
    uid: `uid-of-${key}`,
    createdAt: timeAt(0),
    deleting: false,
    hasFinalizer: true,
    labels: {},
    annotations: {},
    isLoadBalancer: true,
    loadBalancerClass,
    families: ["IPv4"],
    familyPolicy: "SingleStack",
    ports: [{ protocol: "TCP", port: 80 }],
    isLocal: false,
    limitsSources: false,
    publishesNotReady: false,
    ingress: [],
    conditions: [],
    ...more,
  };
}

export function assigned(key: string, ip: string, more: Partial<ServiceView> = {}): ServiceView {
  return service(key, { ingress: [{ ip }], conditions: [condition(assignedCondition, "True", "Assigned")], ...more });
}

/** Of an agent that has reported lately. */
export function reporting(name: string, more: object = {}) {
  return agent(name, {
    status: { state: "Running", version: "0.1.0", lastReportTime: timeAt(nowSeconds - 8), backups: 3, faults: 0, ...more },
  });
}

/** Three nodes, a VirtualIP that a person wrote, a pool with two Services on two VirtualIPs, a VirtualServer; nothing is wrong. */
export function healthy(): PageFacts {
  const assignments: Assignment[] = [
    { address: "192.0.2.100", services: ["shop/web"] },
    { address: "192.0.2.101", services: ["shop/api", "shop/admin"] },
    { address: "2001:db8::100", services: ["shop/web"] },
  ];
  const generated = { pool: "public", role: "shared" as const };
  return {
    cluster: {
      nodes: ["n1", "n2", "n3"].map((name) => node(name)),
      agents: ["n1", "n2", "n3"].map((name) => reporting(name)),
      virtualIPs: [
        virtualIP("gateway", { addresses: [{ address: "192.0.2.10/24" }] }, { status: held(["n1", "n2", "n3"]) }),
        virtualIP(
          "public-0",
          { addresses: [{ address: "192.0.2.100" }, { address: "2001:db8::100" }] },
          { generated, status: held(["n2", "n3", "n1"]) },
        ),
        virtualIP("public-1", { addresses: [{ address: "192.0.2.101" }] }, { generated, status: held(["n3", "n1", "n2"]) }),
      ],
      pools: [
        pool("public", ["192.0.2.100-192.0.2.119", "2001:db8::100/124"], {
          ipv4: { total: 20, used: 2, free: 18 },
          ipv6: { total: 16, used: 1, free: 15 },
          services: 3,
          assignments,
        }),
      ],
      virtualServers: [
        virtualServer(
          "cache",
          { virtualIP: "gateway", ports: [{ port: 6379 }] },
          {
            status: {
              addresses: ["192.0.2.10"],
              activeNode: "n1",
              up: 3,
              total: 3,
              conditions: [
                condition("Accepted", "True", "Accepted"),
                condition("Programmed", "True", "Programmed"),
                condition("Ready", "True", "Serving"),
                condition("Degraded", "False", "AllUp"),
              ],
            },
          },
        ),
      ],
    },
    services: [
      assigned("shop/web", "192.0.2.100"),
      assigned("shop/api", "192.0.2.101"),
      assigned("shop/admin", "192.0.2.101"),
      service("shop/internal", { isLoadBalancer: false, loadBalancerClass: undefined }),
    ],
    missing: [],
    lease: { namespace: "balancers", name: "aloft-operator" },
    replica: { identity: "aloft-operator-7c9f-x2lqd", leads: true, leader: "aloft-operator-7c9f-x2lqd" },
    isDefault: false,
    version: "0.1.0",
    now,
  };
}

/** The same with a node that died, two that answer at once, a pool that is full, a Service that waits, real servers that are down. */
export function troubled(): PageFacts {
  const facts = healthy();
  const { cluster } = facts;
  if (!cluster) throw new Error("healthy() has a cluster");
  const died = timeAt(nowSeconds - 95);
  const move = (to: string, durationMs: number) => ({ time: died, from: "n3", to, reason: "AdvertTimeout", durationMs });
  const degraded = [
    condition("Accepted", "True", "Accepted"),
    condition("Ready", "True", "Active"),
    condition("Degraded", "True", "RouterFault", "n2: IPv4 is in FAULT (CheckFailed): check nginx is down"),
  ];
  const contested = [
    condition("Accepted", "True", "Accepted"),
    condition("Ready", "False", "MultipleMasters", "IPv4: n1 and n2 answer at the same time"),
  ];
  const full = [condition("Accepted", "True", "Accepted"), condition("Exhausted", "True", "NoFreeAddress", "0 of 20 IPv4 addresses free")];
  const quorum = [
    condition("Accepted", "True", "Accepted"),
    condition("Ready", "False", "QuorumLost", "1 of 3 servers up"),
    condition("Degraded", "True", "ServersDown", "2 servers down: 10.0.0.2:6379 (connection refused); 10.0.0.3:6379 (no answer within 2s)"),
  ];
  const earlier = [
    { time: timeAt(nowSeconds - 5600), from: "n2", to: "n3", reason: "Preempted" },
    { time: timeAt(nowSeconds - 7300), from: "n3", to: "n2", reason: "HandOver", durationMs: 3.4 },
    { time: timeAt(nowSeconds - 10_000), from: "", to: "n3", reason: "FirstElection" },
  ];
  return {
    ...facts,
    cluster: {
      ...cluster,
      nodes: [node("n1"), node("n2", { draining: true }), node("n3", { ready: false })],
      agents: [
        reporting("n1", { conditions: [condition("RealTime", "False", "NotPermitted")] }),
        reporting("n2", { state: "Degraded", faults: 1 }),
        { ...reporting("n3", { lastReportTime: timeAt(nowSeconds - 97) }), silent: true },
      ],
      virtualIPs: cluster.virtualIPs.map((view) => {
        if (view.name === "gateway") {
          return {
            ...view,
            status: {
              ...held(["n1", "n2"]),
              activeNode: undefined,
              conditions: contested,
              nodes: ["n1", "n2"].map((name) => ({ name, priority: 254, v4: "MASTER" as const })),
            },
          };
        }
        const [to, rest] = view.name === "public-0" ? (["n1", 305.1] as const) : (["n1", 311.8] as const);
        return { ...view, status: { ...held([to, "n2"], {}, 95), conditions: degraded, history: [move(to, rest), ...earlier] } };
      }),
      pools: (cluster.pools ?? []).map((view) => ({
        ...view,
        status: { ...view.status, ipv4: { total: 20, used: 20, free: 0 }, conditions: full },
      })),
      virtualServers: (cluster.virtualServers ?? []).map((view) => ({ ...view, status: { ...view.status, up: 1, conditions: quorum } })),
    },
    services: [
      ...(facts.services ?? []),
      service("shop/late", {
        conditions: [condition(assignedCondition, "False", "NoFreeAddress", 'AddressPool "public" has no free IPv4 address')],
      }),
    ],
  };
}

/** The picture of the documents: n3 was lost nine minutes ago, and another node answers for what it held. */
export function oneNodeLost(): PageFacts {
  const facts = healthy();
  const at = (minutes: number) => timeAt(nowSeconds - 60 * minutes);
  const first = (minutes: number, to: string) => ({ time: at(minutes), from: "", to, reason: "FirstElection" });
  const statuses: Record<string, VirtualIPStatus> = {
    gateway: held(
      ["n1", "n2"],
      {
        history: [
          { time: at(31), from: "n2", to: "n1", reason: "Preempted" },
          { time: at(46), from: "n1", to: "n2", reason: "HandOver", durationMs: 1.1 },
          first(55, "n1"),
        ],
      },
      31 * 60,
    ),
    "public-0": held(["n2", "n1"], { history: [first(54, "n2")] }, 54 * 60),
    "public-1": held(
      ["n1", "n2"],
      { history: [{ time: at(9), from: "n3", to: "n1", reason: "AdvertTimeout", durationMs: 304.8 }, first(54, "n3")] },
      9 * 60,
    ),
  };
  const virtualIPs = (facts.cluster?.virtualIPs ?? []).map((view) => ({ ...view, status: statuses[view.name] ?? view.status }));
  const agents = [
    reporting("n1", { backups: 2 }),
    reporting("n2", { backups: 3 }),
    { ...reporting("n3", { lastReportTime: timeAt(nowSeconds - 548) }), silent: true },
  ];
  const nodes = [node("n1"), node("n2"), node("n3", { ready: false })];
  return { ...facts, cluster: { ...facts.cluster, virtualIPs, agents, nodes } };
}

/** So many Services on so many nodes, on VirtualIPs of a pool with a hundred addresses each. */
export function large(services: number, nodes: number): PageFacts {
  const facts = healthy();
  const names = Array.from({ length: nodes }, (_, index) => `node-${index}.example.internal`);
  const keys = Array.from({ length: services }, (_, index) => `team-${index % 37}/a-service-with-a-name-${index}`);
  const addressOf = (index: number) => `10.${20 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;
  const shards = Array.from({ length: Math.ceil(services / 100) }, (_, shard) =>
    keys.flatMap((_, index) => (Math.floor(index / 100) === shard ? { address: addressOf(index) } : [])),
  );
  return {
    ...facts,
    cluster: {
      nodes: names.map((name) => node(name)),
      agents: names.map((name) => reporting(name)),
      virtualIPs: shards.map((addresses, shard) =>
        virtualIP(
          `public-${shard}`,
          { addresses },
          { generated: { pool: "public", role: "shared" }, status: held(names.slice(shard, shard + 5)) },
        ),
      ),
      pools: [
        pool("public", ["10.20.0.0/14"], { assignments: keys.map((key, index) => ({ address: addressOf(index), services: [key] })) }),
      ],
      virtualServers: [],
    },
    services: keys.map((key, index) => assigned(key, addressOf(index))),
  };
}
