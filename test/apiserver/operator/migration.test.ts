/** From MetalLB and kube-vip to Aloft, as docs/moving.md tells it: the API server takes what was imported, and Services keep what they had. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { services } from "../../../src/operator/controllers/resources.ts";
import { until } from "../../support/waiting.ts";
import { addressesOf, reasonOf, type Service, ServiceBed } from "./serviceBed.ts";
import { Testbed } from "./testbed.ts";

const program = join(import.meta.dirname, "../../../src/cli/main.ts");
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

/** `aloft import - ` of the text. */
function importText(text: string, ...flags: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, "import", ...flags, "-"], { input: text, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout;
}

/** What the peer configured, and the Services as the cluster has them, into the cluster. */
async function importAll(configuration: string): Promise<void> {
  const text = `${configuration}---\n${await bed.plane.kubectl(["get", "services", "--all-namespaces", "-o", "yaml"])}`;
  await bed.plane.kubectl(["apply", "-f", "-"], { input: importText(text) });
  const commands = importText(text, "--commands");
  const kubectl = `kubectl() { '${bed.plane.kubectlPath}' --kubeconfig='${bed.plane.kubeconfig()}' "$@"; }`;
  const { status, stderr } = spawnSync("sh", ["-e"], { input: `${kubectl}\n${commands}`, encoding: "utf8" });
  assert.equal(status, 0, stderr);
}

/** As another controller has left it. */
async function createServed(
  name: string,
  annotations: Record<string, string>,
  address: string,
  more: { spec?: object; ports?: number[] } = {},
) {
  await desk.createService(name, { annotations, ...more, spec: { loadBalancerClass: undefined, ...more.spec } });
  const status = { loadBalancer: { ingress: [{ ip: address, ipMode: "VIP" }] } };
  await bed.client.patch(services, { name, namespace: "default" }, { status }, { fieldManager: "peer", subresource: "status" });
}

async function startNodes(): Promise<void> {
  for (const [index, name] of ["n1", "n2", "n3"].entries()) {
    await bed.lan.addNode(name, index + 1, { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" });
  }
}

/** Beside what else the pool asks of its nodes: a label that none has, or no more. */
const hold = (pool: string, value: "yes" | null) =>
  merge(["pool", pool], { spec: { virtualIP: { nodes: { selector: { matchLabels: { "aloft.dev/moved": value } } } } } });

const merge = (object: string[], patch: object) => bed.plane.kubectl(["patch", ...object, "--type=merge", "-p", JSON.stringify(patch)]);

/** Commands by which MetalLB gives Services what they have now. */
const wayBack = [
  "{{range .items}}{{if .status.loadBalancer.ingress}}kubectl annotate --overwrite -n {{.metadata.namespace}} service {{.metadata.name}} ",
  'metallb.io/loadBalancerIPs={{range $i, $a := .status.loadBalancer.ingress}}{{if $i}},{{end}}{{$a.ip}}{{end}}{{"\\n"}}{{end}}{{end}}',
].join("");

const metallb = `
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: { name: public, namespace: metallb-system }
spec:
  addresses: [192.0.2.100 - 192.0.2.109, 2001:db8::100/124]
  avoidBuggyIPs: true
---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: { name: reserved, namespace: metallb-system }
spec:
  addresses: [192.0.2.120/30]
  autoAssign: false
  serviceAllocation: { priority: 10, namespaces: [default], serviceSelectors: [{ matchLabels: { tier: edge } }, { matchLabels: { tier: core } }] }
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: { name: l2, namespace: metallb-system }
spec:
  interfaces: [eth0]
  nodeSelectors: [{ matchLabels: { "kubernetes.io/hostname": n1 } }, { matchLabels: { "kubernetes.io/hostname": n2 } }]
`;

test("from MetalLB: Services keep what their statuses say while no node answers yet, and then one does", async () => {
  await startNodes();
  await createServed("web", { "metallb.io/ip-allocated-from-pool": "public" }, "192.0.2.107");
  const shared = { "metallb.universe.tf/allow-shared-ip": "it's one", "metallb.io/loadBalancerIPs": "192.0.2.103" };
  await createServed("http", shared, "192.0.2.103", { ports: [80] });
  await createServed("https", shared, "192.0.2.103", { ports: [443] });
  await createServed("chosen", { "metallb.io/address-pool": "reserved" }, "192.0.2.121");
  await createServed("classed", { "metallb.io/ip-allocated-from-pool": "public" }, "192.0.2.105", {
    spec: { loadBalancerClass: "example.com/metallb" },
  });
  await bed.client.patch(
    services,
    { name: "chosen", namespace: "default" },
    { metadata: { labels: { tier: "edge" } } },
    { fieldManager: "test" },
  );
  await importAll(metallb);
  const had = new Map((await bed.client.list<Service>(services)).items.map((service) => [service.metadata.name, addressesOf(service)]));

  await hold("public", "yes");
  await bed.startOperator("a", { isDefault: true });
  for (const name of ["web", "http", "https", "chosen"]) {
    const service = await desk.untilService(name, "to be assigned", (each) => reasonOf(each) === "Assigned");
    assert.deepEqual(addressesOf(service), had.get(name));
  }
  assert.deepEqual(bed.lan.routersOf("public-0"), {});
  await hold("public", null);
  const { status } = await bed.untilRedundant("public-0");
  assert.deepEqual(status?.nodes?.map(({ name }) => name).sort(), ["n1", "n2"]);

  const { spec } = await desk.get("classed");
  assert.equal(spec.loadBalancerClass, "example.com/metallb");
  const plain = { type: "ClusterIP", loadBalancerClass: null, externalTrafficPolicy: null, allocateLoadBalancerNodePorts: null };
  await merge(["service", "classed"], { spec: plain });
  await merge(["service", "classed"], { spec: { type: "LoadBalancer", loadBalancerClass: "aloft.dev/vrrp" } });
  await desk.untilAddresses("classed", ["192.0.2.105"]);
  const commands = await bed.plane.kubectl(["get", "services", "--all-namespaces", "-o", `go-template=${wayBack}`]);
  const web = "kubectl annotate --overwrite -n default service web metallb.io/loadBalancerIPs=192.0.2.107\n";
  assert.deepEqual([commands.includes(web), commands.trimEnd().split("\n").length], [true, 5]);
});

/** As grown over years: what no MetalLB reads any more, BGP beside ARP, pools for some before those for all. */
const estate = `
apiVersion: v1
kind: ConfigMap
metadata: { name: config, namespace: metallb-system }
data: { config: "address-pools:\\n- name: first\\n  protocol: layer2\\n  addresses: [192.0.2.0/28]\\n" }
---
apiVersion: v1
kind: List
items:
- apiVersion: metallb.io/v1beta1
  kind: IPAddressPool
  metadata: { name: cheap, namespace: metallb-system, labels: { rented: "no" } }
  spec: { addresses: [192.0.2.0/28], avoidBuggyIPs: true }
- apiVersion: metallb.io/v1beta1
  kind: IPAddressPool
  metadata: { name: Costly_One, namespace: metallb-system }
  spec: { addresses: [198.51.100.9/30], autoAssign: false }
- apiVersion: metallb.io/v1beta1
  kind: IPAddressPool
  metadata: { name: red, namespace: metallb-system, labels: { rented: "no" } }
  spec:
    addresses: [203.0.113.4 - 203.0.113.7]
    serviceAllocation: { priority: 5, namespaces: [default], serviceSelectors: [{ matchLabels: { team: red } }] }
- apiVersion: metallb.io/v1beta1
  kind: IPAddressPool
  metadata: { name: default, namespace: metallb-system, labels: { rented: "no" } }
  spec:
    addresses: [203.0.113.16/30, "2001:DB8:0:0::10/126"]
    serviceAllocation: { priority: 20, namespaceSelectors: [{ matchLabels: { kubernetes.io/metadata.name: default } }] }
- apiVersion: metallb.io/v1beta1
  kind: IPAddressPool
  metadata: { name: routed, namespace: metallb-system }
  spec: { addresses: [203.0.113.64/28] }
---
{ "apiVersion": "metallb.io/v1beta1", "kind": "L2Advertisement", "metadata": { "name": "own", "namespace": "metallb-system" },
  "spec": { "ipAddressPoolSelectors": [{ "matchExpressions": [{ "key": "rented", "operator": "In", "values": ["no"] }] }] } }
---
apiVersion: metallb.io/v1beta1
kind: L2Advertisement
metadata: { name: rented, namespace: metallb-system }
spec: { ipAddressPools: [Costly_One], nodeSelectors: [{ matchLabels: { kubernetes.io/hostname: n2 } }], interfaces: [eth0] }
---
apiVersion: metallb.io/v1beta1
kind: BGPAdvertisement
metadata: { name: routed, namespace: metallb-system }
spec: { ipAddressPools: [routed], aggregationLength: 32 }
---
apiVersion: metallb.io/v1beta2
kind: BGPPeer
metadata: { name: router, namespace: metallb-system }
spec: { myASN: 64500, peerASN: 64501, peerAddress: 192.0.2.254 }
`;

test("from a MetalLB with pools for some: new Services get addresses of the pools that MetalLB would take", async () => {
  await desk.createService("plain", { spec: { loadBalancerClass: undefined } });
  await desk.createService("labelled", { labels: { team: "red" }, spec: { loadBalancerClass: undefined } });
  const chosen = { "metallb.universe.tf/address-pool": "Costly_One" };
  await desk.createService("chosen", { annotations: chosen, spec: { loadBalancerClass: undefined } });
  await desk.createService("elsewhere", { namespace: "kube-public", spec: { loadBalancerClass: undefined } });
  await importAll(estate);
  await bed.startOperator("a", { isDefault: true });
  const wanted = { plain: "203.0.113.16", labelled: "203.0.113.4", chosen: "198.51.100.8" };
  for (const [name, address] of Object.entries(wanted)) await desk.untilAddresses(name, [address]);
  const elsewhere = async () => addressesOf((await desk.service("elsewhere", "kube-public")) ?? {})[0];
  assert.equal(await until("elsewhere to have an address", elsewhere), "192.0.2.1");
  const { spec } = await desk.pool("costly-one");
  const { interface: link, nodes } = spec.virtualIP;
  assert.deepEqual([link, nodes.selector], ["eth0", { matchLabels: { "kubernetes.io/hostname": "n2" } }]);
  const names = (await bed.plane.kubectl(["get", "pool", "-o", "name"])).trim().split("\n");
  assert.deepEqual(names.map((name) => name.split("/")[1]).sort(), ["cheap", "costly-one", "default", "red"]);
});

const kubeVip = `
apiVersion: v1
kind: ConfigMap
metadata: { name: kubevip, namespace: kube-system }
data:
  range-default: 192.0.2.100-192.0.2.109
  cidr-other: 192.0.2.112/29
  skip-end-ips-in-cidr: "true"
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: kube-vip-ds, namespace: kube-system }
spec:
  template:
    spec:
      containers:
        - image: ghcr.io/kube-vip/kube-vip:v1.2.3
          env:
            - { name: vip_arp, value: "true" }
            - { name: vip_interface, value: eth0 }
            - { name: svc_enable, value: "true" }
            - { name: cp_enable, value: "true" }
            - { name: address, value: "192.0.2.5,2001:db8::5" }
      nodeSelector: { kubernetes.io/os: linux }
`;

test("from kube-vip: pools by namespace, what Services ask for beside them, one address for two, and the control plane's", async () => {
  await startNodes();
  await createServed("web", { "kube-vip.io/loadbalancerIPs": "192.0.2.104", "kube-vip.io/vipHost": "n3" }, "192.0.2.104");
  await createServed("static", { "kube-vip.io/loadbalancerIPs": "192.0.2.200" }, "192.0.2.200");
  await createServed("http", { "kube-vip.io/loadbalancerIPs": "192.0.2.106" }, "192.0.2.106", { ports: [80] });
  await createServed("https", { "kube-vip.io/loadbalancerIPs": "192.0.2.106" }, "192.0.2.106", { ports: [443] });
  await importAll(kubeVip);
  await bed.startOperator("a", { isDefault: true });
  for (const [name, address] of Object.entries({ web: "192.0.2.104", static: "192.0.2.200", http: "192.0.2.106", https: "192.0.2.106" })) {
    const service = await desk.untilService(name, "to be assigned", (each) => reasonOf(each) === "Assigned");
    assert.deepEqual(addressesOf(service), [address]);
  }
  await desk.createService("new", { spec: { loadBalancerClass: undefined } });
  await desk.untilAddresses("new", ["192.0.2.100"]);
  assert.deepEqual((await desk.pool("other")).spec.addresses, ["192.0.2.113-192.0.2.118"]);
  assert.deepEqual((await desk.pool("requested")).spec.autoAssign, false);
  await bed.untilRedundant("control-plane");
});
