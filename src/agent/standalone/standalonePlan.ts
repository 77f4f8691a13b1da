/** Objects of a file → what this one node runs. Pure. What the operator would choose among nodes, the file has to say. */
import type { NodeAgentSpec } from "../../api/nodeAgent.ts";
import { readSubnets } from "../../api/subnets.ts";
import { type InterfaceChoice, searchInterfaces } from "../../plan/interfaces.ts";
import { mergeNodePlans, type NamedConfig } from "../../plan/nodeAgentSpec.ts";
import { holdPreemption } from "../../plan/nodeIpvs.ts";
import { checkName, type NodePlan, planVirtualRouters } from "../../plan/virtualRouters.ts";
import type { SecretRef } from "../credentials/secrets.ts";
import type { LinkSnapshot } from "../native/snapshot.ts";
import { reportedInterfaces } from "../status/status.ts";
import type { ResolvedVirtualServer } from "../virtualServers/resolvedVirtualServer.ts";
import type { FileProblem, Placed, StandaloneObjects } from "./standaloneFile.ts";
import { nameServer, planServers, planServing } from "./standaloneServers.ts";

export interface StandaloneNode {
  /** Selects spec.nodes.overrides. */
  name: string;
  links: LinkSnapshot[];
}

export interface StandalonePlan {
  spec: NodeAgentSpec;
  /** Those that the spec names. */
  virtualServers: ResolvedVirtualServer[];
  secrets: (SecretRef & { value: string })[];
  /** A problem of an entry, by its place in the spec, as a problem of the file. */
  problemOf(path: string, message: string): FileProblem;
}

export type StandaloneResult = { ok: true; plan: StandalonePlan } | { ok: false; problems: FileProblem[] };

/** The priority of a node for which the file gives none: that of keepalived. */
const defaultPriority = 100;

type PlacedVirtualIP = StandaloneObjects["VirtualIP"][number];

/** All of it, or what is wrong and where. */
export function planStandalone(objects: StandaloneObjects, node: StandaloneNode): StandaloneResult {
  const results = objects.VirtualIP.map((placed) => planVirtualIP(placed, node));
  const { servers, problems: serverProblems } = planServers(objects);
  const routerProblems = results.flatMap((result) => ("message" in result ? [result] : []));
  const problems = [...routerProblems, ...serverProblems, ...objects.AgentConfig.flatMap(configProblem)];
  if (problems.length > 0) return { ok: false, problems };
  const plans = results.flatMap((result) => ("message" in result ? [] : result));
  const configs = objects.AgentConfig.map(({ object }) => ({ name: object.metadata.name, spec: object.spec }));
  const spec = serve(mergeNodePlans(plans, configs), servers, configs);
  const secrets = objects.Secret.flatMap(valuesOf);
  return { ok: true, plan: { spec, virtualServers: servers, secrets, problemOf: problemFinder(objects, spec) } };
}

/** The spec with its VirtualServers, and with what follows from them. */
function serve(spec: NodeAgentSpec, servers: readonly ResolvedVirtualServer[], configs: readonly NamedConfig[]): NodeAgentSpec {
  if (servers.length === 0) return spec;
  const ipvs = planServing(servers, configs, spec.virtualRouters);
  const serving = new Set(servers.map(({ virtualIP }) => virtualIP));
  const virtualRouters = spec.virtualRouters.map((router) => (serving.has(router.virtualIP) ? holdPreemption(router, ipvs) : router));
  return { ...spec, virtualRouters, virtualServers: servers.map(nameServer), ipvs };
}

function planVirtualIP(placed: PlacedVirtualIP, node: StandaloneNode): NodePlan | FileProblem {
  const { metadata, spec } = placed.object;
  const { virtualRouterID, mode } = spec.vrrp;
  if (virtualRouterID === undefined) {
    return placed.problem(["spec", "vrrp", "virtualRouterID"], "expected a VRID (1 to 255): without an operator nobody chooses one");
  }
  const interfaces = chooseInterfaces(placed, node);
  if (!interfaces) {
    return placed.problem(["spec", "interface"], "expected an interface: none of this node has a subnet that holds the addresses");
  }
  const priority = spec.nodes.overrides?.find(({ name }) => name === node.name)?.priority ?? defaultPriority;
  // Whether another node lives is known to nobody here; that there is one is what VRRP is for.
  const candidate = { node: node.name, priority, interfaces, virtualRouterID, liveOthers: true };
  const plan = planVirtualRouters(metadata.name, spec, candidate);
  const lonely = mode === "Unicast" && plan.virtualRouters.find(({ unicastPeers = [] }) => unicastPeers.length === 0);
  if (!lonely) return plan;
  const whom = `the ${lonely.family} addresses of the other nodes`;
  return placed.problem(["spec", "vrrp", "unicastPeers"], `expected ${whom}: without an operator nobody knows them`);
}

/** The interface of each family; undefined when there is none at all. */
function chooseInterfaces({ object: { spec } }: PlacedVirtualIP, { name, links }: StandaloneNode): InterfaceChoice | undefined {
  const { interfaces, missing } = searchInterfaces(spec, name, readSubnets(reportedInterfaces(links)));
  // A node with link-local IPv6 addresses alone still has one LAN: that of its IPv4 address.
  const [fallback] = Object.values(interfaces);
  if (fallback === undefined) return undefined;
  return { ...interfaces, ...Object.fromEntries(missing.map(([family]) => [family, fallback])) };
}

function configProblem({ object, problem }: StandaloneObjects["AgentConfig"][number]): FileProblem[] {
  const { nodeSelector, ipvs } = object.spec;
  const labels = "a node without Kubernetes has no labels: leave the selector out";
  const number = "expected a number (1 to 255), the same on all directors: without an operator nobody chooses one";
  return [
    ...(nodeSelector ? [problem(["spec", "nodeSelector"], labels)] : []),
    ...(ipvs?.sync && ipvs.sync.id === undefined ? [problem(["spec", "ipvs", "sync", "id"], number)] : []),
  ];
}

/** As the API server takes them: stringData wins. */
function valuesOf({ object }: StandaloneObjects["Secret"][number]): StandalonePlan["secrets"] {
  const { metadata, data = {}, stringData = {} } = object;
  const decoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()] as const);
  return [...decoded, ...Object.entries(stringData)].map(([key, value]) => ({ name: metadata.name, key, value }));
}

/** A place in a document. */
type Place = [document: Placed<unknown>, path: PropertyKey[]];

function problemFinder({ VirtualIP, VirtualServer, AgentConfig }: StandaloneObjects, spec: NodeAgentSpec): StandalonePlan["problemOf"] {
  const virtualIPs = new Map(VirtualIP.map((placed) => [placed.object.metadata.name, placed]));
  /** The document that an entry of a list came from, and where in it. */
  const finders: Record<string, (index: number, rest: string) => Place | undefined> = {
    virtualRouters: (index, rest) => {
      const document = virtualIPs.get(spec.virtualRouters[index]?.virtualIP ?? "");
      const program = /^\.notify\.programs\[(\d+)\]/.exec(rest)?.[1];
      return document && [document, program === undefined ? ["spec"] : ["spec", "notify", "programs", Number(program)]];
    },
    // All of the file, in its order.
    virtualServers: (index, rest) => {
      const document = VirtualServer[index];
      return document && [document, ["spec", ...stepsOf(rest)]];
    },
    ipvs: () => configWith("ipvs"),
    checks: (index) => placeOfCheck(VirtualIP, spec.checks?.[index]?.name),
    static: () => configWith("static"),
    notify: () => configWith("mail"),
    interfaces: () => configWith("interfaces"),
    announcementPacing: () => configWith("announcementPacing"),
  };
  const configWith = (field: "static" | "mail" | "interfaces" | "announcementPacing" | "ipvs"): Place | undefined => {
    const document = AgentConfig.find(({ object }) => object.spec[field] !== undefined);
    return document && [document, ["spec", field]];
  };
  return (path, message) => {
    const [, list = "", index, rest = ""] = /^(\w+)[.\w]*\[(\d+)\](.*)$/.exec(path) ?? [];
    const [document, place] = finders[list]?.(Number(index), rest) ?? [];
    return document && place ? document.problem(place, message) : { line: 1, column: 1, message };
  };
}

/** ".realServers[2].notify.up" as a path. */
function stepsOf(text: string): PropertyKey[] {
  return [...text.matchAll(/\.(\w+)|\[(\d+)\]/g)].map(([, name, index]) => name ?? Number(index));
}

/** Under spec.track, or else somewhere among the overrides. */
function placeOfCheck(virtualIPs: readonly PlacedVirtualIP[], check: string | undefined): Place | undefined {
  for (const document of virtualIPs) {
    const { metadata, spec } = document.object;
    const isMeant = ({ name }: { name: string }) => checkName(metadata.name, name) === check;
    const index = (spec.track ?? []).findIndex(isMeant);
    if (index >= 0) return [document, ["spec", "track", index]];
    if (spec.nodes.overrides?.some(({ track = [] }) => track.some(isMeant))) return [document, ["spec", "nodes", "overrides"]];
  }
  return undefined;
}
