import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAllDocuments, stringify } from "yaml";
import { agentConfigSchema } from "../../../../src/api/agentConfig.ts";
import { type VirtualServer, virtualServerSchema } from "../../../../src/api/virtualServer.ts";
import { explainLines } from "../../../../src/keepalived/import/explanation.ts";
import { importedObjects } from "../../../../src/keepalived/import/importKeepalived.ts";
import { servicesOf } from "../../../../src/keepalived/plan/virtualServers/sharedServices.ts";
import { importFixtures, importTexts, instance } from "./support.ts";

type Imported = ReturnType<typeof importTexts>;

/** As kube-apiserver would take the YAML. */
function readBack({ imported }: Imported): VirtualServer[] {
  const text = importedObjects(imported)
    .map((object) => stringify(object))
    .join("---\n");
  const objects = parseAllDocuments(text).flatMap((document) => document.toJS() as { kind: string });
  for (const object of objects) if (object.kind === "AgentConfig") agentConfigSchema.parse(object);
  return objects.filter(({ kind }) => kind === "VirtualServer").map((object) => virtualServerSchema.parse(object));
}

/** Its addresses: its own, or all of its VirtualIP. */
function addressesOf({ spec }: VirtualServer, { imported }: Imported): string[] {
  const virtualIP = imported.virtualIPs.find(({ object }) => object.metadata.name === spec.virtualIP)?.object.spec;
  const all = [...(virtualIP?.addresses ?? []), ...(virtualIP?.excludedAddresses ?? [])].map(({ address }) => address.split("/")[0] ?? "");
  return spec.addresses ?? (spec.firewallMark === undefined ? all : []);
}

const withoutPlace = ({ virtualIP: _, addresses: __, ...spec }: VirtualServer["spec"]) => spec;

/** What a node runs by its keepalived.conf, it runs by the objects. */
function assertSame(imported: Imported): void {
  assert.equal(imported.imported.hasErrors, false, imported.messages.join("; "));
  const found = new Map(
    readBack(imported).map((object) => [
      servicesOf({ addresses: addressesOf(object, imported), spec: object.spec })
        .sort()
        .join(" "),
      object,
    ]),
  );
  for (const { loaded } of imported.nodes)
    for (const planned of loaded.virtualServers) {
      const object = found.get(servicesOf(planned).sort().join(" "));
      assert.deepEqual(object && withoutPlace(object.spec), withoutPlace(planned.spec));
      assert.equal(object?.spec.virtualIP !== undefined, planned.virtualIP !== undefined);
    }
}

const samples: string[][] = [
  ["ha-ipvs-dr", "ha-ipvs-dr-backup"],
  ["lvs-dr-master", "lvs-dr-backup"],
  ["dual-master-lvs-fwmark-node1", "dual-master-lvs-fwmark-node2"],
  ["check-tcp"],
  ["check-http-get-full"],
  ["check-ssl-get-full"],
  ["check-tcp-full"],
  ["ipvsadm-equivalent"],
  ["rs-monitor-equivalent"],
  ["syn-virtual-server-group"],
  ["syn-check-smtp"],
  ["syn-check-misc"],
  ["syn-lvs-nat"],
  ["syn-lvs-tun"],
  ["syn-persistence"],
  ["syn-schedulers"],
];

for (const names of samples) test(`${names.join(", ")}: the same runs`, () => assertSame(importFixtures(...names)));

const head = (lines: string, what = "10.0.0.1 80") =>
  `virtual_server ${what} {\nlb_algo rr\nlb_kind NAT\nprotocol TCP\n${lines}\nreal_server 10.0.0.9 80 {\n}\n}\n`;

test("settings that no sample has: the same runs", () => {
  const service = head(
    `ha_suspend\nquorum 2\nhysteresis 1\nomega\nalpha\nquorum_up /bin/u\nsorry_server 10.0.0.8\nsorry_server_inhibit\ninhibit_on_failure
persistence_granularity 255.255.255.0\nvirtualhost a.example\nreal_server 10.0.0.7 81 {\nweight 3\nuthreshold 9\nlthreshold 3\nlvs_method TUN type gre csum
notify_down /bin/d x\nDNS_CHECK {\ntype A\nname a.example\n}\nUDP_CHECK {\npayload a b\nrequire_reply 0aX1\n}\nPING_CHECK {\nfwmark 3\n}
HTTP_GET {\nfast_recovery\nurl {\npath /\nregex ok\nregex_options caseless\nregex_no_match\n}\n}\nFILE_CHECK {\ntrack_file f\nweight 2 reverse\n}\n}`,
  );
  const file = "track_file f {\nfile /run/f\n}\n";
  assertSame(importTexts({ lb1: file + instance() + service, lb2: file + instance("", { priority: 90 }) + service }));
});

test("a VirtualServer is on the VirtualIP that has its addresses, which lets it", () => {
  const addresses = "virtual_ipaddress {\n10.0.0.1\n10.0.0.2\n}";
  const imported = importTexts({
    lb1: instance(addresses) + head(""),
    lb2: instance(addresses, { priority: 90, name: "OTHER" }) + head(""),
  });
  assert.deepEqual(imported.messages, []);
  const [virtualServer, ...others] = readBack(imported);
  assert.deepEqual(others, []);
  assert.deepEqual(virtualServer?.metadata, {
    name: "10-0-0-1-80",
    namespace: "aloft-system",
    annotations: { "aloft.dev/virtual-server": "10.0.0.1 80" },
  });
  assert.deepEqual([virtualServer?.spec.virtualIP, virtualServer?.spec.addresses], ["v", ["10.0.0.1"]]);
  assert.deepEqual(imported.imported.virtualIPs[0]?.object.spec.allowedNamespaces, ["aloft-system"]);
  assert.deepEqual(imported.imported.agentConfigs, []);
});

test("where it has all addresses, they are not repeated; a VirtualIP without one lets nobody", () => {
  const [virtualServer] = readBack(importTexts({ lb1: instance() + head("") }));
  assert.deepEqual([virtualServer?.spec.virtualIP, virtualServer?.spec.addresses], ["v", undefined]);
  assert.equal(importTexts({ lb1: instance() }).imported.virtualIPs[0]?.object.spec.allowedNamespaces, undefined);
});

test("marks and addresses of nobody are permitted to the nodes that have them", () => {
  const imported = importTexts({ lb1: head("", "fwmark 3"), lb2: head("", "fwmark 3"), lb3: head("") });
  const permissions = imported.imported.agentConfigs.map(({ object }) => [
    object.spec.nodeSelector?.matchExpressions?.[0]?.values,
    object.spec.virtualServers,
  ]);
  const namespaces = ["aloft-system"];
  assert.deepEqual(permissions, [
    [["lb1", "lb2"], { allowFirewallMarks: true, namespaces }],
    [["lb3"], { allowAddresses: true, namespaces }],
  ]);
  assert.deepEqual(
    readBack(imported).map(({ spec }) => spec.firewallMark ?? spec.addresses),
    [3, ["10.0.0.1"]],
  );
});

test("sync daemon and time-outs are of the AgentConfig; the number 0 is left to the operator", () => {
  const conf = (sync: string) => `global_defs {\nlvs_sync_daemon ${sync}\nlvs_timeouts tcp 900 tcpfin 0 udp 30\n}\n${instance()}`;
  const ipvs = (sync: string) => importTexts({ lb1: conf(sync) }).imported.agentConfigs[0]?.object.spec.ipvs;
  const timeouts = { tcp: "900s", udp: "30s" };
  assert.deepEqual(ipvs("eth1"), { sync: { interface: "eth1" }, timeouts });
  assert.deepEqual(ipvs("eth1 V"), { sync: { id: 1, interface: "eth1" }, timeouts });
  assert.deepEqual(ipvs("eth1 inst V id 7 maxlen 1000 port 9000 ttl 3 group 224.0.0.99"), {
    sync: { id: 7, interface: "eth1", maxLength: 1000, group: "224.0.0.99", port: 9000, ttl: 3 },
    timeouts,
  });
});

const taken = "that of lb2 is taken for all";
const differences: [what: string, first: string, second: string, messages: string[]][] = [
  ["nothing", head(""), head(""), []],
  [
    "a short setting",
    head("quorum 2\nweight 2"),
    head("weight 2"),
    [`lb1.conf:10:1: warning: virtual_server 10.0.0.1 80: quorum is 2, and none on lb2 (lb2.conf:10): ${taken}`],
  ],
  [
    "the scheduler, and the servers",
    head("lb_algo wrr\nreal_server 10.0.0.8 80 {\n}"),
    head(""),
    [
      `lb1.conf:10:1: warning: virtual_server 10.0.0.1 80: lb_algo is wrr, and rr on lb2 (lb2.conf:10): ${taken}`,
      `lb1.conf:10:1: warning: virtual_server 10.0.0.1 80: real_server differs from lb2 (lb2.conf:10): ${taken}`,
    ],
  ],
  [
    "one that only a node has",
    head(""),
    "",
    ["lb1.conf:10:1: warning: virtual_server 10.0.0.1 80 is not in the file of `lb2`: the VirtualServer will run there, too"],
  ],
];

for (const [what, first, second, expected] of differences)
  test(`differs: ${what}`, () => {
    const { messages } = importTexts({ lb1: instance("", { priority: 90 }) + first, lb2: instance() + second });
    assert.deepEqual(messages, expected);
  });

test("what SSL names is to be put into a Secret, and programs are told of", () => {
  const { messages, imported } = importTexts({
    lb1: `SSL {\npassword x\ncertificate /c\nkey /k\n}\n${instance()}${head("quorum_up /etc/q/u")}${head("", "10.0.0.1 443").replace("real_server 10.0.0.9 80 {", "real_server 10.0.0.9 443 {\nSSL_GET {\nurl {\npath /\n}\n}")}`,
  });
  assert.deepEqual(messages, [
    "lb1.conf:19:1: warning: programs run only in directories that the agent allows (--allow-scripts DIR), by one user that it chooses",
    "lb1.conf:1:1: warning: make a Secret keepalived-ssl in aloft-system with tls.crt: /c and tls.key: /k, the key without its password",
  ]);
  assert.deepEqual(imported.agentConfigs[0]?.object.spec.scriptDirectories, ["/etc/q"]);
});

test("each line of a virtual server is explained", () => {
  const imported = importTexts({
    lb1: `virtual_server_group G {\n10.0.0.1 80\nfwmark 3\n}\nvirtual_server group G {\nlb_algo rr\nlb_kind TUN type gre csum\nprotocol TCP\nsnmp_name x\nreal_server 10.0.0.9 80 {\nTCP_CHECK {\nretry 3\n}\n}\n}\n${instance()}${head("")}virtual_server 10.0.0.1 81 {\nlb_algo rr\nlb_kind NAT\nprotocol TCP\n}\n`.replace(
      "10.0.0.1 80\nfwmark",
      "10.0.0.2 80\nfwmark",
    ),
  });
  const [node] = imported.nodes;
  assert.ok(node);
  const lines = explainLines(node, imported.imported).map(({ text, outcome }) => [
    text,
    outcome.kind === "becomes" ? outcome.fields.join("; ") : `ignored: ${outcome.reason}`,
  ]);
  const told = new Map(lines.map(([text = "", outcome = ""]) => [text, outcome]));
  const expected: [string, string][] = [
    ["virtual_server_group G {", "VirtualServers: addresses"],
    ["10.0.0.2 80", "VirtualServers: addresses"],
    ["fwmark 3", "VirtualServers: firewallMark"],
    ["virtual_server group G {", "VirtualServer"],
    ["lb_kind TUN type gre csum", "VirtualServers: forwarding; VirtualServers: tunnel"],
    ["snmp_name x", "ignored: `snmp_name` is ignored: there is no SNMP: the agent serves metrics over HTTP"],
    ["retry 3", "VirtualServers: realServers[].healthChecks[].retries"],
    ["virtual_server 10.0.0.1 80 {", "VirtualServer 10-0-0-1-80"],
    ["virtual_server 10.0.0.1 81 {", "ignored: it has an effect only with other settings"],
  ];
  for (const [text, outcome] of expected) assert.equal(told.get(text), outcome, text);
});
