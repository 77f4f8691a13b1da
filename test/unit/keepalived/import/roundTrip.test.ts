/** What a node runs by its keepalived.conf, it runs by the imported objects: the operator's own planner makes the same of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAllDocuments, stringify } from "yaml";
import { agentConfigSchema } from "../../../../src/api/agentConfig.ts";
import { formatAddress, parsePrefix } from "../../../../src/api/ipAddress.ts";
import type { NodeAgentSpec, NodeCheck, VirtualRouterSpec } from "../../../../src/api/nodeAgent.ts";
import { type VirtualIP, virtualIPSchema } from "../../../../src/api/virtualIP.ts";
import { importedObjects } from "../../../../src/keepalived/import/importKeepalived.ts";
import type { ImportedNode } from "../../../../src/keepalived/import/members.ts";
import { planVirtualRouters } from "../../../../src/plan/virtualRouters.ts";
import { importFixtures, importTexts, instance } from "./support.ts";

type Imported = ReturnType<typeof importTexts>;

/** As kube-apiserver would take the YAML. */
function readBack({ imported }: Imported): VirtualIP[] {
  const text = importedObjects(imported)
    .map((object) => stringify(object))
    .join("---\n");
  const objects = parseAllDocuments(text).flatMap((document) => document.toJS() as { kind: string });
  for (const object of objects) if (object.kind === "AgentConfig") agentConfigSchema.parse(object);
  return objects.filter(({ kind }) => kind === "VirtualIP").map((object) => virtualIPSchema.parse(object));
}

/** What the operator plans for the node, the VirtualIPs called as their instances. */
function planned(virtualIPs: VirtualIP[], node: string): { routers: VirtualRouterSpec[]; checks: NodeCheck[] } {
  const plans = virtualIPs.flatMap(({ metadata, spec }) => {
    const override = spec.nodes.overrides?.find(({ name }) => name === node);
    if (!override?.priority) return [];
    const interfaceName = override.interface ?? spec.interface;
    const peers = spec.vrrp.mode === "Unicast" ? { IPv4: ["192.0.2.1"] } : undefined;
    const plan = planVirtualRouters(metadata.name, spec, {
      node,
      priority: override.priority,
      interfaces: { IPv4: interfaceName, IPv6: interfaceName },
      virtualRouterID: spec.vrrp.virtualRouterID ?? 0,
      peers,
      liveOthers: true,
    });
    const instanceName = metadata.annotations?.["aloft.dev/vrrp-instance"] ?? "";
    return [{ ...plan, virtualRouters: plan.virtualRouters.map((router) => ({ ...router, virtualIP: instanceName })) }];
  });
  return { routers: plans.flatMap(({ virtualRouters }) => virtualRouters), checks: plans.flatMap(({ checks }) => checks) };
}

const canonical = (text: string) => {
  const prefix = parsePrefix(text);
  return prefix ? `${formatAddress(prefix)}/${prefix.prefixLength}` : text;
};

/** What names differ in, and what only the operator knows, put aside; checks in place of their names. */
function comparable(router: VirtualRouterSpec, checks: readonly NodeCheck[], { groupNotify = true } = {}) {
  const {
    passwordRef,
    virtualMACInterface,
    group,
    unicastPeers,
    peerTTLs = [],
    startupDelay: _,
    linkLocalFirst,
    checksum,
    track = [],
    notify,
    ...rest
  } = router;
  return {
    ...rest,
    hasPassword: passwordRef !== undefined,
    hasMAC: virtualMACInterface !== undefined,
    isUnicast: unicastPeers !== undefined,
    peerTTLs: [...new Set(peerTTLs.map(({ minimum, maximum }) => `${minimum}-${maximum}`))],
    group: group?.toLowerCase(),
    downTimerAdverts: rest.downTimerAdverts ?? 3,
    trackPrimary: rest.trackPrimary ?? true,
    // Of other versions and families it says nothing.
    checksum: router.version === 3 && router.family === "IPv4" ? checksum : undefined,
    linkLocalFirst: router.family === "IPv6" ? linkLocalFirst : undefined,
    addresses: router.addresses.map(({ address, ...options }) => ({ address: canonical(address), ...options })),
    track: track
      .map(({ check, ...effect }) => {
        const { name: _name, ...fields } = checks.find(({ name }) => name === check) ?? { name: "" };
        return { ...effect, ...(check !== undefined && { check: fields }) };
      })
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    ...(groupNotify && { notify }),
  };
}

function assertSame(imported: Imported, options?: { groupNotify?: boolean }): void {
  const virtualIPs = readBack(imported);
  const byName = (routers: ReturnType<typeof comparable>[]) => routers.toSorted((a, b) => (a.virtualIP < b.virtualIP ? -1 : 1));
  for (const { name, loaded } of imported.nodes) {
    const { routers, checks } = planned(virtualIPs, name);
    assert.deepEqual(
      byName(routers.map((router) => comparable(router, checks, options))),
      byName(loaded.spec.virtualRouters.map((router) => comparable(router, loaded.spec.checks ?? [], options))),
      name,
    );
  }
}

const pairs: string[][] = [
  ["track-tcp-master", "track-tcp-backup"],
  ["prose-pair-master", "prose-pair-backup"],
  ["single-master", "single-backup"],
  ["dual-master-node1", "dual-master-node2"],
  ["vip-dev-label"],
  ["vip-all-options"],
  ["track-interface"],
  ["notify-scripts"],
  ["ha-ipvs-dr", "ha-ipvs-dr-backup"],
  ["dual-master-lvs-fwmark-node1", "dual-master-lvs-fwmark-node2"],
  ["track-script-minimal"],
  ["ha-nginx-master", "ha-nginx-backup"],
  ["lvs-dr-master", "lvs-dr-backup"],
  ["glued-comment"],
  ["mutual-node1", "mutual-node2"],
  ["trailing-space"],
  ["syn-static-routes"],
  ["syn-auth-none"],
  ["syn-auth-ah"],
  ["syn-vmac"],
  ["syn-mail-alert"],
  ["syn-many-backups-a", "syn-many-backups-b", "syn-many-backups-c"],
];

for (const names of pairs)
  test(`${names.join(", ")}: the same runs`, () => {
    const imported = importFixtures(...names);
    assert.equal(imported.imported.hasErrors, false, imported.messages.join("; "));
    assertSame(imported);
  });

test("syn-sync-group: the same runs, and the first VirtualIP tells of the group", () => {
  const imported = importFixtures("syn-sync-group-master", "syn-sync-group-backup");
  assertSame(imported, { groupNotify: false });
  const [first, second] = readBack(imported);
  assert.equal(first?.spec.notify?.programs?.length, 3);
  assert.equal(second?.spec.notify, undefined);
  assert.deepEqual([first?.spec.group, second?.spec.group], ["g1", "g1"]);
});

/** Everything that no sample has. */
const rich: Record<string, string> = {
  lb1: `global_defs {\nvrrp_startup_delay 5\nlog_unknown_vrids\nvrrp_version 3\n}
vrrp_script s {\nscript "/bin/s a"\ninterval 5\ntimeout 3\nrise 2\nfall 3\ninit_fail\n}
track_file f {\nfile /run/f\n}
vrrp_track_process p {\nprocess nginx -g x\nquorum 2\nterminate_delay 2\n}
${instance(
  `version 3\nadvert_int 0.5\nnopreempt\ndown_timer_adverts 5\ngarp_master_refresh 60\ndont_track_primary\nmcast_src_ip 10.0.0.8
virtual_ipaddress {\n10.0.0.1/24 brd +\n10.0.0.2 dev eth1 label eth1:x scope link\n}
virtual_ipaddress_excluded {\n10.0.0.3\n2001:db8::3/64\n}
track_script {\ns weight -5 reverse\n}\ntrack_file {\nf weight 3\n}\ntrack_process {\np\n}\ntrack_interface {\neth5 weight 7\n}
virtual_routes {\n10.9.0.0/24 dev eth0\nblackhole 10.8.0.0/24\n}\nvirtual_rules {\nfrom 10.9.0.0/24 table 5 preference 7\n}
notify /bin/n\nnotify_master "/bin/m x" nobody`,
)}
${instance("use_vmac\nmcast_dst_ip ff02::77", { name: "SIX", address: "fe80::1:1", vrid: 1 })}
static_ipaddress {\n10.7.0.1/24 dev eth3\n}`,
};
rich.lb2 = (rich.lb1 ?? "")
  .replaceAll("priority 100", "priority 90")
  .replaceAll("interface eth0", "interface ens3")
  .replace("10.0.0.8", "10.0.0.9");

test("settings that no sample has: the same runs", () => {
  const imported = importTexts(rich);
  assert.deepEqual(
    imported.messages.filter((message) => message.includes("error")),
    [],
  );
  assertSame(imported);
  const startupDelays = imported.imported.agentConfigs.map(({ object }) => object.spec.startupDelay);
  assert.deepEqual(startupDelays, ["5s"]);
});

test("unicast: candidates find each other, peers that all have stay", () => {
  const conf = (own: string, other: string, priority: number) =>
    instance(`unicast_src_ip ${own}\nunicast_peer {\n${other}\n10.0.9.9\n}`, { priority });
  const imported = importTexts({ lb1: conf("10.0.0.8", "10.0.0.9", 100), lb2: conf("10.0.0.9", "10.0.0.8", 90) });
  assertSame(imported);
  const [virtualIP] = readBack(imported);
  assert.equal(virtualIP?.spec.vrrp.mode, "Unicast");
  assert.deepEqual(virtualIP?.spec.vrrp.unicastPeers, ["10.0.9.9"]);
  assert.deepEqual(
    virtualIP?.spec.nodes.overrides?.map(({ sourceAddress }) => sourceAddress),
    [{ ipv4: "10.0.0.8" }, { ipv4: "10.0.0.9" }],
  );
});

test("what unicast peers of several TTLs need is the widest range", () => {
  const conf = (other: string, priority: number) => instance(`unicast_peer {\n${other}\n}\nunicast_ttl 64`, { priority });
  const ttls = (first: string, second: string) => {
    const { unicastTTL, minimumTTL, maximumTTL } =
      readBack(importTexts({ lb1: conf(first, 100), lb2: conf(second, 90) }))[0]?.spec.vrrp ?? {};
    return [unicastTTL, minimumTTL, maximumTTL];
  };
  assert.deepEqual(ttls("10.0.0.9", "10.0.0.8"), [64, 0, undefined]);
  assert.deepEqual(ttls("10.0.0.9 min_ttl 255", "10.0.0.8 min_ttl 255"), [64, undefined, undefined]);
  assert.deepEqual(ttls("10.0.0.9 min_ttl 60 max_ttl 64", "10.0.0.8 min_ttl 50 max_ttl 63"), [64, 50, 64]);
});

test("settings of transport and acceptance: the same runs", () => {
  const lines = "no_accept\nuse_vmac\nvmac_xmit_base\nmcast_src_ip 10.0.0.8\ntrack_src_ip";
  assertSame(importTexts({ lb1: instance(lines), lb2: instance(lines.replace("0.8", "0.9"), { priority: 90 }) }));
});

test("more addresses than a VirtualIP advertises move along", () => {
  const lines = Array.from({ length: 200 }, (_, index) => `10.1.0.${index + 1}`).join("\n");
  const [virtualIP] = readBack(importTexts({ lb1: instance(`virtual_ipaddress {\n${lines}\n}`) }));
  assert.deepEqual([virtualIP?.spec.addresses.length, virtualIP?.spec.excludedAddresses?.length], [128, 72]);
});

test("an agent's settings that the nodes share are one object, others one for each", () => {
  const conf = (routerID: string) =>
    `global_defs {\nsmtp_server 10.0.0.25\nnotification_email {\na@b\n}\nnotification_email_from c@d\nrouter_id ${routerID}\n}\n`;
  const objects = (texts: Record<string, string>) =>
    importTexts(texts).imported.agentConfigs.map(({ object }) => [
      object.metadata.name,
      object.spec.nodeSelector?.matchExpressions?.[0]?.values,
      object.spec.mail?.subjectName,
    ]);
  assert.deepEqual(objects({ lb1: conf("R"), lb2: conf("R") }), [["keepalived", ["lb1", "lb2"], "R"]]);
  assert.deepEqual(objects({ lb1: conf("R1"), lb2: conf("R2"), lb3: "" }), [
    ["lb1", ["lb1"], "R1"],
    ["lb2", ["lb2"], "R2"],
  ]);
});

const specOf = ({ loaded }: ImportedNode): NodeAgentSpec => loaded.spec;

test("passwords are in Secrets alone", () => {
  const { imported, nodes } = importFixtures("dual-master-node1", "dual-master-node2");
  const secrets = imported.virtualIPs.map(({ secret }) => secret);
  assert.deepEqual(
    secrets.map((secret) => [secret?.metadata, secret?.stringData]),
    [
      [{ name: "vir-1-vrrp", namespace: "aloft-system" }, { password: "123456_p" }],
      [{ name: "vir-2-vrrp", namespace: "aloft-system" }, { password: "578f07b2" }],
    ],
  );
  const others = JSON.stringify([
    imported.virtualIPs.map(({ object }) => object),
    imported.agentConfigs.map(({ object }) => object),
    nodes.map(specOf),
  ]);
  for (const password of ["123456_p", "578f07b2"]) assert.equal(others.includes(password), false);
});
