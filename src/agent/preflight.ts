/** What keeps this node from doing what it is asked, each in one sentence. Pure. */
import type { NodeAgentSpec } from "../api/nodeAgent.ts";
import { isQuietLink } from "../plan/realServer.ts";
import type { Capability } from "./capabilities.ts";
import type { DesiredRouter } from "./native/desiredState.ts";
import type { LinkSnapshot, Snapshot } from "./native/snapshot.ts";

export interface PreflightFacts {
  missingCapabilities: Capability[];
  links: LinkSnapshot[];
  gate: Snapshot["gate"];
  /** Whether an interface can multicast; undefined when that cannot be told. */
  multicast(link: LinkSnapshot): boolean | undefined;
  /** Whether the agent sees the processes of the node, and not only those of its own container. */
  seesNodeProcesses: boolean;
  /** A value of net.ipv4.conf.NAME; undefined when it cannot be read. */
  ipv4Setting(device: string, name: string): number | undefined;
}

/** Why a capability is needed, and so what does not work without it. The rest belongs to the conditions RealTime and DeadManSwitch. */
const capabilityNeeds: { [Name in Capability]?: { consequence: string; isNeeded(spec: NodeAgentSpec): boolean } } = {
  CAP_NET_ADMIN: { consequence: "it cannot add or remove addresses", isNeeded: () => true },
  CAP_NET_RAW: { consequence: "it cannot send or receive adverts", isNeeded: () => true },
  CAP_SETUID: { consequence: "it cannot run programs as another user", isNeeded: runsPrograms },
  CAP_SETGID: { consequence: "it cannot run programs as another group", isNeeded: runsPrograms },
};

function runsPrograms({ virtualRouters, groups = [], checks = [] }: NodeAgentSpec): boolean {
  const notifies = [...virtualRouters, ...groups].some(({ notify }) => (notify?.programs ?? []).length > 0);
  return notifies || checks.some(({ exec }) => exec);
}

/** What is wrong with the process, for a specification. */
export function processProblems(facts: PreflightFacts, spec: NodeAgentSpec = { virtualRouters: [] }): string[] {
  const lacks = facts.missingCapabilities.flatMap((name) => {
    const need = capabilityNeeds[name];
    return need?.isNeeded(spec) ? `The agent lacks ${name}: ${need.consequence}.` : [];
  });
  const checksProcesses = spec.checks?.some(({ process }) => process) === true;
  if (!checksProcesses || facts.seesNodeProcesses) return lacks;
  return [...lacks, "The agent sees the processes of its own container only: checks of processes need hostPID."];
}

/** What is wrong on the node for one virtual router; undefined when nothing is. */
export function routerProblem(router: DesiredRouter, facts: PreflightFacts): string | undefined {
  const link = facts.links.find(({ name }) => name === router.interface);
  if (!link) return `Interface ${router.interface} does not exist on this node.`;
  if (!link.up) return `Interface ${link.name} is down.`;
  const isUnicast = (router.unicastPeers ?? []).length > 0;
  if (!isUnicast && facts.multicast(link) === false) return `Interface ${link.name} does not multicast.`;
  return (
    sourceProblem(router, link) ?? staticAddressProblem(router, facts) ?? virtualMACProblem(router, facts) ?? acceptProblem(router, facts)
  );
}

/** Only the gate refuses packets. The address owner (priority 255) takes them in any case. */
function acceptProblem({ accept = true, priority }: DesiredRouter, { gate }: PreflightFacts): string | undefined {
  if (accept || priority === 255 || gate.active) return undefined;
  return `Packets to the addresses are accepted although accept is false, for the kernel has no gate: ${gate.message}.`;
}

function sourceProblem({ family, sourceAddress }: DesiredRouter, { name, addresses }: LinkSnapshot): string | undefined {
  if (sourceAddress !== undefined) {
    const isThere = addresses.some((address) => host(address) === sourceAddress);
    return isThere ? undefined : `Interface ${name} does not have ${sourceAddress}, the source address of the adverts.`;
  }
  const canSend = (address: string) => (family === "IPv4" ? !address.includes(":") : /^fe[89ab][0-9a-f]:/i.test(address));
  if (addresses.some(canSend)) return undefined;
  return `Interface ${name} has no ${family === "IPv4" ? "IPv4 address" : "IPv6 link-local address"} to send adverts from.`;
}

const host = (address: string) => address.slice(0, address.indexOf("/"));

/** An address that stands whatever the election says is answered for by two nodes. The address owner (priority 255) has it by right. */
function staticAddressProblem(router: DesiredRouter, facts: PreflightFacts): string | undefined {
  if (router.priority === 255) return undefined;
  const links = facts.links.filter((link) => !isQuietLink(link) || !isQuiet(router, facts));
  const wanted = new Set(router.addresses.map(({ address }) => host(address)));
  for (const link of links) {
    const standing = link.addresses.find((address) => wanted.has(host(address)));
    if (standing) return `${host(standing)} is configured statically on ${link.name}, so that this node answers for it in every state.`;
  }
  return undefined;
}

/** Whether nobody hears of addresses on the loopback interface and on tunnels, where those of a real server stand. */
function isQuiet({ family, interface: name }: DesiredRouter, { ipv4Setting }: PreflightFacts): boolean {
  return family === "IPv6" || Math.max(ipv4Setting("all", "arp_ignore") ?? 0, ipv4Setting(name, "arp_ignore") ?? 0) > 0;
}

/** The kernel's strict reverse path filter: what comes in by a macvlan has its way back by the interface below it, and is dropped. */
const strictFilter = 1;

function virtualMACProblem({ virtualMACInterface: name, family }: DesiredRouter, facts: PreflightFacts): string | undefined {
  if (name === undefined) return undefined;
  if (!facts.links.some((link) => link.name === name)) return `The macvlan ${name} could not be made: perhaps the kernel has no macvlan.`;
  if (family === "IPv6") return undefined;
  // The greater one counts: ip-sysctl.rst.
  const filter = Math.max(facts.ipv4Setting("all", "rp_filter") ?? 0, facts.ipv4Setting(name, "rp_filter") ?? 0);
  if (filter !== strictFilter) return undefined;
  return `The reverse path filter drops what is sent to ${name}: set net.ipv4.conf.all.rp_filter to 0 or 2.`;
}
