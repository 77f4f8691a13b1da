/** Anything that happens to Services, pools, endpoints and operators, in any order. */
import fc from "fast-check";
import type { PoolView } from "../../../../../src/operator/plan/cluster.ts";
import type { ServiceView } from "../../../../../src/operator/plan/services/views.ts";
import { timeAt } from "../../samples.ts";
import { pool, ServedCluster, service } from "../../servedCluster.ts";

const names = ["a", "b", "c", "d", "e"];
export const nodes = ["n1", "n2", "n3"];
const name = fc.constantFrom(...names);
const port = fc.constantFrom(80, 443);

const change: fc.Arbitrary<Partial<ServiceView>> = fc.oneof(
  fc.boolean().map((isLocal) => ({ isLocal })),
  fc
    .constantFrom<ServiceView["annotations"]>(
      { "aloft.dev/sharing-key": "k" },
      { "aloft.dev/pool": "q" },
      { "aloft.dev/addresses": "192.0.2.101" },
      { "aloft.dev/dataplane": "ipvs" },
      {},
    )
    .map((annotations) => ({ annotations })),
  fc.constantFrom<ServiceView["families"]>(["IPv4"], ["IPv6"], ["IPv4", "IPv6"]).map((families) => ({ families })),
  fc
    .constantFrom<ServiceView["familyPolicy"]>("SingleStack", "PreferDualStack", "RequireDualStack")
    .map((familyPolicy) => ({ familyPolicy })),
  port.map((each) => ({ ports: [{ protocol: "TCP" as const, port: each }] })),
  fc.constantFrom("aloft.dev/vrrp", "other").map((loadBalancerClass) => ({ loadBalancerClass })),
  fc.constant({ deleting: true }),
);

const backups = new WeakMap<ServedCluster, Map<string, PoolView["status"]>>();

export type Step = (cluster: ServedCluster) => void;
const specs = [
  { addresses: ["192.0.2.100-192.0.2.103", "2001:db8::100-2001:db8::102"], virtualRouters: 2, maxLocalVirtualRouters: 2 },
  { addresses: ["192.0.2.102-192.0.2.104", "2001:db8::102-2001:db8::104"], virtualRouters: 1, sharing: "Cluster" },
];
export const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: name.map(
      (each): Step =>
        (cluster) =>
          add(cluster, each),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(name, change).map(
      ([each, more]): Step =>
        (cluster) =>
          cluster.change(`web/${each}`, more),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(name, fc.subarray(nodes)).map(
      ([each, ready]): Step =>
        (cluster) =>
          void cluster.endpoints.set(`web/${each}`, new Set(ready)),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...specs).map(
      (spec): Step =>
        (cluster) =>
          cluster.changePool("public", spec),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Step>((cluster) => cluster.restart()) },
  { weight: 1, arbitrary: fc.constantFrom<Step>(backUp, restore) },
  {
    weight: 6,
    arbitrary: fc.subarray(nodes).map(
      (lazy): Step =>
        (cluster) =>
          void cluster.round((node) => !lazy.includes(node)),
    ),
  },
);

function backUp(cluster: ServedCluster): void {
  backups.set(cluster, new Map(cluster.pools.map(({ name: own, status }) => [own, status])));
}

/** The pools' statuses are those of the backup, and whoever leads reads all anew. */
function restore(cluster: ServedCluster): void {
  const backup = backups.get(cluster);
  cluster.pools = cluster.pools.map((view) => ({ ...view, status: backup?.get(view.name) ?? view.status }));
  cluster.restart();
}

function add(cluster: ServedCluster, each: string): void {
  const exists = cluster.services.some(({ key }) => key === `web/${each}`);
  if (!exists) cluster.services.push(service(each, { createdAt: timeAt(cluster.nowMs / 1000) }));
}

/** A cluster in which nothing has happened yet, with two pools. */
export function untouched(): ServedCluster {
  const cluster = new ServedCluster(...nodes);
  cluster.pools = [pool("public", specs[0] ?? {}), pool("q", { addresses: ["198.51.100.1-198.51.100.2"], autoAssign: false })];
  return cluster;
}
