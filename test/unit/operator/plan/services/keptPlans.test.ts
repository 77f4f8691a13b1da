/** What is kept with the objects that a plan is made from makes no other plan than one from nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { NodeView } from "../../../../../src/operator/plan/cluster.ts";
import { makePlan, type PlanQuestion } from "../../../../../src/operator/plan/plan.ts";
import { planServices } from "../../../../../src/operator/plan/services/planServices.ts";
import type { ServicesQuestion } from "../../../../../src/operator/plan/services/servicesQuestion.ts";
import { virtualIP } from "../../samples.ts";
import { nodes, type Step, steps, untouched } from "./anySteps.ts";

/** Of no object that is asked about there is anything kept. */
const anew = <Question>(question: Question): Question => structuredClone(question);

const isSame = (question: ServicesQuestion) => assert.deepEqual(planServices(question), planServices(anew(question)));
const isSamePlan = (question: PlanQuestion) => assert.deepEqual(makePlan(question), makePlan(anew(question)));

const node = fc.constantFrom(...nodes);
const ofNodes: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(node, fc.boolean()).map(
    ([name, draining]): Step =>
      (cluster) =>
        cluster.drain(name, draining),
  ),
  fc
    .tuple(node, fc.constantFrom<NodeView["labels"]>({}, { zone: "a" }, { "node.kubernetes.io/exclude-from-external-load-balancers": "" }))
    .map(
      ([name, labels]): Step =>
        (cluster) => {
          cluster.nodes = cluster.nodes.map((view) => (view.name === name ? { ...view, labels } : view));
        },
    ),
  fc.tuple(node, fc.constantFrom("192.0.2.7/24", "192.0.2.102/29", "10.0.0.7/8"), fc.constantFrom("eth0", "eth1")).map(
    ([name, address, device]): Step =>
      (cluster) => {
        const interfaces = [{ name: device, up: true, addresses: [address, "2001:db8::7/64"] }];
        cluster.agents = cluster.agents.map((view) => (view.name === name ? { ...view, status: { ...view.status, interfaces } } : view));
      },
  ),
  node.map(
    (name): Step =>
      (cluster) =>
        void (cluster.dead.delete(name) || cluster.dead.add(name)),
  ),
);
const ofPools: fc.Arbitrary<Step> = fc
  .constantFrom(
    { addresses: ["192.0.2.100-192.0.2.103"], dataPlane: { mode: "IPVS" } },
    { addresses: ["192.0.2.100-192.0.2.103"], serviceSelector: { matchLabels: { app: "none" } } },
    { addresses: ["192.0.2.100-192.0.2.103"], virtualIP: { nodes: { selector: { matchLabels: { zone: "a" } } } } },
    { addresses: ["192.0.2.100-192.0.2.103"], virtualIP: { interface: "eth1" } },
  )
  .map(
    (spec): Step =>
      (cluster) =>
        cluster.changePool("public", spec),
  );
/** Somebody else's, with an address of the pool. */
const ofOthers: fc.Arbitrary<Step> = fc.constantFrom("192.0.2.101/24", "192.0.2.9/24").map(
  (address): Step =>
    (cluster) => {
      const others = cluster.virtualIPs.filter(({ name }) => name !== "other");
      cluster.virtualIPs = [...others, virtualIP("other", { addresses: [{ address }] })];
    },
);
const all = fc.oneof({ weight: 6, arbitrary: steps }, { weight: 2, arbitrary: ofNodes }, ofPools, ofOthers);

test("plan property: what is kept with objects makes the same plan as one from nothing", () => {
  fc.assert(
    fc.property(fc.array(all, { minLength: 5, maxLength: 30 }), fc.nat(2), (happenings, generationTakes) => {
      const cluster = untouched();
      cluster.generationTakes = generationTakes;
      for (const step of happenings) {
        step(cluster);
        isSame(cluster.question());
        isSamePlan(cluster.planQuestion());
        cluster.serve();
        isSamePlan(cluster.planQuestion());
      }
    }),
    { numRuns: 100 },
  );
});
