/** Whatever happens to Services, pools, endpoints, nodes and operators, in whatever order: ServedCluster looks for what must never be. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { PoolView } from "../../../../../src/operator/plan/cluster.ts";
import type { ServiceView } from "../../../../../src/operator/plan/services/views.ts";
import { timeAt } from "../../samples.ts";
import { pool, ServedCluster, service } from "../../servedCluster.ts";

const names = ["a", "b", "c", "d", "e"];
const nodes = ["n1", "n2", "n3"];
const name = fc.constantFrom(...names);
const port = fc.constantFrom(80, 443);

const change: fc.Arbitrary<Partial<ServiceView>> = fc.oneof(
  fc.boolean().map((isLocal) => ({ isLocal })),
  fc
    .constantFrom<ServiceView["annotations"]>(
      { "aloft.dev/sharing-key": "k" },
      { "aloft.dev/pool": "q" },
      { "aloft.dev/addresses": "192.0.2.101" },
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

type Step = (cluster: ServedCluster) => void;
const specs = [
  { addresses: ["192.0.2.100-192.0.2.103", "2001:db8::100-2001:db8::102"], virtualRouters: 2, maxLocalVirtualRouters: 2 },
  { addresses: ["192.0.2.102-192.0.2.104", "2001:db8::102-2001:db8::104"], virtualRouters: 1, sharing: "Cluster" },
];
const steps: fc.Arbitrary<Step> = fc.oneof(
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

test("Services property: no address twice at any moment, and in the end rest, and an address for everybody as far as there are any", () => {
  fc.assert(
    fc.property(fc.array(steps, { minLength: 5, maxLength: 40 }), fc.nat(3), (all, generationTakes) => {
      const cluster = new ServedCluster(...nodes);
      cluster.generationTakes = generationTakes;
      cluster.pools = [pool("public", specs[0] ?? {}), pool("q", { addresses: ["198.51.100.1-198.51.100.2"], autoAssign: false })];
      for (const step of all) step(cluster);
      cluster.rest();
      for (const view of cluster.services) checkEnd(view);
      const told = new Set(cluster.services.flatMap(({ ingress }) => ingress.flatMap(({ ip }) => ip ?? [])));
      const recorded = cluster.pools.flatMap(({ status }) => status.assignments ?? []);
      for (const { address } of recorded) assert.ok(told.has(address), `${address} is recorded for nobody`);
    }),
    { numRuns: 200 },
  );
});

function checkEnd({ key, deleting, loadBalancerClass, ingress, conditions }: ServiceView): void {
  const isOther = loadBalancerClass === "other";
  assert.ok(isOther || !deleting, `${key} is stuck`);
  if (isOther) assert.ok(deleting || ingress.length === 0);
  else assert.ok(ingress.length > 0 || conditions[0]?.status === "False", key);
}
