import assert from "node:assert/strict";
import { test } from "node:test";
import { viewAgent, viewNode, viewVirtualIP, viewVirtualServer } from "../../../../src/operator/plan/parse.ts";
import { timeAt } from "../samples.ts";

const metadata = { name: "web", uid: "u", generation: 3, creationTimestamp: timeAt(0), finalizers: ["aloft.dev/release"] };
const addresses = [{ address: "192.0.2.10" }];

test("parse: a VirtualIP gets its defaults", () => {
  const view = viewVirtualIP({ metadata, spec: { addresses } });
  assert.equal(view?.problem, undefined);
  assert.equal(view?.spec?.vrrp.version, 3);
  assert.deepEqual(
    { ...view, spec: undefined },
    {
      name: "web",
      uid: "u",
      createdAt: timeAt(0),
      generation: 3,
      deleting: false,
      hasFinalizer: true,
      segment: "default",
      spec: undefined,
      status: {},
    },
  );
});

const bad: { name: string; spec: unknown; problem: RegExp }[] = [
  { name: "no spec", spec: undefined, problem: /^spec: / },
  { name: "no addresses", spec: { addresses: [] }, problem: /^spec\.addresses: / },
  { name: "not an address", spec: { addresses: [...addresses, { address: "web" }] }, problem: /^spec\.addresses\[1\]\.address: / },
  { name: "an unknown version", spec: { addresses, vrrp: { version: 7 } }, problem: /^spec\.vrrp\.version: / },
  { name: "a VRID out of range", spec: { addresses, vrrp: { virtualRouterID: 256 } }, problem: /^spec\.vrrp\.virtualRouterID: / },
  {
    name: "a fraction of a second",
    spec: { addresses, vrrp: { version: 2, advertisementInterval: "100ms" } },
    problem: /^spec\.vrrp\.advertisementInterval: /,
  },
  {
    name: "an interval that IPv6 cannot announce",
    spec: { addresses: [...addresses, { address: "2001:db8::1" }], vrrp: { version: 2, advertisementInterval: "60s" } },
    problem: /^spec\.vrrp\.advertisementInterval: .*40\.95s/,
  },
];

for (const { name, spec, problem } of bad) {
  test(`parse: ${name} is reported with the path of the field`, () => {
    const view = viewVirtualIP({ metadata, spec });
    assert.equal(view?.spec, undefined);
    assert.match(view?.problem ?? "", problem);
  });
}

test("parse: 60 s are fine for version 2 without IPv6", () => {
  assert.ok(viewVirtualIP({ metadata, spec: { addresses, vrrp: { version: 2, advertisementInterval: "60s" } } })?.spec);
});

test("parse: the segment of an object that is not valid is known all the same", () => {
  assert.equal(viewVirtualIP({ metadata, spec: { segment: "dmz" } })?.segment, "dmz");
  assert.equal(viewVirtualIP({ metadata, spec: { segment: "Not A Label" } })?.segment, "default");
});

test("parse: fields of a status that cannot be read are left out, the others count", () => {
  const status = { virtualRouterID: 51, nodes: "none", transitions: -1, activeNode: "n1" };
  assert.deepEqual(viewVirtualIP({ metadata, spec: { addresses }, status })?.status, { virtualRouterID: 51, activeNode: "n1" });
});

test("parse: a Node is ready only when it says so", () => {
  const ready = (conditions?: unknown) => viewNode({ metadata: { name: "n1", labels: { zone: "a" } }, status: { conditions } })?.ready;
  assert.equal(ready([{ type: "Ready", status: "True" }]), true);
  assert.equal(ready([{ type: "Ready", status: "Unknown" }]), false);
  assert.equal(ready(), false);
});

test("a Node that is cordoned is like any other; one with the taint out-of-service is out of service", () => {
  const seen = (spec: object) => viewNode({ metadata: { name: "n1" }, spec });
  const unschedulable = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
  assert.deepEqual(seen({ unschedulable: true, taints: [unschedulable] }), seen({}));
  const taint = { key: "node.kubernetes.io/out-of-service", value: "nodeshutdown", effect: "NoExecute" };
  assert.deepEqual([seen({})?.outOfService, seen({ taints: [unschedulable, taint] })?.outOfService], [false, true]);
});

test("parse: of a NodeAgent the routers that can be read, and its owner", () => {
  const router = {
    virtualIP: "web",
    family: "IPv4",
    interface: "eth0",
    virtualRouterID: 1,
    version: 3,
    priority: 254,
    addresses: [{ address: "192.0.2.10/32" }],
  };
  const rest = { advertisementInterval: "100ms", preempt: true, preemptDelay: "0s", checksum: "Auto" };
  const view = viewAgent({
    metadata: { name: "n1", generation: 2, ownerReferences: [{ apiVersion: "v1", kind: "Node", name: "n1", uid: "u1" }] },
    spec: { virtualRouters: [{ ...router, ...rest }, { virtualIP: "odd" }] },
  });
  assert.deepEqual(
    view?.spec.virtualRouters.map(({ virtualIP }) => virtualIP),
    ["web"],
  );
  assert.equal(view?.nodeUid, "u1");
  assert.deepEqual(view?.status, {});
});

test("parse: a VirtualServer is known by its namespace and name, and what is wrong with it by the field", () => {
  const spec = { virtualIP: "gateway", ports: [{ port: 80 }], realServers: [] };
  const view = viewVirtualServer({ metadata: { name: "shop", namespace: "web", generation: 3 }, spec, status: { up: 1, total: "two" } });
  assert.deepEqual([view?.key, view?.generation, view?.spec?.scheduler, view?.status], ["web/shop", 3, "mh", { up: 1 }]);
  const broken = viewVirtualServer({ metadata: { name: "shop", namespace: "web" }, spec: { ...spec, onePacket: true } });
  assert.deepEqual([broken?.spec, broken?.problem], [undefined, "spec.onePacket: onePacket must be false unless protocol is UDP"]);
});

test("parse: a VirtualServer is a Service's by label and name; a copy under another name is somebody's own", () => {
  const metadata = { namespace: "web", labels: { "aloft.dev/service": "shop" } };
  const owners = ["shop-tcp-80", "shop-canary", "shop", "other-tcp-80"].map(
    (name) => viewVirtualServer({ metadata: { ...metadata, name } })?.service,
  );
  assert.deepEqual(owners, ["shop", undefined, undefined, undefined]);
});

test("parse: what only JavaScript can tell of an expression is told of a VirtualServer", () => {
  const http = { requests: [{ bodyMatch: { pattern: "(" } }] };
  const spec = { virtualIP: "gateway", ports: [{ port: 80 }], realServers: [], healthChecks: [{ http }] };
  const { problem = "" } = viewVirtualServer({ metadata: { name: "shop", namespace: "web" }, spec }) ?? {};
  assert.match(problem, /^spec\.healthChecks\[0\]\.http\.requests\[0\]\.bodyMatch\.pattern: Invalid regular expression/);
});
