/** Which VirtualServers are accepted, on which addresses; why the others are not. Pure. */
import { isLinkLocalIPv6Text } from "../../api/addressRules.ts";
import { canonicalAddress } from "../../api/ipAddress.ts";
import type { VirtualServerSpec } from "../../api/virtualServer.ts";
import { byName } from "../allocate/age.ts";
import { findServiceConflicts, type ServiceClaim } from "../allocate/serviceConflicts.ts";
import { configsOf } from "./agentConfigs.ts";
import type { ClusterView, RunningServers, VirtualIPView, VirtualServerView } from "./cluster.ts";
import { specifiedAddresses } from "./poolVerdicts.ts";
import { portsOf } from "./serverSummary.ts";
import type { Verdict } from "./verdicts.ts";

export type ServerRejection =
  | "InvalidSpec"
  | "VirtualIPNotFound"
  | "VirtualIPNotAccepted"
  | "NamespaceNotAllowed"
  | "AddressNotOfVirtualIP"
  | "AddressOfVirtualIP"
  | "TooManyAddresses"
  | "FamilyMismatch"
  | "NotPermitted"
  | "ServiceConflict";

export type ServerVerdict =
  /** `nodes`: who runs it, where that is not said by the candidates of a VirtualIP. */
  | { accepted: true; addresses: string[]; nodes?: string[] }
  /** `keeps`: what runs goes on. */
  | { accepted: false; reason: ServerRejection; message: string; keeps: boolean };

export interface ServerQuestion {
  cluster: ClusterView;
  /** On the VirtualIPs. */
  verdicts: ReadonlyMap<string, Verdict>;
  running: RunningServers;
}

/** What a VirtualServer may have when nobody else has it. */
interface Binding {
  addresses: string[];
  nodes?: string[];
  /** Where its addresses are: that of another segment is another one. */
  segment: string;
}

type Rejected = Extract<ServerVerdict, { accepted: false }>;

interface Facts extends ServerQuestion {
  /** By name, with their addresses without prefix length. */
  virtualIPs: ReadonlyMap<string, { view: VirtualIPView; addresses: readonly string[] }>;
  /** Names of VirtualIPs by their addresses. */
  owners: ReadonlyMap<string, string>;
  /** Namespaces of the Services that have an address of a pool: what is theirs they may serve. */
  assigned: ReadonlyMap<string, ReadonlySet<string>>;
}

/** As many as NodeAgent.spec takes of one VirtualServer. */
const mostAddresses = 64;

/** The verdict on every VirtualServer that is not being deleted, by its key. */
export function judgeServers(question: ServerQuestion): Map<string, ServerVerdict> {
  const views = (question.cluster.virtualServers ?? []).filter(({ deleting }) => !deleting);
  if (views.length === 0) return new Map();
  const facts = factsOf(question);
  const bindings = new Map(views.map((view) => [view.key, bind(view, facts)]));
  const claims = views.flatMap((view) => claimOf(view, bindings.get(view.key)));
  const conflicts = findServiceConflicts(claims);
  return new Map(
    [...bindings].map(([key, binding]): [string, ServerVerdict] => {
      if ("accepted" in binding) return [key, binding];
      const conflict = conflicts.get(key);
      if (!conflict) return [key, { accepted: true, addresses: binding.addresses, ...(binding.nodes && { nodes: binding.nodes }) }];
      const what = describeService(conflict.place, conflict.port);
      return [key, reject("ServiceConflict", `${what} of VirtualServer ${key} belongs to VirtualServer ${conflict.other}, which is older`)];
    }),
  );
}

function reject(reason: ServerRejection, message: string, keeps = false): Rejected {
  return { accepted: false, reason, message, keeps };
}

function factsOf(question: ServerQuestion): Facts {
  const virtualIPs = new Map(question.cluster.virtualIPs.map((view) => [view.name, { view, addresses: addressesOf(view) }]));
  const owners = new Map([...virtualIPs].flatMap(([name, { addresses }]) => addresses.map((address) => [address, name] as const)));
  const assignments = (question.cluster.pools ?? []).flatMap(({ status }) => status.assignments ?? []);
  const namespaceOf = (service: string) => service.slice(0, service.indexOf("/"));
  const assigned = new Map(assignments.map(({ address, services }) => [address, new Set(services.map(namespaceOf))]));
  return { ...question, virtualIPs, owners, assigned };
}

function addressesOf(view: VirtualIPView): string[] {
  return [...new Set(specifiedAddresses(view).map(({ text }) => text))];
}

function bind(view: VirtualServerView, facts: Facts): Binding | Rejected {
  const { spec, problem = "spec: is not valid" } = view;
  if (!spec) return reject("InvalidSpec", problem, true);
  const binding = spec.virtualIP === undefined ? bindNodes(view, spec, facts) : bindVirtualIP(view, spec, facts);
  return "accepted" in binding ? binding : (checkFamilies(spec, binding) ?? binding);
}

/** What is kept here goes with the virtual routers of the VirtualIP. */
function bindVirtualIP({ namespace }: VirtualServerView, spec: VirtualServerSpec, facts: Facts): Binding | Rejected {
  const { cluster, virtualIPs, verdicts, assigned } = facts;
  const { view: virtualIP, addresses: own = [] } = virtualIPs.get(spec.virtualIP ?? "") ?? {};
  if (!virtualIP) return reject("VirtualIPNotFound", `spec.virtualIP: there is no VirtualIP "${spec.virtualIP}"`, true);
  if (virtualIP.deleting) return reject("VirtualIPNotFound", `spec.virtualIP: VirtualIP "${spec.virtualIP}" is being deleted`, true);
  if (!virtualIP.spec || !verdicts.get(virtualIP.name)?.accepted) {
    return reject("VirtualIPNotAccepted", `spec.virtualIP: VirtualIP "${spec.virtualIP}" is not accepted itself`, true);
  }
  if (virtualIP.generated && !cluster.pools) {
    return reject("NamespaceNotAllowed", `who has the addresses of VirtualIP "${spec.virtualIP}" is not known now`, true);
  }
  const isOfService = spec.addresses?.every((address) => assigned.get(canonicalAddress(address))?.has(namespace)) === true;
  if (!virtualIP.spec.allowedNamespaces?.includes(namespace) && !(virtualIP.generated && isOfService)) {
    return reject(
      "NamespaceNotAllowed",
      `spec.allowedNamespaces of VirtualIP "${spec.virtualIP}" does not name the namespace "${namespace}"`,
    );
  }
  const wanted = spec.addresses?.map(canonicalAddress) ?? own.filter((address) => !isLinkLocalIPv6Text(address));
  const foreign = wanted.find((address) => !own.includes(address));
  if (foreign !== undefined) return reject("AddressNotOfVirtualIP", `spec.addresses: VirtualIP "${spec.virtualIP}" has no ${foreign}`);
  if (wanted.length > mostAddresses) {
    const message = `VirtualIP "${spec.virtualIP}" has ${wanted.length} addresses: name at most ${mostAddresses} of them in spec.addresses`;
    return reject("TooManyAddresses", message);
  }
  return { addresses: wanted, segment: virtualIP.segment };
}

function bindNodes(
  { key, namespace }: VirtualServerView,
  spec: VirtualServerSpec,
  { cluster, running, owners }: Facts,
): Binding | Rejected {
  const addresses = (spec.addresses ?? []).map(canonicalAddress);
  const owned = addresses.find((address) => owners.has(address));
  if (owned !== undefined) {
    return reject(
      "AddressOfVirtualIP",
      `spec.addresses: ${owned} belongs to VirtualIP "${owners.get(owned)}", which spec.virtualIP must name`,
    );
  }
  const segment = "";
  const { configs } = cluster;
  // What was permitted before they could not be read stays so.
  if (!configs) return { addresses, segment, nodes: [...(running.get(key)?.keys() ?? [])].sort() };
  const permission = spec.firewallMark === undefined ? "allowAddresses" : "allowFirewallMarks";
  const isPermitting = ({ virtualServers: allowed }: { virtualServers?: { namespaces?: string[] } & Record<typeof permission, boolean> }) =>
    allowed?.[permission] === true && allowed.namespaces?.includes(namespace) === true;
  const nodes = cluster.nodes.filter((node) => !node.deleting && configsOf(node, configs).some((config) => isPermitting(config.spec)));
  if (nodes.length > 0) return { addresses, segment, nodes: nodes.sort(byName).map(({ name }) => name) };
  const message = `no node has an AgentConfig with virtualServers.${permission} for the namespace "${namespace}": name a VirtualIP in spec.virtualIP`;
  return reject("NotPermitted", message);
}

/** Listed servers that no address could reach. */
function checkFamilies(spec: VirtualServerSpec, { addresses }: Binding): Rejected | undefined {
  if (addresses.length === 0) return undefined;
  const isIPv6 = (text: string) => text.includes(":");
  const families = new Set(addresses.map(isIPv6));
  const { realServers = [], forwarding, virtualIP } = spec;
  const index = realServers.findIndex((server) => (server.forwarding ?? forwarding) !== "TUN" && !families.has(isIPv6(server.address)));
  const odd = realServers[index];
  if (!odd) return undefined;
  const family = isIPv6(odd.address) ? "IPv6" : "IPv4";
  const where = virtualIP === undefined ? "spec.addresses" : `VirtualIP "${virtualIP}"`;
  return reject("FamilyMismatch", `spec.realServers[${index}].address: ${odd.address} is ${family}, and ${where} has no such address`);
}

function claimOf({ key, createdAt, spec }: VirtualServerView, binding: Binding | Rejected | undefined): ServiceClaim[] {
  if (!spec || !binding || "accepted" in binding) return [];
  const claim = { name: key, createdAt, ports: portsOf(spec) };
  const { firewallMark, firewallMarkFamilies = ["IPv4"], protocol } = spec;
  if (firewallMark !== undefined) return [{ ...claim, places: firewallMarkFamilies.map((family) => `${family} mark ${firewallMark}`) }];
  return [{ ...claim, places: binding.addresses.map((address) => `${protocol} ${address} ${binding.segment}`) }];
}

/** "TCP 192.0.2.10:80", "IPv4 mark 7". */
function describeService(place: string, port: number): string {
  const [protocol = "", address = "", rest = ""] = place.split(" ");
  if (address === "mark") return `${protocol} mark ${rest}`;
  return `${protocol} ${address.includes(":") ? `[${address}]` : address}:${port === 0 ? "*" : port}`;
}
