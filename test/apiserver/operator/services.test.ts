/** AddressPools and Services of type LoadBalancer against a real kube-apiserver, with agents that the test plays. */
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { cleanupFinalizer, loadBalancerClass } from "../../../src/api/service.ts";
import type { VirtualServer } from "../../../src/api/virtualServer.ts";
import { isKubeError } from "../../../src/kube/kubeError.ts";
import type { Resource } from "../../../src/kube/object.ts";
import { addressPools, nodeAgents, nodes, services, virtualIPs, virtualServers } from "../../../src/operator/controllers/resources.ts";
import { until } from "../../support/waiting.ts";
import type { OperatorFlags } from "./operatorProcess.ts";
import { addressesOf, reasonOf, type Service, ServiceBed } from "./serviceBed.ts";
import { conditionOf, Testbed } from "./testbed.ts";

let bed: Testbed;
let desk: ServiceBed;
before(async () => {
  bed = await Testbed.start();
  desk = new ServiceBed(bed);
});
after(() => bed?.stop());
afterEach(async () => {
  await bed.endOperators();
  await desk.clear();
  await bed.clear();
});

const policies = admission("ValidatingAdmissionPolicy", "validatingadmissionpolicies");
const bindings = admission("ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings");
function admission(kind: string, plural: string): Resource {
  return { apiVersion: "admissionregistration.k8s.io/v1", kind, plural, namespaced: false };
}

const ten = { addresses: ["192.0.2.100-192.0.2.109"], virtualRouters: 2 };

/** Three nodes, a pool, and an operator. */
async function start(poolSpec: object = ten, flags: OperatorFlags = {}) {
  for (const [index, name] of ["n1", "n2", "n3"].entries()) await bed.lan.addNode(name, index + 1);
  await desk.createPool("public", poolSpec);
  return bed.startOperator("a", flags);
}

test("a Service gets an address of the pool, a node answers for it, and both are told", async () => {
  const operator = await start();
  await desk.createService("shop", {});
  const service = await desk.untilAddresses("shop", ["192.0.2.100"]);
  assert.deepEqual(service.status?.loadBalancer, { ingress: [{ ip: "192.0.2.100", ipMode: "VIP" }] });
  assert.deepEqual(service.metadata.finalizers, [cleanupFinalizer]);
  const { status } = await bed.untilActive("public-0", "n1", 20_000);
  assert.equal(status?.summary?.addresses, "192.0.2.100");
  const events = await bed.untilEvent("shop", /Answering/);
  assert.ok(events.includes('Normal Assigned: 192.0.2.100 of AddressPool "public"'), events.join("\n"));
  assert.ok(events.includes("Normal Answering: n1 answers for 192.0.2.100 (VirtualIP public-0)"), events.join("\n"));
  const pool = await desk.pool("public");
  assert.deepEqual(pool.status?.assignments, [{ address: "192.0.2.100", services: ["default/shop"] }]);
  assert.deepEqual(pool.status?.ipv4, { total: 10, used: 1, free: 9 });
  assert.match(await bed.plane.kubectl(["get", "pool", "public"]), /^public +192\.0\.2\.100-192\.0\.2\.109 +1\/10 +1 +True /m);
  assert.equal(await operator.metric('aloft_addresspool_addresses_used{addresspool="public",family="IPv4"}'), 1);
  bed.lan.node("n1").alive = false;
  await bed.untilEvent("shop", /^Normal Answering: n2 answers for 192\.0\.2\.100 /);
});

test("allocateLoadBalancerNodePorts false: it needs none", async () => {
  await start();
  await desk.createService("shop", { spec: { allocateLoadBalancerNodePorts: false } });
  const { spec } = await desk.untilAddresses("shop", ["192.0.2.100"]);
  assert.equal(spec.ports?.[0]?.nodePort, undefined);
  await bed.untilActive("public-0", "n1", 20_000);
});

test("dual stack: both families as the Service wants them, in its order, on one VirtualIP", async () => {
  await start({ addresses: ["192.0.2.100-192.0.2.109", "2001:db8::100/124"] });
  await desk.createService("six-first", { spec: { ipFamilyPolicy: "RequireDualStack", ipFamilies: ["IPv6", "IPv4"] } });
  await desk.untilAddresses("six-first", ["2001:db8::100", "192.0.2.100"]);
  await desk.createService("single", { spec: { ipFamilies: ["IPv6"], ipFamilyPolicy: "SingleStack" } });
  await desk.untilAddresses("single", ["2001:db8::101"]);
  await desk.createService("preferred", { spec: { ipFamilyPolicy: "PreferDualStack" } });
  await desk.untilAddresses("preferred", ["192.0.2.101", "2001:db8::102"]);
  await desk.patchService("preferred", {
    spec: { ipFamilyPolicy: "SingleStack", ipFamilies: ["IPv4"], clusterIPs: [await clusterIP("preferred")] },
  });
  await desk.untilAddresses("preferred", ["192.0.2.101"]);
  await desk.untilPool(
    "public",
    "to have the other one back",
    ({ status }) => status?.summary?.ipv4 === "2/10" && status.summary.ipv6 === "2/16",
  );
});

async function clusterIP(name: string): Promise<string> {
  return ((await desk.service(name))?.spec.clusterIPs ?? [])[0] ?? "";
}

test("requested addresses: annotation, deprecated field, one that is taken, one that no pool holds, and a wrong one", async () => {
  await start();
  const asking = (addresses: string) => ({ annotations: { "aloft.dev/addresses": addresses } });
  await desk.createService("annotated", asking("192.0.2.105"));
  await desk.createService("field", { spec: { loadBalancerIP: "192.0.2.107" } });
  await desk.untilAddresses("annotated", ["192.0.2.105"]);
  await desk.untilAddresses("field", ["192.0.2.107"]);
  await desk.createService("late", asking("192.0.2.105"));
  await desk.createService("outside", asking("192.0.2.200"));
  await desk.createService("wrong", asking("192.0.2"));
  await desk.untilPending("late", "AddressTaken");
  await desk.untilPending("outside", "AddressNotInPool");
  await desk.untilPending("wrong", "InvalidRequest");
  await bed.untilEvent("late", /^Warning AddressTaken: 192\.0\.2\.105 belongs to Service default\/annotated/);
  await desk.deleteService("annotated");
  await desk.untilAddresses("late", ["192.0.2.105"]);
});

test("pools are chosen by annotation, priority and selectors", async () => {
  await start({ ...ten, priority: 5, serviceSelector: { matchLabels: { tier: "edge" } } });
  await desk.createPool("lower", {
    addresses: ["198.51.100.1-198.51.100.9"],
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "default" } },
  });
  await desk.createPool("manual", { addresses: ["203.0.113.1-203.0.113.9"], autoAssign: false });
  await desk.createService("edge", { labels: { tier: "edge" } });
  await desk.createService("plain", {});
  await desk.createService("chosen", { annotations: { "aloft.dev/pool": "manual" } });
  await desk.createService("refused", { annotations: { "aloft.dev/pool": "public" } });
  await desk.untilAddresses("edge", ["192.0.2.100"]);
  await desk.untilAddresses("plain", ["198.51.100.1"]);
  await desk.untilAddresses("chosen", ["203.0.113.1"]);
  await desk.untilPending("refused", "PoolNotAllowed");
});

test("sharing: by key and with different ports; the address stays with the one when the other goes", async () => {
  await start();
  const annotations = { "aloft.dev/sharing-key": "edge" };
  await desk.createService("http", { annotations });
  await desk.untilAddresses("http", ["192.0.2.100"]);
  await desk.createService("https", { annotations, ports: [443] });
  await desk.untilAddresses("https", ["192.0.2.100"]);
  await desk.createService("again", { annotations, ports: [443, 8443] });
  await desk.untilAddresses("again", ["192.0.2.101"]);
  await desk.deleteService("http");
  await desk.untilGone("http");
  assert.deepEqual(addressesOf(await desk.get("https")), ["192.0.2.100"]);
  await desk.untilPool("public", "to tell so", ({ status }) => String(status?.assignments?.[0]?.services) === "default/https");
});

test("a pool that is exhausted: pending with the reason, until one is given back", async () => {
  await start({ addresses: ["192.0.2.100"] });
  await desk.createService("first", {});
  await desk.untilAddresses("first", ["192.0.2.100"]);
  await desk.createService("second", {});
  await desk.untilPending("second", "PoolExhausted");
  await bed.untilEvent("second", /^Warning PoolExhausted: no IPv4 address of AddressPool "public" is free/);
  assert.equal(conditionOf(await desk.pool("public"), "Exhausted"), "True/NoFreeAddress");
  await desk.deleteService("first");
  await desk.untilAddresses("second", ["192.0.2.100"]);
});

test("deletion: the Service goes when the nodes have given its address up, and so does the VirtualIP", async () => {
  await start();
  await desk.createService("shop", {});
  await bed.untilActive("public-0", "n1", 20_000);
  bed.lan.node("n2").alive = false; // It does not answer for a while, but not so long that it counts as dead.
  await desk.deleteService("shop");
  await until("the specs to be empty", () => Object.keys(bed.lan.routersOf("public-0")).length === 0);
  assert.deepEqual((await desk.service("shop"))?.metadata.finalizers, [cleanupFinalizer]);
  bed.lan.node("n2").alive = true;
  await desk.untilGone("shop");
  await bed.untilGone("public-0");
  await bed.untilEvent("shop", /^Normal Released: the nodes have given up 192\.0\.2\.100/);
  await desk.untilPool("public", "to be empty", ({ status }) => status?.services === 0);
});

test("type changed away: status and finalizer go; with another class it is another controller's", async () => {
  await start();
  await desk.createService("shop", {});
  await bed.untilActive("public-0", "n1", 20_000);
  await desk.patchService("shop", {
    spec: { type: "ClusterIP", loadBalancerClass: null, externalTrafficPolicy: null, allocateLoadBalancerNodePorts: null },
  });
  const plain = await desk.untilService("shop", "to be plain", ({ metadata }) => metadata.finalizers === undefined);
  assert.deepEqual([addressesOf(plain), reasonOf(plain)], [[], undefined]);
  await bed.untilGone("public-0");
  // It is free once the pool says so: a moment after the nodes have given it up.
  await desk.untilPool("public", "to have it back", ({ status }) => status?.services === 0);
  await desk.patchService("shop", { spec: { type: "LoadBalancer", loadBalancerClass: "example.com/other" } });
  await desk.createService("ours", {});
  await desk.untilAddresses("ours", ["192.0.2.100"]);
  assert.deepEqual(addressesOf(await desk.get("shop")), []);
});

test("Services without a class: only where Aloft is the default", async () => {
  const operator = await start();
  await desk.createService("plain", { spec: { loadBalancerClass: undefined } });
  await desk.createService("ours", {});
  await desk.untilAddresses("ours", ["192.0.2.100"]);
  assert.deepEqual(addressesOf(await desk.get("plain")), []);
  await operator.stop();
  await bed.startOperator("b", { isDefault: true });
  await desk.untilAddresses("plain", ["192.0.2.101"]);
});

test("externalTrafficPolicy Local: nodes with a ready endpoint answer; it moves when the last one of a node goes", async () => {
  await start();
  await desk.setEndpoints("shop", ["n2", "n3"], ["n1"]);
  await desk.createService("shop", { spec: { externalTrafficPolicy: "Local" } });
  const { status } = await bed.untilActive("public-local-0", "n2", 20_000);
  assert.deepEqual(
    status?.nodes?.map(({ name }) => name),
    ["n2", "n3"],
  );
  await desk.setEndpoints("shop", ["n3"], ["n2"]);
  await bed.untilActive("public-local-0", "n3");
  await bed.untilEvent("shop", /^Normal Answering: n3 answers for 192\.0\.2\.100 /);
  await desk.setEndpoints("shop", [], ["n3"]);
  await bed.untilGone("public-local-0");
  await bed.untilEvent("shop", /^Warning NoReadyEndpoint: nobody answers for 192\.0\.2\.100: /);
  assert.deepEqual(addressesOf(await desk.get("shop")), ["192.0.2.100"]);
  await desk.setEndpoints("shop", ["n1"]);
  await bed.untilActive("public-local-0", "n1", 20_000);
});

test("a node that gets the exclude label answers for no Service", async () => {
  await start({ ...ten, virtualRouters: 1 });
  await desk.createService("shop", {});
  await bed.untilActive("public-0", "n1", 20_000);
  const labels = { "node.kubernetes.io/exclude-from-external-load-balancers": "" };
  await bed.client.patch(nodes, { name: "n1" }, { metadata: { labels } }, { fieldManager: "test" });
  const moved = await bed.untilVirtualIP(
    "public-0",
    "to leave n1",
    ({ status }) => status?.activeNode !== undefined && status.activeNode !== "n1",
  );
  assert.deepEqual(moved.status?.nodes?.map(({ name }) => name).sort(), ["n2", "n3"]);
});

test("IPVS: a VirtualServer for each port that goes with the Service, accepted by what the Service has, and ipMode Proxy", async () => {
  await start();
  await desk.createService("shop", { annotations: { "aloft.dev/dataplane": "ipvs" }, ports: [80, 443] });
  const service = await desk.untilAddresses("shop", ["192.0.2.100"]);
  assert.deepEqual(service.status?.loadBalancer?.ingress, [{ ip: "192.0.2.100", ipMode: "Proxy" }]);
  const server = await bed.untilVirtualServer("shop-tcp-443", "to be programmed", ({ status }) => status?.summary?.servers !== undefined);
  assert.equal(conditionOf(server, "Accepted"), "True/Accepted");
  const { ownerReferences } = (await bed.client.get(virtualServers, { name: "shop-tcp-443", namespace: "default" })).metadata;
  assert.deepEqual(ownerReferences, [{ apiVersion: "v1", kind: "Service", name: "shop", uid: service.metadata.uid }]);
  await bed.createVirtualServer("thief", { virtualIP: "public-0", addresses: ["192.0.2.101"], ports: [{ port: 80 }], realServers: [] });
  await bed.untilVirtualServer("thief", "to be refused", (each) => conditionOf(each, "Accepted") !== "absent");
  await desk.patchService("shop", { metadata: { annotations: { "aloft.dev/dataplane": null } } });
  await until("the VirtualServers to go", async () =>
    (await bed.client.list(virtualServers)).items.every(({ metadata }) => metadata.name === "thief"),
  );
  await desk.untilService("shop", "to have mode VIP", ({ status }) => status?.loadBalancer?.ingress?.[0]?.ipMode === "VIP");
});

test("IPVS with externalTrafficPolicy Local: its VirtualServer is on the nodes with a ready endpoint, by DR, and goes along with the address", async () => {
  await start();
  await desk.setEndpoints("shop", ["n2", "n3"], ["n1"]);
  await desk.createService("shop", { annotations: { "aloft.dev/dataplane": "ipvs" }, spec: { externalTrafficPolicy: "Local" } });
  const untilServed = async (...nodes: string[]) => {
    const isThere = ({ status }: VirtualServer) => String(status?.nodes?.map(({ name }) => name)) === String(nodes);
    const server = await bed.untilVirtualServer("shop-tcp-80", `to be on ${nodes}`, isThere);
    assert.equal(conditionOf(server, "Accepted"), "True/Accepted");
    return server.spec;
  };
  await bed.untilActive("public-local-0", "n2", 20_000);
  const { forwarding, masquerade, service } = await untilServed("n2", "n3");
  assert.deepEqual([forwarding, masquerade, service?.targets], ["DR", undefined, "Nodes"]);
  await desk.setEndpoints("shop", ["n3"], ["n2"]);
  await bed.untilActive("public-local-0", "n3");
  await untilServed("n3");
  await desk.setEndpoints("shop", [], ["n3"]);
  await bed.untilEvent("shop", /^Warning NoReadyEndpoint: nobody answers for 192\.0\.2\.100: /);
  await bed.untilGone("public-local-0");
  await desk.setEndpoints("shop", ["n1"]);
  await bed.untilActive("public-local-0", "n1", 20_000);
  await untilServed("n1");
});

test("pools: overlap is refused with both names, a shrunk one takes nothing away, one in use waits for its Services", async () => {
  await start();
  await desk.createService("shop", {});
  await desk.untilAddresses("shop", ["192.0.2.100"]);
  // Ages are told apart by the second.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await desk.createPool("another", { addresses: ["192.0.2.109-192.0.2.120"] });
  const refused = await desk.untilPool("another", "to be judged", (pool) => conditionOf(pool, "Accepted") !== "absent");
  assert.equal(conditionOf(refused, "Accepted"), "False/PoolOverlap");
  await bed.untilEvent("another", /^Warning PoolOverlap: .*192\.0\.2\.109 of AddressPool "another" is in AddressPool "public", too/);
  await bed.createVirtualIP("thief", { addresses: [{ address: "192.0.2.105" }] });
  const thief = await bed.untilVirtualIP("thief", "to be judged", ({ status }) => status?.conditions !== undefined);
  assert.equal(conditionOf(thief, "Accepted"), "False/AddressConflict");
  await bed.client.patch(addressPools, { name: "public" }, { spec: { addresses: ["192.0.2.101-192.0.2.109"] } }, { fieldManager: "test" });
  const shrunk = await desk.untilPool("public", "to tell", (pool) => conditionOf(pool, "OutOfRange") === "True/PoolShrunk");
  assert.deepEqual(shrunk.status?.ipv4, { total: 9, used: 1, free: 9 });
  assert.deepEqual(addressesOf(await desk.get("shop")), ["192.0.2.100"]);
  await bed.client.delete(addressPools, { name: "public" });
  await desk.untilPool("public", "to be terminating", (pool) => conditionOf(pool, "Accepted") === "False/Terminating");
  await bed.untilActive("public-0", "n1", 20_000);
  await desk.deleteService("shop");
  await until("the pool to go", async () => (await bed.client.find(addressPools, { name: "public" })) === undefined, { timeoutMs: 15_000 });
});

const versions = async () => {
  const all = [services, addressPools, virtualIPs].map(async (resource) => (await bed.client.list(resource)).items);
  const specs = await Promise.all(["n1", "n2", "n3"].map((name) => bed.client.get(nodeAgents, { name })));
  return [
    ...(await Promise.all(all)).flat().map(({ metadata }) => metadata.resourceVersion),
    ...specs.map(({ metadata }) => metadata.generation),
  ];
};

/** What follows an election is written a moment after it: that the preferred node comes back late, from now on. */
async function untilRest(): Promise<Awaited<ReturnType<typeof versions>>> {
  let last: Awaited<ReturnType<typeof versions>> = [];
  const isSame = async () => {
    const now = await versions();
    const same = isDeepStrictEqual(now, last);
    last = now;
    return same;
  };
  await until("rest", isSame, { everyMs: 700 });
  return last;
}

test("40 Services: each its own address; a restart of the operator writes nothing, nor do quiet times", async () => {
  const first = await start({ addresses: ["192.0.2.64/26"], virtualRouters: 3 });
  const names = Array.from({ length: 40 }, (_, index) => `s${index}`);
  await Promise.all(names.map((name) => desk.createService(name, {})));
  for (const name of names) await desk.untilService(name, "to have an address", (service) => addressesOf(service).length === 1);
  const given = (await bed.client.list<Service>(services)).items.flatMap((each) => addressesOf(each));
  assert.equal(new Set(given).size, 40);
  for (const shard of ["public-0", "public-1", "public-2"]) await bed.untilRedundant(shard);
  const before = await untilRest();
  const next = await bed.startOperator("b");
  await first.kill();
  await next.untilLeading();
  await until(
    "passes",
    async () => (await next.metric('aloft_reconcile_duration_seconds_count{controller="services",result="requeue"}')) >= 2,
    { timeoutMs: 20_000 },
  );
  assert.deepEqual(await versions(), before);
});

test("a VirtualIP that is refused is asked for again, and not without a pause; its Service has its address, and others wait for nothing", async () => {
  const admit = await refuseVirtualIP("public-0");
  try {
    const operator = await start();
    const failures = () => operator.metric('aloft_reconcile_duration_seconds_count{controller="services",result="error"}');
    await desk.createService("shop", {});
    await desk.untilAddresses("shop", ["192.0.2.100"]);
    await until("a failure", async () => (await failures()) > 0);
    // By now the pauses are more than 2 s long.
    await pause(2700);
    assert.ok((await failures()) < 15, `${await failures()} attempts`);
    await desk.createPool("other", { addresses: ["192.0.2.200/30"], vrrp: { interface: "eth0" } });
    await desk.createService("forum", { annotations: { "aloft.dev/pool": "other" } });
    await desk.untilAddresses("forum", ["192.0.2.200"]);
    const made = async () => (await bed.client.find(virtualIPs, { name: "other-0" })) !== undefined;
    await until("the VirtualIP of the other pool", made, { timeoutMs: 1000 });
  } finally {
    await admit();
  }
  await bed.untilActive("public-0", "n2", 20_000);
});

/** Before an operator leads. Returns what admits it again. */
async function refuseVirtualIP(name: string): Promise<() => Promise<void>> {
  const metadata = { name: "refusal" };
  const rule = { apiGroups: ["aloft.dev"], apiVersions: ["*"], resources: ["virtualips"], operations: ["CREATE"] };
  const matchConstraints = { resourceRules: [rule] };
  const validations = [{ expression: `object.metadata.name != "${name}"` }];
  const by = { fieldManager: "test" };
  await bed.client.create(policies, { metadata, spec: { matchConstraints, validations } }, by);
  await bed.client.create(bindings, { metadata, spec: { policyName: metadata.name, validationActions: ["Deny"] } }, by);
  const isRefused = async () => {
    try {
      await bed.client.create(
        virtualIPs,
        { metadata: { name }, spec: { addresses: [{ address: "192.0.2.99" }], vrrp: { interface: "eth0" } } },
        by,
      );
    } catch (error) {
      assert.ok(isKubeError(error, "Invalid"), String(error));
      return true;
    }
    await bed.client.delete(virtualIPs, { name });
    return false;
  };
  await until(`${name} to be refused`, isRefused, { timeoutMs: 20_000 });
  return async () => {
    await bed.client.delete(bindings, metadata);
    await bed.client.delete(policies, metadata);
  };
}

test("two operators that both lead give no address twice, and agree in the end", async () => {
  await start({ addresses: ["192.0.2.64/26"], virtualRouters: 3 }, { user: "admin" });
  await bed.startOperator("b", { user: "admin", leaseNamespace: "default" });
  const given = new Map<string, string>();
  const names = Array.from({ length: 30 }, (_, index) => `s${index}`);
  await Promise.all(names.map((name) => desk.createService(name, {})));
  const look = async () => {
    const { items } = await bed.client.list<Service>(services);
    for (const each of items) {
      for (const address of addressesOf(each)) {
        const owner = given.get(address) ?? each.metadata.name;
        assert.equal(owner, each.metadata.name, `${address} was given to ${owner}, too`);
        given.set(address, owner);
      }
    }
    return items.filter((each) => addressesOf(each).length === 1).length === names.length;
  };
  await until("all to have one", look, { timeoutMs: 60_000 });
  for (const shard of ["public-0", "public-1", "public-2"]) await bed.untilRedundant(shard);
  assert.equal(await look(), true);
});

test("a pool that somebody made anew while its Services stand gives each what it had", async () => {
  const operator = await start();
  await desk.createService("b", {});
  await desk.untilAddresses("b", ["192.0.2.100"]);
  await desk.createService("a", {});
  await desk.untilAddresses("a", ["192.0.2.101"]);
  await operator.stop();
  await bed.client.patch(addressPools, { name: "public" }, { metadata: { finalizers: null } }, { fieldManager: "test" });
  await bed.client.delete(addressPools, { name: "public" });
  await desk.createPool("public", ten);
  await desk.createService("c", {});
  await bed.startOperator("b");
  await desk.untilAddresses("c", ["192.0.2.102"]);
  assert.deepEqual([addressesOf(await desk.get("a")), addressesOf(await desk.get("b"))], [["192.0.2.101"], ["192.0.2.100"]]);
  assert.equal((await desk.get("a")).spec.loadBalancerClass, loadBalancerClass);
});
