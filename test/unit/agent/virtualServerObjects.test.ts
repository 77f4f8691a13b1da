import assert from "node:assert/strict";
import { test } from "node:test";
import {
  nodeEndpoints,
  readNode,
  readServer,
  readServerSpec,
  readService,
  readSlice,
  serviceEndpoints,
} from "../../../src/agent/virtualServerObjects.ts";
import { nodeObject, serverObject, serviceObject, sliceObject } from "./serverObjects.ts";
import { virtualServer } from "./virtualServers/samples.ts";

const onService = (service: object, more: object = {}) =>
  virtualServer({ spec: { realServers: undefined, service: { name: "nginx", ...service }, ...more } }).spec;
const service = readService(serviceObject("nginx"));
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
  const ports = (spec: ReturnType<typeof onService>) => serviceEndpoints(spec, service, slices)?.map(({ port }) => port);
  assert.deepEqual(ports(onService({ port: "https" })), [8443]);
  assert.deepEqual(ports(onService({ port: "443" })), [8443]);
  assert.deepEqual(ports(onService({})), [8080]);
  assert.equal(ports(onService({ port: "81" })), undefined);
  assert.equal(ports(onService({}, { protocol: "UDP" })), undefined);
  // Of another protocol there is none.
  assert.deepEqual(ports(onService({ port: "http" }, { protocol: "UDP" })), []);
  assert.equal(serviceEndpoints(onService({}), undefined, slices), undefined);
});

test("conditions that are left out: ready, serving as ready, not terminating", () => {
  const states = [{}, { ready: false }, { ready: false, serving: true, terminating: true }, { ready: null }];
  const slices = slice("nginx-a", ...states.map((conditions, index) => ({ addresses: [`10.0.1.${index}`], conditions })));
  assert.deepEqual(
    serviceEndpoints(onService({}), service, slices)?.map(({ ready, serving, terminating }) => [ready, serving, terminating]),
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
