import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { HealthResult } from "../../../../src/agent/healthChecks/healthTarget.ts";
import { planVirtualServers, type VirtualServersPlan } from "../../../../src/agent/virtualServers/planVirtualServers.ts";
import { type Endpoint, nameOf, type ResolvedVirtualServer } from "../../../../src/agent/virtualServers/resolvedVirtualServer.ts";
import { formatServiceKey } from "../../../../src/agent/virtualServers/serviceKeys.ts";
import { nodeVirtualServerStatusSchema } from "../../../../src/api/virtualServerStatus.ts";
import { endpoint, virtualServer } from "./samples.ts";

const address = fc.integer({ min: 1, max: 6 }).map((last) => `10.0.0.${last}`);
const port = fc.option(fc.integer({ min: 80, max: 82 }), { nil: undefined });
const mode = fc.constantFrom("Remove" as const, "Drain" as const);
const realServer = fc.record({ address, port, weight: fc.integer({ min: 0, max: 3 }), onFailure: mode });

const specArbitrary = fc
  .record({
    ports: fc.constantFrom<{ port: number; last?: number }[][]>([{ port: 80 }], [{ port: 80, last: 82 }]),
    realServers: fc.uniqueArray(realServer, { selector: (one) => `${one.address} ${one.port}`, maxLength: 5 }),
    sorryServer: fc.option(fc.record({ address, port, onFailure: mode }), { nil: undefined }),
    quorum: fc.integer({ min: 1, max: 4 }),
    hysteresis: fc.integer({ min: 0, max: 3 }),
    service: fc.option(fc.constant({ name: "nginx" }), { nil: undefined }),
    suspendWithoutAddress: fc.boolean(),
  })
  .filter(({ quorum, hysteresis }) => hysteresis < quorum);

const endpointArbitrary = fc.record({ address, ready: fc.boolean(), serving: fc.boolean(), terminating: fc.boolean() });

const worldArbitrary = fc.record({
  specs: fc.array(specArbitrary, { maxLength: 3 }),
  endpoints: fc.option(fc.array(endpointArbitrary, { maxLength: 4 }), { nil: undefined }),
  /** By the number of the address: down, unknown, up, or up with a weight of its own. */
  health: fc.array(fc.constantFrom(false, undefined, true, 2), { minLength: 7, maxLength: 7 }),
  holds: fc.boolean(),
});
type World = typeof worldArbitrary extends fc.Arbitrary<infer Value> ? Value : never;

/** As the agent has it: what is the same is the same object. */
const holding = new Map([true, false].map((answer) => [answer, () => answer]));

function planWorld({ specs, endpoints, health, holds }: World, before?: VirtualServersPlan): VirtualServersPlan {
  const virtualServers = specs.map((spec, index) => virtualServer({ name: `vs${index}`, spec }));
  return planFor(virtualServers, { endpoints, health, holds }, before);
}

function planFor(
  virtualServers: ResolvedVirtualServer[],
  { endpoints, health, holds }: Omit<World, "specs">,
  before?: VirtualServersPlan,
): VirtualServersPlan {
  const since = new Date(0);
  return planVirtualServers({
    virtualServers,
    doubts: new Map(),
    endpoints: new Map(endpoints ? virtualServers.map((one) => [nameOf(one), endpointsOf(endpoints)]) : []),
    result: (key): HealthResult | undefined => {
      const up = health[Number(/10\.0\.0\.(\d)/.exec(key)?.[1])];
      if (up === undefined) return undefined;
      return { key, up: up !== false, since, message: "", ...(typeof up === "number" && { weight: up }) };
    },
    holds: holding.get(holds) as () => boolean,
    memory: before?.memory ?? new Map(),
    restored: new Map(),
  });
}

const lists = new Map<string, Endpoint[]>();

function endpointsOf(given: NonNullable<World["endpoints"]>): Endpoint[] {
  const text = JSON.stringify(given);
  const list = lists.get(text) ?? given.map((one) => endpoint(one.address, one));
  lists.set(text, list);
  return list;
}

const steps = fc.array(worldArbitrary, { minLength: 1, maxLength: 4 });

function planAll(worlds: readonly World[]): VirtualServersPlan[] {
  const plans: VirtualServersPlan[] = [];
  for (const world of worlds) plans.push(planWorld(world, plans.at(-1)));
  return plans;
}

test("what the kernel is given is what it takes: services and destinations once, failed ones apart, weights in their range", () => {
  fc.assert(
    fc.property(steps, (worlds) => {
      for (const { services, targets, statuses } of planAll(worlds)) {
        const keys = services.map(({ key }) => formatServiceKey(key));
        assert.equal(new Set(keys).size, keys.length);
        for (const { destinations, failed = [] } of services) {
          const places = [...destinations, ...failed].map((one) => `${one.address} ${one.port}`);
          assert.equal(new Set(places).size, places.length);
          assert.ok(destinations.every(({ weight }) => weight >= 0 && weight <= 65_535));
        }
        assert.equal(new Set(targets.map(({ key }) => key)).size, targets.length);
        for (const status of statuses) assert.ok(nodeVirtualServerStatusSchema.safeParse(status).success);
      }
    }),
  );
});

test("the same again changes nothing and tells nothing", () => {
  fc.assert(
    fc.property(steps, (worlds) => {
      const last = planAll(worlds).at(-1);
      const again = planWorld(worlds.at(-1) as World, last);
      assert.deepEqual([again.services, again.targets, again.statuses], [last?.services, last?.targets, last?.statuses]);
      assert.deepEqual(again.changes, []);
    }),
  );
});

/** Few worlds, so that much stays the same from one to the next. */
const changing = fc
  .tuple(fc.array(specArbitrary, { minLength: 1, maxLength: 3 }), fc.array(worldArbitrary, { minLength: 2, maxLength: 2 }))
  .chain(([specs, [first, second]]) => {
    const mixed = fc.record({
      endpoints: fc.constantFrom(first?.endpoints, first?.endpoints, second?.endpoints),
      holds: fc.constantFrom(true, true, false),
      health: fc.array(fc.constantFrom(false, undefined, true, 2), { minLength: 7, maxLength: 7 }),
    });
    return fc.record({ specs: fc.constant(specs), steps: fc.array(mixed, { minLength: 2, maxLength: 6 }) });
  });

test("what is taken from the plan before is what would be planned anew", () => {
  fc.assert(
    fc.property(changing, ({ specs, steps: worlds }) => {
      const virtualServers = specs.map((spec, index) => virtualServer({ name: `vs${index}`, spec }));
      let taken: VirtualServersPlan | undefined;
      let anew: VirtualServersPlan | undefined;
      for (const world of worlds) {
        taken = planFor(virtualServers, world, taken);
        anew = planFor(virtualServers, world, anew && { ...anew, memory: withoutPlans(anew.memory) });
        assert.deepEqual(taken, anew);
      }
      const again = planFor(virtualServers, worlds.at(-1) as Omit<World, "specs">, taken);
      assert.ok(again.services.every((service, index) => service === taken?.services[index]));
    }),
  );
});

function withoutPlans(memory: VirtualServersPlan["memory"]): VirtualServersPlan["memory"] {
  const stranger = virtualServer();
  return new Map(
    [...memory].map(([name, { planned, ...rest }]) => {
      const causes = { ...planned.causes, virtualServer: stranger };
      return [name, { ...rest, planned: { ...planned, causes } }];
    }),
  );
}

/** Addresses that get new connections, of each service. */
function* servingOf({ services, memory }: VirtualServersPlan) {
  for (const { owner, destinations } of services) {
    const remembered = memory.get(owner);
    assert.ok(remembered);
    yield { remembered, serving: destinations.flatMap(({ address: own, weight }) => (weight > 0 ? own : [])) };
  }
}

test("a server that is down gets nothing new, and while the sorry server serves nobody else does", () => {
  fc.assert(
    fc.property(steps, (worlds) => {
      for (const { remembered, serving } of planAll(worlds).flatMap((plan) => [...servingOf(plan)])) {
        const { servers, quorum, virtualServer: ran } = remembered;
        const up = [...servers.values()].flatMap((one) => (one.up ? one.server.address : []));
        if (ran.spec.sorryServer && !quorum) assert.deepEqual(serving, [ran.spec.sorryServer.address]);
        else assert.ok(serving.every((own) => up.includes(own)));
      }
    }),
  );
});

test("ups and downs that are told follow one another for each server", () => {
  fc.assert(
    fc.property(steps, (worlds) => {
      const told = new Map<string, boolean>();
      for (const { virtualServer: owner, server, up, occasion } of planAll(worlds).flatMap(({ changes }) => changes)) {
        const key = `${nameOf(owner)} ${server?.key ?? "quorum"}`;
        if (occasion !== "Started") assert.notEqual(told.get(key), up, key);
        if (occasion === "Removed") told.delete(key);
        else told.set(key, up);
      }
    }),
  );
});
