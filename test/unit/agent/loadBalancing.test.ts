import assert from "node:assert/strict";
import { test } from "node:test";
import type { CoreResult } from "../../../src/agent/native/core.ts";
import { FixedServers } from "../../../src/agent/standalone/fixedServers.ts";
import type { ResolvedVirtualServer } from "../../../src/agent/virtualServers/resolvedVirtualServer.ts";
import { settle } from "../runtime/virtualClock.ts";
import { createRunner, link, routerSnapshot, routerSpec, snapshot } from "./fixtures.ts";
import { type ServerFields, virtualServer } from "./virtualServers/samples.ts";

/** Without health checks: nothing is dialled. */
const server = ({ spec, ...fields }: ServerFields = {}) => virtualServer({ ...fields, spec: { healthChecks: undefined, ...spec } });
const named = (servers: readonly ResolvedVirtualServer[]) =>
  servers.map(({ namespace, name, virtualIP, addresses }) => ({ namespace, name, virtualIP, addresses: [...addresses] }));

function configuration(...servers: ResolvedVirtualServer[]) {
  return { spec: { virtualRouters: [routerSpec()], virtualServers: named(servers) }, source: new FixedServers(servers, () => undefined) };
}

test("services stand before the core has their addresses, and go after it has given them up", async (context) => {
  const { runner, core, ipvs } = createRunner(context);
  const order: string[] = [];
  const ports = () => ipvs.last.services.map(({ key }) => key.port).join("+");
  core.answer = (): CoreResult => {
    order.push(`core with ${ports()}`);
    return { ok: true };
  };
  ipvs.answer = (state) => {
    order.push(`table ${state.services.map(({ key }) => key.port).join("+")}`);
    return { ok: true };
  };
  const first = configuration(server());
  await runner.apply(first.spec, { servers: first.source });
  assert.deepEqual(order, ["table 80", "core with 80"]);
  order.length = 0;
  const second = configuration(server({ name: "tls", spec: { ports: [{ port: 443 }] } }));
  await runner.apply(second.spec, { servers: second.source });
  assert.deepEqual(order, ["table 443+80", "core with 443+80", "table 443"]);
});

test("what is masqueraded is so as long as it is served", async (context) => {
  const { runner, core, nat } = createRunner(context);
  const first = configuration(server({ spec: { masquerade: true } }));
  await runner.apply(first.spec, { servers: first.source });
  const ports = () => nat.table?.masqueraded.map(({ port }) => port) ?? [];
  const seen: number[][] = [];
  core.answer = (): CoreResult => {
    seen.push(ports());
    return { ok: true };
  };
  const second = configuration(server({ name: "tls", spec: { ports: [{ port: 443 }], masquerade: true } }));
  await runner.apply(second.spec, { servers: second.source });
  assert.deepEqual([...seen, ports()], [[443, 80], [443]]);
});

test("the core is asked for the node's addresses once for a plan, however many servers there are", async (context) => {
  const questions = async (servers: number) => {
    const { runner, core } = createRunner(context);
    let count = 0;
    const answer = core.snapshot.bind(core);
    core.snapshot = () => {
      count += 1;
      return answer();
    };
    const realServers = Array.from({ length: servers }, (_, index) => ({ address: `10.0.0.${index + 1}`, port: 80 }));
    const { spec, source } = configuration(server({ addresses: ["198.51.100.1"], spec: { realServers } }));
    await runner.apply(spec, { servers: source });
    return count;
  };
  assert.equal(await questions(100), await questions(1));
});

test("the same configuration again gives the kernel nothing to do", async (context) => {
  const { runner, ipvs } = createRunner(context);
  const { spec, source } = configuration(server());
  for (let times = 0; times < 3; times += 1) await runner.apply(structuredClone(spec), { servers: source });
  assert.equal(ipvs.applied.length, 1);
  const other = configuration(server({ spec: { scheduler: "wrr" } }));
  await runner.apply(other.spec, { servers: other.source });
  await runner.apply(spec, { servers: source });
  assert.deepEqual(
    ipvs.applied.map(({ services }) => services[0]?.scheduler),
    ["rr", "wrr", "rr"],
  );
});

test("a virtual server under another name takes the service over without a gap", async (context) => {
  const { runner, ipvs } = createRunner(context);
  const first = configuration(server());
  await runner.apply(first.spec, { servers: first.source });
  const second = configuration(server({ name: "renamed", spec: { scheduler: "wrr" } }));
  await runner.apply(second.spec, { servers: second.source });
  assert.deepEqual(
    ipvs.applied.map(({ services }) => services.map(({ scheduler }) => scheduler)),
    [["rr"], ["wrr"], ["wrr"]],
  );
});

test("a configuration that the core refuses leaves the virtual servers that run", async (context) => {
  const { runner, core, ipvs, balancing } = createRunner(context);
  const first = configuration(server());
  await runner.apply(first.spec, { servers: first.source });
  core.answer = () => ({ ok: false, error: { operation: "apply", errno: 5, message: "no" } });
  const second = configuration(server({ name: "other", spec: { ports: [{ port: 81 }] } }));
  await runner.apply(second.spec, { servers: second.source, wholeOrNothing: true });
  assert.deepEqual(
    ipvs.last.services.map(({ key }) => key.port),
    [80],
  );
  assert.deepEqual(
    balancing.statuses()?.map(({ name }) => name),
    ["web"],
  );
});

test("an agent without virtual servers has none of it", async (context) => {
  const { runner, ipvs, balancing } = createRunner(context);
  await runner.apply({ virtualRouters: [routerSpec()] });
  assert.deepEqual([ipvs.owned, balancing.statuses(), await balancing.table()], [undefined, undefined, undefined]);
});

test("what an earlier process left is removed by a configuration without virtual servers", async (context) => {
  const first = createRunner(context);
  const before = configuration(server());
  await first.runner.apply(before.spec, { servers: before.source });
  const second = createRunner(context, { directory: first.directory });
  assert.equal(await second.balancing.open(), undefined);
  await second.runner.apply({ virtualRouters: [] });
  assert.deepEqual([second.ipvs.owned?.length, second.ipvs.last.services], [1, []]);
});

test("an entry that is no virtual server is refused, and the others go on", async (context) => {
  const { runner } = createRunner(context);
  const { spec, source } = configuration(server());
  const applied = await runner.apply({ ...spec, virtualServers: [{ name: "x" }, ...spec.virtualServers] }, { servers: source });
  assert.deepEqual(
    applied.rejected.map(({ path, subject }) => [path, subject]),
    [["virtualServers[0]", "virtual server ?/x"]],
  );
  assert.equal(applied.accepted.virtualServers?.length, 1);
});

test("where the node has no address nothing is checked, if so asked, and it is checked once the address comes", async (context) => {
  const { runner, core, clock, balancing } = createRunner(context);
  const one = server({ spec: { suspendWithoutAddress: true, healthChecks: [{ file: { path: "/nowhere" } }] } });
  const { spec, source } = configuration(one);
  await runner.apply(spec, { servers: source });
  assert.equal(balancing.healthReports().length, 0);
  core.current = snapshot({ routers: [routerSnapshot({ state: "MASTER", addressesHeld: ["192.0.2.10/24"] })] });
  const event = { type: "stateChanged", key: "web/IPv4", from: "BACKUP", to: "MASTER", reason: "", peer: "", changedAt: 0 } as const;
  balancing.onEvents([event]);
  await clock.advance(200);
  assert.equal(balancing.healthReports().length, 2);
  // Without VRRP, by somebody else.
  core.current = snapshot({ links: [link({ addresses: ["198.51.100.1/24"] })] });
  balancing.onEvents([event]);
  await clock.advance(200);
  assert.equal(balancing.healthReports().length, 0);
  core.current = snapshot({ links: [link({ addresses: ["192.0.2.10/32"] })] });
  balancing.onEvents([{ type: "linksChanged" }]);
  await clock.advance(200);
  assert.equal(balancing.healthReports().length, 2);
  // As a real server, while another node is active.
  const quiet = [link({ name: "lo", loopback: true, addresses: ["192.0.2.10/32"] }), link({ name: "tunl0", addresses: ["192.0.2.10/32"] })];
  core.current = snapshot({ links: quiet });
  balancing.onEvents([{ type: "linksChanged" }]);
  await clock.advance(200);
  assert.equal(balancing.healthReports().length, 0);
});

test("IPVS is asked for once before any of its settings is set: before that it may not be there", async (context) => {
  const { runner, ipvs, settings } = createRunner(context);
  const asked: number[] = [];
  ipvs.stop = () => {
    asked.push(settings.configured.length);
    return Promise.resolve({ ok: true });
  };
  const { spec, source } = configuration(server());
  await runner.apply({ virtualRouters: [] });
  assert.deepEqual(asked, [], "not without virtual servers");
  const before = settings.configured.length;
  await runner.apply(spec, { servers: source });
  await runner.apply(spec, { servers: source });
  assert.deepEqual(asked, [before]);
});

test("the other directors hear of connections to what the node has as MASTER, not to what it has for itself", async (context) => {
  const { runner, core, ipvs, balancing } = createRunner(context);
  const { spec, source } = configuration(server());
  core.current = snapshot({
    routers: [routerSnapshot({ state: "BACKUP", addressesHeld: ["192.0.2.10/24"] })],
    links: [link({ name: "lo", addresses: ["192.0.2.10/32"] })],
  });
  await runner.apply({ ...spec, ipvs: { sync: { id: 7, interface: "eth0", role: "Both" } } }, { servers: source });
  assert.deepEqual(ipvs.carried, []);
  core.current = snapshot({ routers: [routerSnapshot({ state: "MASTER", addressesHeld: ["192.0.2.10/24"] })] });
  balancing.onEvents([{ type: "resync" }]);
  assert.deepEqual(ipvs.carried, ["192.0.2.10"]);
});

test("what would change the services of others is withheld as long as there are any", async (context) => {
  const { runner, ipvs, clock, balancing, settings } = createRunner(context);
  const { spec, source } = configuration(server());
  const sloppy = () => settings.configured.at(-1)?.["net/ipv4/vs/sloppy_tcp"];
  const ipvsSettings = { sysctls: { sloppy_tcp: "1", expire_nodest_conn: "1" } };
  let told = 0;
  balancing.neighbours.onChange(() => {
    told += 1;
  });
  await runner.apply({ ...spec, ipvs: ipvsSettings }, { servers: source });
  // Not before it has been looked.
  assert.equal(settings.configured[0]?.["net/ipv4/vs/sloppy_tcp"], undefined);
  assert.deepEqual([balancing.neighbours.permitted(ipvsSettings), told], [ipvsSettings.sysctls, 1]);
  await runner.settle();
  assert.equal(sloppy(), "1");
  ipvs.foreign = [{ family: "IPv4", protocol: "TCP", address: "10.96.0.1", port: 443 }];
  await clock.advance(60_000);
  await settle();
  assert.deepEqual([balancing.neighbours.permitted(ipvsSettings), told], [{ expire_nodest_conn: "1" }, 2]);
  await runner.settle();
  assert.deepEqual([sloppy(), settings.configured.at(-1)?.["net/ipv4/vs/expire_nodest_conn"]], [undefined, "1"]);
  ipvs.foreign = [];
  await clock.advance(60_000);
  await settle();
  assert.deepEqual([balancing.neighbours.permitted(ipvsSettings), told], [ipvsSettings.sysctls, 3]);
  await runner.settle();
  assert.equal(sloppy(), "1");
});

test("endpoints that come and go do not have the whole table read each time", async (context) => {
  const { runner, ipvs, clock, balancing } = createRunner(context);
  const { spec, source } = configuration(server());
  await runner.apply({ ...spec, ipvs: { sysctls: { sloppy_tcp: "1" } } }, { servers: source });
  const readings = () => ipvs.calls.filter((call) => call === "snapshot").length;
  const first = readings();
  assert.ok(first > 0, "it has been looked who else uses it");
  for (let times = 0; times < 5; times += 1) await balancing.sourceChanged();
  assert.equal(readings(), first);
  await clock.advance(60_000);
  await settle();
  assert.equal(readings(), first + 1);
});

test("a node that only translates for its own pods has a table of nf_tables, no IPVS and no address, and in the end nothing", async (context) => {
  const { runner, core, ipvs, nat } = createRunner(context);
  const one = server({ spec: { forwarding: "DR", realServers: undefined, service: { name: "web", targets: "Nodes" } } });
  const pod = { address: "10.0.0.1", port: 8080, node: "n1", isHere: true, ready: true, serving: true, terminating: false };
  const source = Object.assign(new FixedServers([one], () => undefined), { endpoints: () => new Map([["shop/web", [pod]]]) });
  const realServers = [{ namespace: "shop", name: "web", addresses: ["192.0.2.10"], translates: true }];
  await runner.apply({ virtualRouters: [], realServers }, { servers: source });
  const targets = [{ address: "10.0.0.1", port: 8080 }];
  assert.deepEqual(nat.table, { masqueraded: [], translations: [{ protocol: "TCP", address: "192.0.2.10", port: 80, targets }] });
  assert.equal(ipvs.applied.length, 0);
  assert.deepEqual(core.applied.at(-1)?.static?.addresses ?? [], []);
  await runner.apply({ virtualRouters: [] }, { servers: new FixedServers([], () => undefined) });
  assert.equal(nat.table, undefined);
});

test("after a restart pods come and go although there is nothing to know of another virtual server; while there may be the table stays", async (context) => {
  const translated = (name: string) =>
    server({ name, spec: { forwarding: "DR", realServers: undefined, service: { name, targets: "Nodes" } } });
  const pod = (address: string) => ({ address, port: 8080, node: "n1", isHere: true, ready: true, serving: true, terminating: false });
  const realServers = ["web", "typo"].map((name) => ({ namespace: "shop", name, addresses: ["192.0.2.10"], translates: true }));
  const apply = async (address: string, doubts: Map<string, string>, directory?: string) => {
    const parts = createRunner(context, directory === undefined ? {} : { directory });
    const source = Object.assign(new FixedServers([translated("web"), translated("typo")], () => undefined), {
      endpoints: () => new Map([["shop/web", [pod(address)]]]),
      doubts: () => doubts,
    });
    await parts.balancing.open();
    await parts.runner.apply({ virtualRouters: [], realServers }, { servers: source });
    return parts;
  };
  const { directory } = await apply("10.0.0.1", new Map());
  const unread = await apply("10.0.0.2", new Map(), directory);
  assert.equal(unread.nat.written.length, 0);
  const { nat } = await apply("10.0.0.2", new Map([["shop/typo", 'there is no Service "typo"']]), directory);
  assert.deepEqual(nat.table?.translations[0]?.targets, [{ address: "10.0.0.2", port: 8080 }]);
});
