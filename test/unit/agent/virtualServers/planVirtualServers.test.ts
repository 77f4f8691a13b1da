import assert from "node:assert/strict";
import { test } from "node:test";
import type { HealthResult } from "../../../../src/agent/healthChecks/healthTarget.ts";
import type { IpvsService } from "../../../../src/agent/native/ipvsState.ts";
import {
  planVirtualServers,
  type VirtualServersPlan,
  type VirtualServersQuestion,
} from "../../../../src/agent/virtualServers/planVirtualServers.ts";
import type { Endpoint, ResolvedVirtualServer } from "../../../../src/agent/virtualServers/resolvedVirtualServer.ts";
import { endpoint, type ServerFields, tcp, virtualServer } from "./samples.ts";

/** What checks have found, by the key of the server. */
type Results = Record<string, boolean | Partial<HealthResult>>;

interface Question extends Partial<Omit<VirtualServersQuestion, "result" | "endpoints">> {
  results?: Results;
  endpoints?: Record<string, readonly Endpoint[]>;
}

const at = new Date("2026-01-01T00:00:00Z");

function plan(virtualServers: ResolvedVirtualServer[], { results = {}, endpoints = {}, ...question }: Question = {}): VirtualServersPlan {
  const result = (key: string): HealthResult | undefined => {
    const given = results[key.split("/")[2] ?? ""];
    if (given === undefined) return undefined;
    return { key, up: true, since: at, message: given === false ? "refused" : "", ...(typeof given === "boolean" ? { up: given } : given) };
  };
  return planVirtualServers({
    virtualServers,
    endpoints: new Map(Object.entries(endpoints)),
    doubts: new Map(),
    result,
    holds: () => true,
    memory: new Map(),
    restored: new Map(),
    ...question,
  });
}

const one = (fields: ServerFields = {}, question: Question = {}) => plan([virtualServer(fields)], question);
const tableOf = ({ services }: VirtualServersPlan) =>
  services.map(({ key, destinations }) => [key.address ?? key.firewallMark, key.port, ...destinations.map(describe)]);
const describe = ({ address, port, weight }: IpvsService["destinations"][number]) => `${address} ${port} ${weight}`;
const serversOf = (result: VirtualServersPlan) => result.services[0]?.destinations.map(describe);
const failedOf = (result: VirtualServersPlan) => result.services[0]?.failed?.map(({ address, port }) => `${address} ${port}`);
const toldOf = ({ changes }: VirtualServersPlan) =>
  changes.map(({ server, up, occasion }) => `${server?.key ?? "quorum"} ${up ? "up" : "down"} ${occasion}`);

test("listed servers in their order, with weight, thresholds, way and checks of their own", () => {
  const result = one({
    spec: {
      weight: 3,
      realServers: [
        { address: "10.0.0.9", weight: 7, maxConnections: 100 },
        { address: "10.0.0.1", port: 8080, healthChecks: [] },
        { address: "10.0.0.2", maxConnections: 10, minConnections: 4, forwarding: "TUN" },
      ],
    },
  });
  const [service] = result.services;
  assert.deepEqual(service, {
    owner: "shop/web",
    key: { family: "IPv4", protocol: "TCP", address: "192.0.2.10", port: 80 },
    scheduler: "rr",
    schedulerFlags: [],
    onePacket: false,
    persistence: undefined,
    destinations: [
      { address: "10.0.0.9", port: 80, forwarding: "NAT", weight: 7, upperThreshold: 100, lowerThreshold: 0 },
      { address: "10.0.0.1", port: 8080, forwarding: "NAT", weight: 3 },
      {
        address: "10.0.0.2",
        port: 80,
        forwarding: "TUN",
        weight: 3,
        tunnel: { type: "IPIP", checksum: "None" },
        upperThreshold: 10,
        lowerThreshold: 4,
      },
    ],
    failed: [],
    drainSeconds: 0,
  });
  assert.deepEqual(
    result.targets.map(({ key, address, port, group }) => [key, address, port, group]),
    [
      ["shop/web/10.0.0.9/0", "10.0.0.9", 80, "shop/web"],
      ["shop/web/10.0.0.2/0", "10.0.0.2", 80, "shop/web"],
    ],
  );
});

test("addresses × ports, each once, however they are written; families apart, tunnels across", () => {
  const result = one({
    addresses: ["192.0.2.10", "2001:db8::10", "2001:DB8:0::10"],
    spec: {
      ports: [{ port: 80, last: 81 }],
      realServers: [{ address: "10.0.0.1" }, { address: "fd00::1" }, { address: "10.0.0.3", forwarding: "TUN" }],
    },
  });
  assert.deepEqual(tableOf(result), [
    ["192.0.2.10", 80, "10.0.0.1 80 1", "10.0.0.3 80 1"],
    ["192.0.2.10", 81, "10.0.0.1 81 1", "10.0.0.3 81 1"],
    ["2001:db8::10", 80, "fd00::1 80 1", "10.0.0.3 80 1"],
    ["2001:db8::10", 81, "fd00::1 81 1", "10.0.0.3 81 1"],
  ]);
});

test("a server with and one without a port that are the same at one port of the service: the first counts", () => {
  const spec = {
    ports: [{ port: 80, last: 81 }],
    realServers: [
      { address: "10.0.0.1", weight: 2 },
      { address: "10.0.0.1", port: 81, weight: 5 },
    ],
  };
  assert.deepEqual(tableOf(one({ spec })), [
    ["192.0.2.10", 80, "10.0.0.1 80 2", "10.0.0.1 81 5"],
    ["192.0.2.10", 81, "10.0.0.1 81 2"],
  ]);
});

test("a mark is a service of each family, whose servers keep the port of the packet", () => {
  const spec = { virtualIP: undefined, ports: undefined, firewallMark: 7, firewallMarkFamilies: ["IPv4" as const, "IPv6" as const] };
  const realServers = [{ address: "10.0.0.1" }, { address: "fd00::1", port: 8080 }];
  const result = one({ addresses: [], spec: { ...spec, realServers } });
  assert.deepEqual(tableOf(result), [
    [7, undefined, "10.0.0.1 0 1"],
    [7, undefined, "fd00::1 8080 1"],
  ]);
});

test("all ports, persistence and flags", () => {
  const persistence = { timeout: "90s", prefixLengthIPv4: 24 };
  const [service] = one({ spec: { ports: undefined, persistence, scheduler: "sh", schedulerFlags: ["Port", "Fallback"] } }).services;
  assert.equal(service?.key.port, 0);
  assert.deepEqual(service?.persistence, { timeoutSeconds: 90, prefixLength: 24, engine: undefined });
  assert.deepEqual(service?.schedulerFlags, ["Flag1", "Flag2"]);
  assert.deepEqual(one({ spec: { scheduler: "mh" } }).services[0]?.schedulerFlags, ["Flag2"]);
});

test("of two that want one service the first has it, and the other says so", () => {
  const result = plan([virtualServer(), virtualServer({ name: "other", spec: { ports: [{ port: 80, last: 81 }] } })]);
  assert.deepEqual(
    result.services.map(({ owner, key }) => [owner, key.port]),
    [
      ["shop/web", 80],
      ["shop/other", 81],
    ],
  );
  assert.equal(result.statuses[1]?.message, "TCP 192.0.2.10:80 is shop/web's");
});

const onService = { realServers: undefined, service: { name: "nginx" } };
const endpoints = (...list: Endpoint[]): Question => ({ endpoints: { "shop/web": list } });

test("endpoints by address, with the weight of their node, else their zone, else that of all", () => {
  const service = { name: "nginx", zoneWeights: { a: 5, b: 6 }, nodeWeights: { n1: 9 } };
  const result = one(
    { spec: { ...onService, service, weight: 2 } },
    endpoints(
      endpoint("10.0.1.10", { zone: "b" }),
      endpoint("10.0.1.9", { zone: "a", node: "n1" }),
      endpoint("10.0.1.8", { zone: "c", node: "n2" }),
    ),
  );
  assert.deepEqual(serversOf(result), ["10.0.1.8 8080 2", "10.0.1.9 8080 9", "10.0.1.10 8080 6"]);
});

test("endpoints that are going away keep their connections and get no new ones, unless nobody else is ready", () => {
  const leaving = endpoint("10.0.1.1", { ready: false, terminating: true });
  const dead = endpoint("10.0.1.2", { ready: false, serving: false, terminating: true });
  const notReady = endpoint("10.0.1.3", { ready: false, serving: false });
  const ready = endpoint("10.0.1.4");
  const all = one({ spec: onService }, endpoints(leaving, dead, notReady, ready));
  assert.deepEqual(serversOf(all), ["10.0.1.1 8080 0", "10.0.1.4 8080 1"]);
  // Its listener is closed already: the check says nothing about its connections.
  assert.deepEqual(
    all.targets.map(({ address }) => address),
    ["10.0.1.4"],
  );
  assert.deepEqual(serversOf(one({ spec: onService }, endpoints(leaving, dead, notReady))), ["10.0.1.1 8080 1"]);
  const published = { ...onService, service: { name: "nginx", publishNotReady: true } };
  assert.deepEqual(serversOf(one({ spec: published }, endpoints(leaving, notReady))), ["10.0.1.1 8080 0", "10.0.1.3 8080 1"]);
});

test("no endpoint is not the same as none that is known", () => {
  const known = one({ spec: onService }, endpoints());
  assert.deepEqual([serversOf(known), known.waiting], [[], []]);
  const unknown = one({ spec: onService });
  assert.deepEqual(unknown.services, []);
  assert.deepEqual(unknown.waiting, [{ family: "IPv4", protocol: "TCP", address: "192.0.2.10", port: 80 }]);
  assert.equal(unknown.statuses[0]?.message, "its endpoints are not known yet");
});

test("of a dual-stack Service only the addresses of the virtual server's families are servers, also in tunnels", () => {
  const both = endpoints(endpoint("10.0.1.1"), endpoint("2001:db8::1"));
  const ofIPv4 = one({ spec: { ...onService, quorum: 2 } }, both);
  assert.deepEqual([serversOf(ofIPv4), ofIPv4.statuses[0]?.total, ofIPv4.statuses[0]?.quorum], [["10.0.1.1 8080 1"], 1, false]);
  assert.deepEqual(
    ofIPv4.targets.map(({ address }) => address),
    ["10.0.1.1"],
  );
  for (const forwarding of ["NAT", "TUN"] as const) {
    const dual = one({ addresses: ["192.0.2.10", "2001:db8::10"], spec: { ...onService, forwarding } }, both);
    assert.deepEqual(tableOf(dual), [
      ["192.0.2.10", 80, "10.0.1.1 8080 1"],
      ["2001:db8::10", 80, "2001:db8::1 8080 1"],
    ]);
  }
  const mark = { ...onService, virtualIP: undefined, ports: undefined, firewallMark: 7, firewallMarkFamilies: ["IPv6" as const] };
  assert.deepEqual(tableOf(one({ addresses: [], spec: mark }, both)), [[7, undefined, "2001:db8::1 8080 1"]]);
});

test("what is doubtful of its endpoints is told, and what it had goes on", () => {
  const doubts = new Map([["shop/web", 'there is no Service "nginx"']]);
  const before = one({ spec: onService }, endpoints(endpoint("10.0.1.1")));
  const kept = one({ spec: onService }, { memory: before.memory, doubts, ...endpoints(endpoint("10.0.1.1")) });
  assert.deepEqual(kept.services, before.services);
  assert.equal(kept.statuses[0]?.message, 'there is no Service "nginx"; what it had goes on');
  const never = one({ spec: onService }, { doubts });
  assert.deepEqual([never.services, never.statuses[0]?.message], [[], 'there is no Service "nginx"']);
});

test("what ran goes on, as the generation that it is, while the endpoints of its new form are not known", () => {
  const before = one({ generation: 1 });
  const next = one({ generation: 2, spec: { ...onService, scheduler: "wrr" } }, { memory: before.memory });
  assert.deepEqual(next.services, before.services);
  assert.equal(next.statuses[0]?.observedGeneration, 1);
  assert.equal(next.statuses[0]?.message, "its endpoints are not known yet");
  const found = one({ generation: 2, spec: onService }, { memory: next.memory, ...endpoints(endpoint("10.0.1.1")) });
  assert.deepEqual([serversOf(found), found.statuses[0]?.observedGeneration], [["10.0.1.1 8080 1"], 2]);
});

test("a server that fails is removed at once, or stays with weight 0", () => {
  const removed = one({}, { results: { "10.0.0.1": false } });
  assert.deepEqual([serversOf(removed), failedOf(removed)], [["10.0.0.2 80 1"], ["10.0.0.1 80"]]);
  const kept = one({ spec: { onFailure: "Drain" } }, { results: { "10.0.0.1": false } });
  assert.deepEqual([serversOf(kept), failedOf(kept)], [["10.0.0.1 80 0", "10.0.0.2 80 1"], []]);
  assert.deepEqual(kept.statuses[0]?.servers?.[0], {
    address: "10.0.0.1",
    port: 80,
    up: false,
    weight: 0,
    since: at.toISOString(),
    message: "refused",
  });
});

test("every check must be well; a check that knows weights sets or changes them", () => {
  const weights = { "10.0.0.1": { weight: 20 }, "10.0.0.2": { weightChange: -3 } };
  assert.deepEqual(serversOf(one({ spec: { weight: 5 } }, { results: weights })), ["10.0.0.1 80 20", "10.0.0.2 80 2"]);
  assert.deepEqual(serversOf(one({ spec: { weight: 1 } }, { results: weights })), ["10.0.0.1 80 20", "10.0.0.2 80 0"]);
});

test("a check counts as up or down until it knows, as it says", () => {
  const alpha = { healthChecks: [{ tcp: {}, initial: "Down" as const }] };
  const result = one({ spec: alpha });
  assert.deepEqual([serversOf(result), toldOf(result)], [[], []]);
  assert.equal(result.statuses[0]?.servers?.[0]?.message, "not checked yet");
  const next = one({ spec: alpha }, { memory: result.memory, results: { "10.0.0.2": true } });
  assert.deepEqual([serversOf(next), toldOf(next)], [["10.0.0.2 80 1"], ["10.0.0.2 up Changed", "quorum up Changed"]]);
});

test("what was down stays down until it has been asked: with a new process, and with a changed check", () => {
  const restored = new Map([["shop/web", { quorum: true, down: ["10.0.0.1"] }]]);
  const started = one({}, { restored });
  assert.deepEqual(serversOf(started), ["10.0.0.2 80 1"]);
  assert.match(started.statuses[0]?.servers?.[0]?.message ?? "", /was down/);
  const asked = one({}, { restored, memory: started.memory, results: { "10.0.0.1": true } });
  assert.deepEqual([serversOf(asked), toldOf(asked)], [["10.0.0.1 80 1", "10.0.0.2 80 1"], ["10.0.0.1 up Changed"]]);
  const changed = one({ spec: { healthChecks: [tcp, { icmp: {} }] } }, { memory: started.memory });
  assert.deepEqual(serversOf(changed), ["10.0.0.2 80 1"]);
  // Without checks nothing can be down.
  assert.deepEqual(serversOf(one({ spec: { healthChecks: undefined } }, { memory: started.memory })), ["10.0.0.1 80 1", "10.0.0.2 80 1"]);
});

test("quorum and hysteresis: lost below their difference, had at first and regained at their sum", () => {
  const spec = { quorum: 3, hysteresis: 1, realServers: [1, 2, 3, 4].map((last) => ({ address: `10.0.0.${last}` })) };
  const down = (...last: number[]): Question => ({
    results: Object.fromEntries([1, 2, 3, 4].map((one) => [`10.0.0.${one}`, !last.includes(one)])),
  });
  assert.equal(one({ spec }, down(1)).statuses[0]?.quorum, false);
  let memory = one({ spec }).memory;
  const quorums = [down(1), down(1, 2), down(1, 2, 3), down(1, 2), down(1), down()].map((question) => {
    const result = one({ spec }, { ...question, memory });
    memory = result.memory;
    return result.statuses[0]?.quorum;
  });
  assert.deepEqual(quorums, [true, true, false, false, false, true]);
});

const sorry = { address: "127.0.0.1", port: 81 };
const allDown = { "10.0.0.1": false, "10.0.0.2": false };

test("the sorry server serves alone while there is no quorum", () => {
  const spec = { sorryServer: sorry, quorum: 2 };
  const lost = one({ spec }, { results: { "10.0.0.1": false } });
  assert.deepEqual([serversOf(lost), failedOf(lost)], [["127.0.0.1 81 1"], ["10.0.0.1 80", "10.0.0.2 80"]]);
  assert.deepEqual([lost.statuses[0]?.sorryServer, lost.statuses[0]?.up, lost.statuses[0]?.servers?.[1]?.weight], [true, 1, 0]);
  const back = one({ spec }, { memory: lost.memory, results: { "10.0.0.1": true } });
  assert.deepEqual([serversOf(back), failedOf(back)], [["10.0.0.1 80 1", "10.0.0.2 80 1"], ["127.0.0.1 81"]]);
});

test("who stays with weight 0: servers that say so beside the sorry server, and a sorry server that says so beside them", () => {
  const spec = { sorryServer: { ...sorry, onFailure: "Drain" as const }, onFailure: "Drain" as const };
  assert.deepEqual(serversOf(one({ spec })), ["10.0.0.1 80 1", "10.0.0.2 80 1", "127.0.0.1 81 0"]);
  assert.deepEqual(serversOf(one({ spec }, { results: allDown })), ["127.0.0.1 81 1", "10.0.0.1 80 0", "10.0.0.2 80 0"]);
});

test("a sorry server that is one of the servers is there once", () => {
  const spec = { sorryServer: { address: "10.0.0.1" }, onFailure: "Drain" as const };
  assert.deepEqual(serversOf(one({ spec }, { results: allDown })), ["10.0.0.1 80 1", "10.0.0.2 80 0"]);
  assert.deepEqual(serversOf(one({ spec })), ["10.0.0.1 80 1", "10.0.0.2 80 1"]);
});

test("without quorum and sorry server those that are up go on", () => {
  assert.deepEqual(serversOf(one({ spec: { quorum: 2 } }, { results: { "10.0.0.1": false } })), ["10.0.0.2 80 1"]);
});

test("nothing is checked on a node without the address, and all stays as it was", () => {
  const spec = { suspendWithoutAddress: true };
  const active = one({ spec }, { results: { "10.0.0.1": false } });
  assert.equal(active.targets.length, 2);
  const suspended = one({ spec }, { memory: active.memory, holds: () => false, results: { "10.0.0.1": true } });
  assert.deepEqual([suspended.targets, serversOf(suspended)], [[], ["10.0.0.2 80 1"]]);
});

test("what is told: the quorum at the start, each change, what is taken from the configuration", () => {
  const started = one();
  assert.deepEqual(toldOf(started), ["quorum up Started"]);
  const failed = one({}, { memory: started.memory, results: allDown });
  assert.deepEqual(toldOf(failed), ["10.0.0.1 down Changed", "10.0.0.2 down Changed", "quorum down Changed"]);
  assert.deepEqual(toldOf(one({}, { memory: failed.memory, results: allDown })), []);
  const shrunk = one({ spec: { realServers: [{ address: "10.0.0.2" }] } }, { memory: started.memory });
  assert.deepEqual(toldOf(shrunk), ["10.0.0.1 down Removed"]);
  assert.deepEqual(toldOf(plan([], { memory: started.memory })), ["10.0.0.1 down Removed", "10.0.0.2 down Removed", "quorum down Removed"]);
  assert.deepEqual(toldOf(plan([], { memory: failed.memory })), []);
});

test("endpoints that come and go are told of to nobody; at the start without quorum only a sorry server is news", () => {
  const first = one({ spec: onService }, endpoints(endpoint("10.0.1.1"), endpoint("10.0.1.2")));
  assert.deepEqual(toldOf(one({ spec: onService }, { memory: first.memory, ...endpoints(endpoint("10.0.1.1")) })), []);
  assert.deepEqual(toldOf(one({}, { results: allDown })), []);
  assert.deepEqual(toldOf(one({ spec: { sorryServer: sorry } }, { results: allDown })), ["quorum down Started"]);
});

test("transitions are counted, and of many servers those that are down are reported first", () => {
  const realServers = Array.from({ length: 70 }, (_, index) => ({ address: `10.0.1.${index}` }));
  const first = one({ spec: { realServers } });
  const second = one({ spec: { realServers } }, { memory: first.memory, results: { "10.0.1.69": false } });
  assert.equal(second.memory.get("shop/web")?.servers.get("10.0.1.69")?.transitions, 1);
  const [status] = second.statuses;
  assert.deepEqual([status?.servers?.length, status?.servers?.[0]?.address, status?.up, status?.total], [64, "10.0.1.69", 69, 70]);
});

test("a node that is a real server of DR schedules to itself alone while another one is active", () => {
  const spec = { forwarding: "DR" as const };
  const onNode = (...addresses: string[]) => ({ holds: (address: string) => addresses.includes(address) });
  assert.deepEqual(serversOf(one({ spec }, onNode("10.0.0.2"))), ["10.0.0.1 80 0", "10.0.0.2 80 1"]);
  assert.deepEqual(serversOf(one({ spec }, onNode("10.0.0.2", "192.0.2.10"))), ["10.0.0.1 80 1", "10.0.0.2 80 1"]);
  assert.deepEqual(serversOf(one({}, onNode("10.0.0.2"))), ["10.0.0.1 80 1", "10.0.0.2 80 1"]);
  // A server that every node has is nobody's.
  const local = { ...spec, realServers: [{ address: "127.0.0.1" }, { address: "10.0.0.1" }] };
  assert.deepEqual(serversOf(one({ spec: local }, onNode("127.0.0.1"))), ["127.0.0.1 80 1", "10.0.0.1 80 1"]);
});
