/** keepalived.conf of one or several nodes → VirtualIPs, VirtualServers, AgentConfigs and Secrets for a cluster. Pure: it never looks at a machine. */
import { agentConfigSchema } from "../../api/agentConfig.ts";
import { virtualIPSchema } from "../../api/virtualIP.ts";
import { virtualServerSchema } from "../../api/virtualServer.ts";
import { type Diagnostic, Diagnostics, type Position, quote } from "../diagnostic.ts";
import { dnsLabel, UniqueNames } from "../plan/names.ts";
import { type ImportedAgentConfig, makeAgentConfigs } from "./agentConfigs.ts";
import { compareMembers } from "./comparison.ts";
import { type Cluster, findClusters, type ImportedNode, leaderOf } from "./members.ts";
import { type ImportedVirtualIP, type KubernetesObject, makeVirtualIP, notifyOfGroup } from "./virtualIPs.ts";
import { type ImportedVirtualServer, makeVirtualServers } from "./virtualServers.ts";

export interface ImportOptions {
  /** Namespace of the agents, where they look for Secrets. */
  namespace: string;
}

export interface KeepalivedImport {
  virtualIPs: ImportedVirtualIP[];
  virtualServers: ImportedVirtualServer[];
  agentConfigs: ImportedAgentConfig[];
  /** Of the comparison; those of each file are in its own list. */
  diagnostics: Diagnostic[];
  hasErrors: boolean;
}

/** `nodes` without an error. */
export function importKeepalived(nodes: readonly ImportedNode[], { namespace }: ImportOptions): KeepalivedImport {
  const diagnostics = new Diagnostics();
  const clusters = findClusters(nodes);
  for (const cluster of clusters) compareMembers(cluster, diagnostics);
  const options = { names: new UniqueNames(), secretNames: new UniqueNames(), groups: nameGroups(clusters), namespace };
  const virtualIPs = clusters.map((cluster) =>
    makeVirtualIP(cluster, { ...options, segment: segmentOf(cluster, clusters), groupNotify: groupNotify(cluster, clusters, diagnostics) }),
  );
  const virtualServers = makeVirtualServers({ nodes, virtualIPs, namespace, diagnostics });
  const agentConfigs = makeAgentConfigs(nodes, namespace);
  reportPrograms(nodes, diagnostics);
  reportFiles(nodes, diagnostics);
  reportCertificates(nodes, namespace, diagnostics);
  if (!diagnostics.hasErrors) reportSchemaIssues({ virtualIPs, virtualServers, agentConfigs }, diagnostics);
  return { virtualIPs, virtualServers, agentConfigs, diagnostics: diagnostics.all, hasErrors: diagnostics.hasErrors };
}

/** In the order in which they are best applied. */
export function importedObjects({ virtualIPs, virtualServers, agentConfigs }: KeepalivedImport): KubernetesObject[] {
  return [
    ...virtualIPs.flatMap(({ secret }) => secret ?? []),
    ...agentConfigs.map(({ object }) => object),
    ...virtualIPs.map(({ object }) => object),
    ...virtualServers.map(({ object }) => object),
  ];
}

function nameGroups(clusters: readonly Cluster[]): Map<string, string> {
  const names = new UniqueNames();
  const groups = new Set(clusters.flatMap((cluster) => leaderOf(cluster).router.group ?? []));
  return new Map([...groups].map((group) => [group, names.take(dnsLabel(group, "group"))]));
}

/** keepalived tells virtual routers of one VRID apart by their interfaces, Aloft by the segment. */
function segmentOf(cluster: Cluster, clusters: readonly Cluster[]): string | undefined {
  const { router } = leaderOf(cluster);
  const rival = clusters.some((other) => {
    const { family, virtualRouterID } = other[0].router;
    return other !== cluster && family === router.family && virtualRouterID === router.virtualRouterID;
  });
  return rival ? dnsLabel(router.interface, "default") : undefined;
}

/** A sync group has no object of its own: the first of its VirtualIPs tells of it. */
function groupNotify(cluster: Cluster, clusters: readonly Cluster[], diagnostics: Diagnostics) {
  const leader = leaderOf(cluster);
  const group = notifyOfGroup(leader);
  const first = clusters.find((other) => leaderOf(other).router.group === leader.router.group);
  if (!group || first !== cluster) return undefined;
  const generic = group.notify.programs?.some(({ appendState }) => appendState);
  if (generic || group.notify.mail) {
    const index = leader.node.loaded.spec.groups?.indexOf(group) ?? 0;
    const at = leader.node.loaded.places().get(`groups[${index}]`) ?? leader.place();
    const what = `what tells of vrrp_sync_group ${quote(group.name)} tells of ${quote(leader.router.virtualIP)} instead`;
    diagnostics.warning("difference", at, `${what}: INSTANCE and its name, not GROUP`);
  }
  return group.notify;
}

const isProgram = /\.exec$|\.notify\.(programs\[|up$|down$|quorumUp$|quorumDown$)/;

/** Programs of a cluster's objects run only where the node's owner allows it. */
function reportPrograms(nodes: readonly ImportedNode[], diagnostics: Diagnostics): void {
  for (const { loaded } of nodes) {
    const places = [...loaded.places()].filter(([path]) => isProgram.test(path));
    const [first] = places.map(([, position]) => position).sort((a, b) => a.line - b.line);
    if (first)
      diagnostics.warning(
        "programs",
        first,
        "programs run only in directories that the agent allows (--allow-scripts DIR), by one user that it chooses",
      );
  }
}

/** An object of a cluster has no file made on a node. */
function reportFiles(nodes: readonly ImportedNode[], diagnostics: Diagnostics): void {
  for (const { loaded } of nodes)
    for (const [path, position] of loaded.places())
      if (path.endsWith(".file.create"))
        diagnostics.warning("programs", position, "the agents of a cluster make no file: make it yourself");
}

/** What SSL_GET presents is in files of the nodes, which are not looked at. */
function reportCertificates(nodes: readonly ImportedNode[], namespace: string, diagnostics: Diagnostics): void {
  for (const { loaded } of nodes) {
    const at = loaded.config.last("SSL")?.position;
    const { name, certificate, key, passphrase } = loaded.tlsFiles ?? {};
    const files = Object.entries({ "tls.crt": certificate, "tls.key": key }).flatMap(([field, file]) =>
      file === undefined ? [] : `${field}: ${file}`,
    );
    const decrypted = passphrase === undefined ? "" : ", the key without its password";
    if (at && name !== undefined)
      diagnostics.warning(
        "programs",
        at,
        `make a Secret ${name} in ${namespace} with ${files.join(" and ") || "nothing in it"}${decrypted}`,
      );
  }
}

/** What keepalived allows and the objects do not. */
function reportSchemaIssues(
  { virtualIPs, virtualServers, agentConfigs }: Pick<KeepalivedImport, "virtualIPs" | "virtualServers" | "agentConfigs">,
  diagnostics: Diagnostics,
): void {
  const report = (issues: readonly { path: PropertyKey[]; message: string }[] = [], kind: string, at: Position) => {
    for (const { path, message } of issues) diagnostics.error("value", at, `${kind} ${path.join(".")}: ${message}`);
  };
  for (const { object, cluster } of virtualIPs)
    report(virtualIPSchema.safeParse(object).error?.issues, "VirtualIP", leaderOf(cluster).place());
  for (const { object, members } of virtualServers)
    report(virtualServerSchema.safeParse(object).error?.issues, "VirtualServer", members[0].at);
  for (const { object, nodes } of agentConfigs) {
    const at = nodes[0]?.loaded.config.position;
    if (at) report(agentConfigSchema.safeParse(object).error?.issues, "AgentConfig", at);
  }
}
