/** VirtualIPs of a file → what this one node runs. Pure. What the operator would choose among nodes, the file has to say. */
import { defaultInterval } from "../api/interval.ts";
import { type Family, families, type IpPrefix, parsePrefix } from "../api/ipAddress.ts";
import type { VirtualRouterSpec } from "../api/nodeAgent.ts";
import { findInterface, readSubnets } from "../api/subnets.ts";
import { planDesired } from "./desired.ts";
import type { LinkSnapshot } from "./native.ts";
import type { FileProblem, PlacedVirtualIP } from "./standaloneFile.ts";
import { reportedInterfaces } from "./status.ts";

export interface StandaloneNode {
  /** Selects spec.nodes.overrides. */
  name: string;
  links: LinkSnapshot[];
}

export type StandalonePlan = { ok: true; spec: { virtualRouters: VirtualRouterSpec[] } } | { ok: false; problems: FileProblem[] };

/** The priority of a node for which the file gives none: that of keepalived. */
const defaultPriority = 100;

interface PlannedRouter {
  placed: PlacedVirtualIP;
  router: VirtualRouterSpec;
}

/** All of it, or what is wrong and where. */
export function planStandalone(virtualIPs: PlacedVirtualIP[], node: StandaloneNode): StandalonePlan {
  const results = virtualIPs.map((placed) => planVirtualIP(placed, node));
  const problems = results.flatMap((result) => ("message" in result ? [result] : []));
  if (problems.length > 0) return { ok: false, problems };
  const planned = results.flatMap((result) => ("message" in result ? [] : result));
  const spec = { virtualRouters: planned.map(({ router }) => router) };
  // The core's rules, and clashes between the documents; what a cluster reports and goes on without, a file must not contain.
  const refused = planDesired(spec, { realTime: true }).rejected.flatMap(
    ({ index, message }) => planned[index]?.placed.problem(["spec"], message) ?? [],
  );
  return refused.length > 0 ? { ok: false, problems: refused } : { ok: true, spec };
}

function planVirtualIP(placed: PlacedVirtualIP, node: StandaloneNode): PlannedRouter[] | FileProblem {
  const { metadata, spec } = placed.virtualIP;
  const { virtualRouterID, version, advertisementInterval, preempt, preemptDelay, checksum } = spec.vrrp;
  if (virtualRouterID === undefined) {
    return placed.problem(["spec", "vrrp", "virtualRouterID"], "expected a VRID (1 to 255): without an operator nobody chooses one");
  }
  const addresses = spec.addresses.map(({ address }) => parsePrefix(address));
  const wrong = addresses.indexOf(undefined);
  if (wrong >= 0) return placed.problem(["spec", "addresses", wrong, "address"], "expected an IP address, with or without a prefix length");
  const prefixes = addresses.flatMap((prefix, index) => (prefix ? [{ ...prefix, text: spec.addresses[index]?.address ?? "" }] : []));
  const override = spec.nodes.overrides?.find(({ name }) => name === node.name);
  const interfaceNames = chooseInterfaces(prefixes, node.links, override?.interface ?? spec.interface);
  if (!interfaceNames) {
    return placed.problem(["spec", "interface"], "expected an interface: none of this node has a subnet that holds the addresses");
  }
  return interfaceNames.map(([family, name]) => ({
    placed,
    router: {
      virtualIP: metadata.name,
      family,
      interface: name,
      virtualRouterID,
      version: family === "IPv6" ? 3 : version,
      priority: override?.priority ?? defaultPriority,
      advertisementInterval: advertisementInterval ?? defaultInterval[version],
      preempt,
      preemptDelay,
      checksum,
      addresses: prefixes.filter((prefix) => prefix.family === family).map(({ text }) => text),
    },
  }));
}

/** The interface of each family of which there are addresses; undefined when one is missing. */
function chooseInterfaces(prefixes: IpPrefix[], links: LinkSnapshot[], explicit: string | undefined): [Family, string][] | undefined {
  const interfaces = readSubnets(reportedInterfaces(links));
  const present = families.filter((family) => prefixes.some((prefix) => prefix.family === family));
  const found = present.map((wanted) => {
    const own = prefixes.filter(({ family }) => family === wanted);
    return explicit ?? own.flatMap((address) => findInterface(address, interfaces) ?? [])[0];
  });
  // A node with link-local IPv6 addresses alone still has one LAN: that of its IPv4 address.
  const fallback = found.find((name) => name !== undefined);
  return fallback === undefined ? undefined : present.map((family, index) => [family, found[index] ?? fallback]);
}
