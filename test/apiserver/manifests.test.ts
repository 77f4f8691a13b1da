/** What a user gets from crds/ and deploy/ in a real kube-apiserver: columns, names, selectors, examples, rights. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { apiVersion } from "../../src/api/group.ts";
import { type ControlPlane, startControlPlane } from "../support/controlPlane.ts";

const root = join(import.meta.dirname, "../..");
let plane: ControlPlane;

before(async () => {
  const users = [
    { name: "operator", groups: ["aloft:operators"] },
    { name: "agent", groups: ["aloft:agents"] },
  ];
  plane = await startControlPlane({ users });
  await plane.kubectl(["apply", "-f", join(root, "crds"), "-f", join(root, "deploy/rbac.yaml")]);
  await plane.kubectl(["wait", "--for=condition=Established", "--timeout=30s", "-f", join(root, "crds")]);
});
after(() => plane?.stop());

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

async function writeStatus(object: { kind: string; metadata: { name: string }; status: object }): Promise<void> {
  const patch = JSON.stringify({ status: object.status });
  await plane.kubectl(["patch", object.kind, object.metadata.name, "--subresource=status", "--type=merge", "-p", patch]);
}

/** The table that kubectl prints, as cells. */
async function table(args: string[]): Promise<string[][]> {
  const lines = (await plane.kubectl(["get", ...args])).trimEnd().split("\n");
  return lines.map((line) => line.split(/\s{2,}/).map((cell) => cell.trim()));
}

const examples = readdirSync(join(root, "deploy/examples"));

for (const name of examples) {
  test(`the example ${name} is taken, every field of it`, async () => {
    await plane.kubectl(["apply", "--validate=strict", "-f", join(root, "deploy/examples", name)]);
  });
}

test("what README.md shows is taken, every field of it", async () => {
  const shown = readFileSync(join(root, "README.md"), "utf8").matchAll(/^```yaml\n(.*?)^```$/gms);
  const input = [...shown].map(([, text]) => `---\n${text}`).join("");
  assert.match(input, /kind: VirtualIP.*kind: VirtualServer/s);
  await plane.kubectl(["apply", "--validate=strict", "--dry-run=server", "-f", "-"], { input });
});

test("kubectl get vip, and -o wide", async () => {
  await plane.kubectl(["apply", "-f", join(root, "deploy/examples/virtualip.yaml")]);
  await writeStatus({
    kind: "vip",
    metadata: { name: "gateway" },
    status: {
      activeNode: "n1",
      virtualRouterID: 7,
      conditions: [{ type: "Ready", status: "True", reason: "Active", message: "", lastTransitionTime: minutesAgo(9) }],
      summary: {
        addresses: "198.51.100.200,2001:db8:100::200",
        state: "Active",
        interface: "eth0",
        priority: 254,
        backups: "n2,n3",
        lastFailover: minutesAgo(5),
        reason: "AdvertTimeout",
      },
    },
  });
  const [headers, cells] = await table(["vip", "gateway"]);
  assert.deepEqual(headers, ["NAME", "ADDRESSES", "NODE", "STATE", "READY", "AGE"]);
  assert.deepEqual(cells?.slice(0, 5), ["gateway", "198.51.100.200,2001:db8:100::200", "n1", "Active", "True"]);
  const wide = await table(["vip", "gateway", "-o", "wide"]);
  assert.deepEqual(wide[0]?.slice(5), ["INTERFACE", "VRID", "PRIORITY", "BACKUPS", "LAST-FAILOVER", "REASON", "AGE"]);
  assert.deepEqual(wide[1]?.slice(5, 11), ["eth0", "7", "254", "n2,n3", "5m", "AdvertTimeout"]);
});

test("kubectl get vs, and -o wide", async () => {
  await plane.kubectl(["apply", "-f", join(root, "deploy/examples/virtualserver.yaml")]);
  await writeStatus({
    kind: "vs",
    metadata: { name: "shop" },
    status: {
      activeNode: "n1",
      conditions: [{ type: "Ready", status: "True", reason: "Serving", message: "", lastTransitionTime: minutesAgo(9) }],
      summary: { addresses: "198.51.100.240", ports: "TCP/80,443", servers: "2/3" },
    },
  });
  const [headers, cells] = await table(["vs", "shop"]);
  assert.deepEqual(headers, ["NAME", "ADDRESSES", "PORTS", "SCHEDULER", "FORWARDING", "SERVERS", "READY", "AGE"]);
  assert.deepEqual(cells?.slice(0, 7), ["shop", "198.51.100.240", "TCP/80,443", "mh", "NAT", "2/3", "True"]);
  const wide = await table(["vs", "shop", "-o", "wide"]);
  assert.deepEqual(wide[0]?.slice(7), ["VIRTUALIP", "NODE", "AGE"]);
  assert.deepEqual(wide[1]?.slice(7, 9), ["shop", "n1"]);
  assert.equal(
    await plane.kubectl(["get", "vs", "--field-selector=status.activeNode=n1,spec.virtualIP=shop", "-o", "name"]),
    "virtualserver.aloft.dev/shop\n",
  );
});

test("kubectl get na", async () => {
  await plane.kubectl(["apply", "-f", "-"], { input: JSON.stringify({ apiVersion, kind: "NodeAgent", metadata: { name: "n1" } }) });
  const status = { state: "Running", masters: 1, backups: 2, version: "0.1.0", lastReportTime: minutesAgo(3) };
  await writeStatus({ kind: "na", metadata: { name: "n1" }, status });
  const [headers, cells] = await table(["na"]);
  assert.deepEqual(headers, ["NAME", "STATE", "MASTER", "BACKUP", "VERSION", "REPORTED", "AGE"]);
  assert.deepEqual(cells?.slice(0, 6), ["n1", "Running", "1", "2", "0.1.0", "3m"]);
});

test("VirtualIPs are selectable by their node, and all kinds by their category", async () => {
  assert.equal(await plane.kubectl(["get", "vip", "--field-selector=status.activeNode=n1", "-o", "name"]), "virtualip.aloft.dev/gateway\n");
  assert.equal(await plane.kubectl(["get", "vip", "--field-selector=status.activeNode=n2", "-o", "name"]), "");
  assert.match(await plane.kubectl(["get", "aloft", "-o", "name"]), /nodeagent\.aloft\.dev\/n1/);
});

interface Access {
  verb: string;
  group: string;
  resource: string;
  subresource?: string;
  namespace?: string;
  name?: string;
}

const aloft = (verb: string, resource: string, subresource?: string): Access => ({ verb, group: "aloft.dev", resource, subresource });
const lease = (verb: string, namespace: string, name?: string): Access => ({
  verb,
  group: "coordination.k8s.io",
  resource: "leases",
  namespace,
  name,
});

const rights: [user: string, may: boolean, access: Access][] = [
  ["operator", true, aloft("watch", "virtualips")],
  ["operator", true, aloft("patch", "virtualips", "status")],
  ["operator", true, aloft("create", "nodeagents")],
  ["operator", true, aloft("watch", "agentconfigs")],
  ["operator", true, aloft("patch", "agentconfigs", "status")],
  ["operator", false, aloft("patch", "agentconfigs")],
  ["operator", true, { ...aloft("watch", "virtualservers"), namespace: "web" }],
  ["operator", true, { ...aloft("patch", "virtualservers", "status"), namespace: "web" }],
  ["operator", true, { ...aloft("create", "virtualservers"), namespace: "web" }],
  ["operator", false, { ...aloft("update", "virtualservers"), namespace: "web" }],
  ["operator", true, aloft("patch", "addresspools", "status")],
  ["operator", false, aloft("delete", "addresspools")],
  ["operator", true, { verb: "patch", group: "", resource: "services", subresource: "status", namespace: "web" }],
  ["operator", true, { verb: "watch", group: "discovery.k8s.io", resource: "endpointslices" }],
  ["operator", false, { verb: "delete", group: "", resource: "services", namespace: "web" }],
  ["operator", true, { verb: "create", group: "", resource: "events", namespace: "web" }],
  ["operator", true, { verb: "watch", group: "", resource: "nodes" }],
  ["operator", true, { verb: "create", group: "", resource: "events", namespace: "default" }],
  ["operator", true, lease("create", "aloft-system")],
  ["operator", true, lease("update", "aloft-system", "aloft-operator")],
  ["operator", false, lease("update", "aloft-system", "somebodys")],
  ["operator", false, lease("update", "kube-system", "aloft-operator")],
  ["operator", false, aloft("patch", "nodeagents", "status")],
  ["operator", true, aloft("create", "virtualips")],
  ["operator", false, { verb: "list", group: "", resource: "secrets" }],
  ["operator", false, { verb: "get", group: "", resource: "secrets", namespace: "aloft-system" }],
  ["agent", true, aloft("watch", "nodeagents")],
  ["agent", true, aloft("patch", "nodeagents", "status")],
  ["agent", false, aloft("patch", "nodeagents")],
  ["agent", false, aloft("get", "virtualips")],
  ["agent", true, aloft("watch", "virtualservers")],
  ["agent", false, aloft("patch", "virtualservers", "status")],
  ["agent", true, { verb: "watch", group: "discovery.k8s.io", resource: "endpointslices" }],
  ["agent", true, { verb: "watch", group: "", resource: "services" }],
  ["agent", true, { verb: "list", group: "", resource: "nodes" }],
  ["agent", false, { verb: "patch", group: "", resource: "nodes" }],
  ["agent", true, { verb: "watch", group: "", resource: "pods" }],
  ["agent", true, { verb: "get", group: "", resource: "secrets", namespace: "aloft-system" }],
  ["agent", false, { verb: "get", group: "", resource: "secrets", namespace: "kube-system" }],
  ["agent", false, { verb: "create", group: "", resource: "secrets", namespace: "aloft-system" }],
];

for (const [user, may, access] of rights) {
  test(`the ${user} ${may ? "may" : "may not"} ${Object.values(access).filter(Boolean).join(" ")}`, async () => {
    const input = JSON.stringify({
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes: access },
    });
    const allowed = await plane.kubectl(["create", "--validate=false", "-f", "-", "-o", "jsonpath={.status.allowed}"], { user, input });
    assert.equal(allowed, String(may));
  });
}
