import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { importObjects, service, type Written } from "./support.ts";

const configMap = (data: object): Written => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "kubevip", namespace: "kube-system" },
  data,
});
const names = (namespaces: string[]) => ({
  namespaceSelector: { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "NotIn", values: namespaces }] },
});

describe("the ConfigMap", () => {
  test("a pool for each namespace, and one for all others", () => {
    const { specs, messages } = importObjects(
      configMap({
        "cidr-default": "192.0.2.0/29",
        "range-dev": "192.0.2.16-192.0.2.20, 2001:db8::10-2001:db8::14",
        "range-global": "198.51.100.1-198.51.100.9",
        "interface-global": "eth3",
        "interface-dev": "eth5",
      }),
    );
    const sharing = "Cluster";
    assert.deepEqual(specs, {
      "AddressPool default": { addresses: ["192.0.2.0/29"], namespaces: ["default"], sharing, virtualIP: { interface: "eth3" } },
      "AddressPool dev": {
        addresses: ["192.0.2.16-192.0.2.20", "2001:db8::10-2001:db8::14"],
        namespaces: ["dev"],
        sharing,
        virtualIP: { interface: "eth5" },
      },
      "AddressPool global": {
        addresses: ["198.51.100.1-198.51.100.9"],
        ...names(["default", "dev"]),
        sharing,
        virtualIP: { interface: "eth3" },
      },
    });
    assert.deepEqual(messages, []);
  });

  test("CIDRs come before ranges, those of everybody before ranges of a namespace, as in kube-vip", () => {
    const { specs, messages } = importObjects(
      configMap({
        "cidr-a": "192.0.2.0/29",
        "range-a": "192.0.2.8-192.0.2.9",
        "cidr-global": "192.0.2.16/29",
        "range-b": "192.0.2.24-192.0.2.25",
      }),
    );
    const sharing = "Cluster";
    assert.deepEqual(specs, {
      "AddressPool a": { addresses: ["192.0.2.0/29"], namespaces: ["a"], sharing },
      "AddressPool global": { addresses: ["192.0.2.16/29"], ...names(["a"]), sharing },
    });
    assert.deepEqual(messages, [
      "warning: ConfigMap kube-system/kubevip: data.range-a: kube-vip takes cidr-a instead: left out",
      "warning: ConfigMap kube-system/kubevip: data.range-b: kube-vip takes cidr-global instead: left out",
    ]);
  });

  test("ends of IPv4 networks that are skipped; what overlaps within a key; networks with bits of a host", () => {
    const skipping = importObjects(
      configMap({ "cidr-global": "192.0.2.0/29,198.51.100.0/31,198.51.100.9/32,2001:db8::/126", "skip-end-ips-in-cidr": "true" }),
    );
    const kept = ["192.0.2.1-192.0.2.6", "198.51.100.0/31", "198.51.100.9/32", "2001:db8::/126"];
    assert.deepEqual(skipping.specs["AddressPool global"], { addresses: kept, sharing: "Cluster" });
    const overlapping = importObjects(configMap({ "cidr-global": "192.0.2.10/29,192.0.2.12/30" }));
    assert.deepEqual(overlapping.specs["AddressPool global"], { addresses: ["192.0.2.8-192.0.2.15"], sharing: "Cluster" });
    assert.match(
      String(overlapping.messages),
      /^warning: .*"192\.0\.2\.10\/29" has bits of a host: written as the network 192\.0\.2\.8\/29/,
    );
  });

  test("what is not offered, not known, or no address", () => {
    const { messages } = importObjects(
      configMap({ "cidr-global": "0.0.0.0/32", "cidr-a": "192.0.2", "allow-share-a": "true", "search-order": "desc", colour: "red" }),
    );
    assert.deepEqual(
      messages.map((message) => message.replace("ConfigMap kube-system/kubevip: data.", "")),
      [
        "warning: colour: unknown here: ignored",
        "warning: search-order: the lowest free address comes first",
        "warning: cidr-global: 0.0.0.0/32 stands for DHCP, which is not offered: left out",
        'error: cidr-a: expected an address, a CIDR or a range such as "198.51.100.0/27" or "198.51.100.10-198.51.100.20", got "192.0.2"',
      ],
    );
    const sharing = importObjects(configMap({ "cidr-a": "192.0.2.0/29", "allow-share-a": "true" }));
    assert.match(String(sharing.messages), /^warning: .*allow-share-a: Services share an address by a key/);
  });

  test("namespaces that overlap: kube-vip looks who has what, a pool has it alone", () => {
    const { messages } = importObjects(configMap({ "cidr-a": "192.0.2.0/29", "cidr-b": "192.0.2.4/30" }));
    assert.match(String(messages), /^error: ConfigMap kube-system\/kubevip: 192\.0\.2\.4 is in AddressPool b and in AddressPool a/);
  });
});

const common = { vip_arp: "true", vip_interface: "ens160", vip_leaderelection: "true", vip_leaseduration: "5" };
const container = (environment: object, image = "ghcr.io/kube-vip/kube-vip:v1.2.3") => ({
  image,
  env: Object.entries({ ...common, ...environment }).map(([name, value]) => ({ name, value })),
});
const either = (...keys: string[]) => ({
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: keys.map((key) => ({ matchExpressions: [{ key, operator: "Exists" }] })),
    },
  },
});
const controlPlane = ["node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"];
const daemonSet = (environment: object, spec: object = {}): Written => ({
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name: "kube-vip-ds", namespace: "kube-system" },
  spec: { template: { spec: { containers: [container(environment)], affinity: either(...controlPlane), ...spec } } },
});
const staticPod = (environment: object): Written => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "kube-vip", namespace: "kube-system" },
  spec: { containers: [container(environment)] },
});

describe("the environment", () => {
  test("of a DaemonSet: the address of the control plane becomes a VirtualIP on its nodes, which ask their API servers", () => {
    const { specs, messages, migration } = importObjects(daemonSet({ cp_enable: "true", address: "192.0.2.40", port: "8443" }));
    assert.deepEqual(specs, {
      "VirtualIP control-plane": {
        addresses: [{ address: "192.0.2.40" }],
        interface: "ens160",
        nodes: { selector: { matchExpressions: [{ key: "node-role.kubernetes.io/control-plane", operator: "Exists" }] } },
        track: [{ name: "api", http: { port: 8443, scheme: "HTTPS", path: "/livez" }, timeout: "900ms", fall: 3, weight: -50 }],
      },
    });
    assert.deepEqual([messages, migration.commands], [[], []]);
  });

  test("of a static Pod: a command, for it is needed before there is an API server", () => {
    const { specs, migration } = importObjects(staticPod({ cp_enable: "true", address: "192.0.2.40" }));
    assert.deepEqual(specs, {});
    assert.deepEqual(migration.commands, ["aloft manifest control-plane --address 192.0.2.40 --interface ens160"]);
  });

  test("an address of each family, as kube-vip lists them; a shell reads what the command holds as one word", () => {
    const both = { cp_enable: "true", address: "192.0.2.40,2001:db8::40" };
    const { specs } = importObjects(daemonSet(both));
    const { addresses } = specs["VirtualIP control-plane"] as { addresses: object[] };
    assert.deepEqual(addresses, [{ address: "192.0.2.40" }, { address: "2001:db8::40" }]);
    const { migration } = importObjects(staticPod({ ...both, vip_interface: "a;reboot" }));
    assert.deepEqual(migration.commands, [
      "aloft manifest control-plane --address 192.0.2.40 --address 2001:db8::40 --interface 'a;reboot'",
    ]);
  });

  test("the interface of Services is that of the pools that have none of their own", () => {
    const data = configMap({ "cidr-global": "192.0.2.0/29" });
    const linkOf = (environment: object) => {
      const spec = importObjects(data, daemonSet(environment)).specs["AddressPool global"] as { virtualIP?: { interface: string } };
      return spec.virtualIP?.interface;
    };
    assert.equal(linkOf({ svc_enable: "true", vip_servicesinterface: "ens192" }), "ens192");
    assert.equal(linkOf({ svc_enable: "true" }), "ens160");
    assert.equal(linkOf({ svc_enable: "false" }), undefined);
    assert.equal(linkOf({ svc_enable: "true", vip_arp: "false" }), undefined);
  });

  test("what is on and not offered is told at its place, what is off is not", () => {
    const plane = { cp_enable: "true", address: "vip.example.com" };
    const { messages, specs } = importObjects(
      daemonSet({ ...plane, bgp_enable: "false", lb_enable: "true", enable_service_security: "true", vip_arpRate: "", colour: "red" }),
    );
    assert.deepEqual(specs, {});
    const at = "warning: DaemonSet kube-vip-ds: spec.template.spec.containers[0].env";
    assert.deepEqual(messages, [
      `${at}[7]: lb_enable: the node that answers is the one whose API server is asked: a VirtualServer on the VirtualIP may share it out`,
      `${at}[8]: enable_service_security: ports that no Service has are not blocked`,
      `${at}[10]: colour: unknown here: ignored`,
      `${at}[5]: address: expected an IP address for the control plane, got "vip.example.com": left out`,
    ]);
    const bgp = importObjects(staticPod({ vip_arp: "false", bgp_enable: "true", cp_enable: "true", address: "192.0.2.40" }));
    assert.deepEqual([bgp.migration.commands, bgp.messages.length], [[], 2]);
  });

  test("nodes that one selector cannot name are an error, and Pods of others none of our business", () => {
    const plane = { cp_enable: "true", address: "192.0.2.40" };
    const { messages } = importObjects(daemonSet(plane, { affinity: either("a", "b") }));
    assert.match(String(messages), /^error: .*affinity\.nodeAffinity: expected one term, or several of the values of one label/);
    const other = importObjects({ ...staticPod(plane), spec: { containers: [container(plane, "example.com/not-kube-vip:1")] } });
    assert.deepEqual([other.migration.commands, other.messages.length], [[], 1]);
  });

  test("an address of the control plane in a pool: refused, as the API would", () => {
    const plane = daemonSet({ cp_enable: "true", address: "192.0.2.1" });
    const { messages } = importObjects(configMap({ "cidr-global": "192.0.2.0/29" }), plane);
    assert.match(String(messages), /^error: .*192\.0\.2\.1 is in VirtualIP control-plane and in AddressPool global/);
  });
});

describe("Services", () => {
  const asking = (name: string, addresses: string, more: object = {}) =>
    service(name, { "kube-vip.io/loadbalancerIPs": addresses, ...more });

  test("what they ask for stays, and what is in no pool gets one that gives to nobody else", () => {
    const { specs, annotations, messages } = importObjects(
      configMap({ "cidr-global": "192.0.2.0/29" }),
      daemonSet({ svc_enable: "true" }),
      asking("inside", "192.0.2.1"),
      asking("outside", "198.51.100.7,2001:DB8::7"),
    );
    assert.deepEqual(annotations, {
      "shop/inside": { "aloft.dev/addresses": "192.0.2.1" },
      "shop/outside": { "aloft.dev/addresses": "198.51.100.7,2001:db8::7" },
    });
    assert.deepEqual(specs["AddressPool requested"], {
      addresses: ["198.51.100.7", "2001:db8::7"],
      autoAssign: false,
      sharing: "Cluster",
      virtualIP: { interface: "ens160" },
    });
    assert.deepEqual(messages, []);
  });

  test("one address for several Services: with us they have a key in common", () => {
    const { annotations } = importObjects(
      configMap({ "cidr-global": "192.0.2.0/29" }),
      asking("a", "192.0.2.1"),
      asking("b", "192.0.2.1"),
      asking("c", "192.0.2.2"),
    );
    const shared = { "aloft.dev/addresses": "192.0.2.1", "aloft.dev/sharing-key": "192.0.2.1" };
    assert.deepEqual(annotations, { "shop/a": shared, "shop/b": shared, "shop/c": { "aloft.dev/addresses": "192.0.2.2" } });
  });

  test("a Service that asks for nothing that can be costs no other its address", () => {
    const { specs, messages } = importObjects(
      asking("good", "198.51.100.7"),
      service("dhcp", { "kube-vip.io/vipHost": "n1" }, { loadBalancerIP: "0.0.0.0" }),
      asking("local", "fe80::7"),
    );
    const { addresses } = specs["AddressPool requested"] as { addresses: string[] };
    assert.deepEqual(addresses, ["198.51.100.7"]);
    assert.deepEqual(
      messages.map((message) => message.slice(0, 36)),
      ["warning: Service shop/dhcp: spec.loa", "warning: Service shop/local: metadat"],
    );
  });

  test("DHCP, egress and what only says what kube-vip did", () => {
    const { annotations, messages } = importObjects(
      service("dhcp", { "kube-vip.io/loadbalancerIPs": "0.0.0.0", "kube-vip.io/vipHost": "n1", "kube-vip.io/egress": "true" }),
      service("ignored", { "kube-vip.io/ignore": "true", "kube-vip.io/egress": "true" }),
    );
    assert.deepEqual(annotations, { "shop/dhcp": {} });
    assert.deepEqual(messages, [
      'warning: Service shop/dhcp: metadata.annotations.kube-vip.io/loadbalancerIPs: expected addresses, for DHCP is not offered, got "0.0.0.0": left out',
      "warning: Service shop/dhcp: metadata.annotations.kube-vip.io/egress: what pods send leaves with the address of their node: egress is not offered",
    ]);
  });
});
