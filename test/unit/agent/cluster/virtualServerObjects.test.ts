import assert from "node:assert/strict";
import { test } from "node:test";
import {
  endpointsByNode,
  nodeEndpoints,
  readNode,
  readServer,
  readServerSpec,
  readService,
  readSlice,
  serviceEndpoints,
} from "../../../../src/agent/cluster/virtualServerObjects.ts";
import { nodeObject, serverObject, serviceObject, sliceObject } from "../serverObjects.ts";
import { virtualServer } from "../virtualServers/samples.ts";

const onService = (service: object, more: object = {}) =>
  virtualServer({ spec: { realServers: undefined, service: { name: "nginx", ...service }, ...more } }).spec;
const service = readService(serviceObject("nginx"));
/** Endpoints; none where it cannot be told which. */
const found = (...args: Parameters<typeof serviceEndpoints>) => {
  const answer = serviceEndpoints(...args);
  return typeof answer === "string" ? [] : answer;
};
const slice = (...args: Parameters<typeof sliceObject>) => {
  const read = readSlice(sliceObject(...args));
  return read ? [read] : [];
};

test("a VirtualServer is kept as it came, and used as far as it is understood", () => {
  const object = serverObject("web", { generation: 4 });
  const read = readServer({ ...object, status: { up: 1 } });
  assert.deepEqual(read, { metadata: { namespace: "shop", name: "web", generation: 4 }, spec: object.spec });
  assert.ok(read);
  assert.equal(typeof readServerSpec(read), "object");
  assert.match(readServerSpec({ ...read, spec: { ...object.spec, scheduler: "new" } }) as string, /^scheduler: /);
  assert.equal(readServer({ spec: {} }), undefined);
});

test("the port is meant by name or number, else by the number of the first port, and found by the name that slices have", () => {
  const slices = slice("nginx-a", { addresses: ["10.0.1.1"] });
  const ports = (spec: ReturnType<typeof onService>) => found(spec, service, slices).map(({ port }) => port);
  assert.deepEqual(ports(onService({ port: "https" })), [8443]);
  assert.deepEqual(ports(onService({ port: "443" })), [8443]);
  assert.deepEqual(ports(onService({})), [8080]);
});

test("which endpoints are meant cannot always be told: then it says why", () => {
  const slices = slice("nginx-a", { addresses: ["10.0.1.1"] });
  const why = (spec: ReturnType<typeof onService>) => serviceEndpoints(spec, service, slices);
  assert.equal(why(onService({ port: "81" })), 'Service "nginx" has no port 81 of protocol TCP');
  assert.equal(why(onService({ port: "gopher" })), 'Service "nginx" has no port gopher of protocol TCP');
  assert.equal(why(onService({}, { protocol: "UDP" })), 'Service "nginx" has no port 80 of protocol UDP');
  const allPorts = onService({}, { ports: undefined, persistence: {} });
  assert.equal(why(allPorts), 'spec.service.port must say which port of Service "nginx" is meant');
  assert.equal(serviceEndpoints(onService({}), undefined, slices), 'there is no Service "nginx"');
});

test("conditions that are left out: ready, serving as ready, not terminating", () => {
  const states = [{}, { ready: false }, { ready: false, serving: true, terminating: true }, { ready: null }];
  const slices = slice("nginx-a", ...states.map((conditions, index) => ({ addresses: [`10.0.1.${index}`], conditions })));
  assert.deepEqual(
    found(onService({}), service, slices).map(({ ready, serving, terminating }) => [ready, serving, terminating]),
    [
      [true, true, false],
      [false, false, false],
      [false, true, true],
      [true, true, false],
    ],
  );
});

test("node and zone of endpoints; slices of names or of nobody are none", () => {
  const slices = slice("nginx-a", { addresses: ["10.0.1.1"], nodeName: "n1", zone: "a" });
  assert.deepEqual(serviceEndpoints(onService({}), service, slices), [
    { address: "10.0.1.1", port: 8080, node: "n1", zone: "a", ready: true, serving: true, terminating: false },
  ]);
  assert.equal(readSlice({ ...sliceObject("nginx-a"), addressType: "FQDN" }), undefined);
  assert.equal(readSlice({ ...sliceObject("nginx-a"), metadata: { name: "nginx-a" } }), undefined);
  assert.deepEqual(serviceEndpoints(onService({}), service, slice("nginx-a")), []);
});

test("nodes by labels, with each of their internal addresses; one that is not ready keeps its connections", () => {
  const nodes = [
    nodeObject("n1", { addresses: ["192.0.2.1", "2001:db8::1"], labels: { role: "web", "topology.kubernetes.io/zone": "a" } }),
    nodeObject("n2", { addresses: ["192.0.2.2"], labels: { role: "web" }, ready: false }),
    nodeObject("n3", { addresses: ["192.0.2.3"] }),
  ].flatMap((object) => readNode(object) ?? []);
  assert.deepEqual(
    nodeEndpoints(nodes, { matchLabels: { role: "web" } }).map(({ address, node, zone, ready, terminating }) => [
      address,
      node,
      zone,
      ready,
      terminating,
    ]),
    [
      ["192.0.2.1", "n1", "a", true, false],
      ["2001:db8::1", "n1", "a", true, false],
      ["192.0.2.2", "n2", undefined, false, true],
    ],
  );
  assert.equal(nodeEndpoints(nodes, undefined).length, 4);
});

test("where nodes translate for their own pods: other nodes by their InternalIP of the family, with their pods as weight; here the pods", () => {
  const nodes = [
    readNode(nodeObject("n1", { addresses: ["192.0.2.1", "2001:db8::1"] })),
    readNode(nodeObject("n2", { addresses: ["192.0.2.2", "2001:db8::2"] })),
    readNode(nodeObject("n3", { addresses: ["192.0.2.3"] })),
  ].flatMap((node) => node ?? []);
  const pod = (address: string, node: string, ready = true) => ({ address, port: 8080, node, ready, serving: true, terminating: !ready });
  const endpoints = [
    pod("10.0.1.1", "n1"),
    pod("10.0.2.1", "n2"),
    pod("10.0.2.2", "n2"),
    pod("10.0.2.3", "n2", false),
    pod("10.0.3.1", "n3", false),
    pod("fd00:2::1", "n2"),
    pod("fd00:3::1", "n3"),
    pod("10.0.9.1", "n9"),
  ];
  assert.deepEqual(endpointsByNode(endpoints, nodes, "n1"), [
    { ...pod("10.0.1.1", "n1"), isHere: true },
    { address: "192.0.2.2", node: "n2", pods: 2, ready: true, serving: true, terminating: false },
    { address: "192.0.2.3", node: "n3", pods: 1, ready: false, serving: true, terminating: true },
    { address: "2001:db8::2", node: "n2", pods: 1, ready: true, serving: true, terminating: false },
  ]);
});
