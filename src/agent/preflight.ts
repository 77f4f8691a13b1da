/** What keeps this node from doing what it is asked, each in one sentence. Pure. */
import type { Capability } from "./capabilities.ts";
import type { DesiredRouter, LinkSnapshot } from "./native.ts";

export interface PreflightFacts {
  missingCapabilities: Capability[];
  links: LinkSnapshot[];
  /** Whether an interface can multicast; undefined when that cannot be told. */
  multicast(link: LinkSnapshot): boolean | undefined;
}

/** Why a capability is needed, and so what does not work without it. */
const capabilityNeeds: Record<Exclude<Capability, "CAP_SYS_NICE">, string> = {
  CAP_NET_ADMIN: "it cannot add or remove addresses",
  CAP_NET_RAW: "it cannot send or receive adverts",
};

/** What is wrong with the process; the missing CAP_SYS_NICE belongs to the condition RealTime. */
export function processProblems({ missingCapabilities }: PreflightFacts): string[] {
  return Object.entries(capabilityNeeds)
    .filter(([name]) => missingCapabilities.includes(name as Capability))
    .map(([name, consequence]) => `The agent lacks ${name}: ${consequence}.`);
}

/** What is wrong on the node for one virtual router; undefined when nothing is. */
export function routerProblem(router: DesiredRouter, facts: PreflightFacts): string | undefined {
  const link = facts.links.find(({ name }) => name === router.interface);
  if (!link) return `Interface ${router.interface} does not exist on this node.`;
  if (!link.up) return `Interface ${link.name} is down.`;
  if (facts.multicast(link) === false) return `Interface ${link.name} does not multicast.`;
  if (!hasSource(router.family, link)) {
    const what = router.family === "IPv4" ? "IPv4 address" : "IPv6 link-local address";
    return `Interface ${link.name} has no ${what} to send adverts from.`;
  }
  return staticAddressProblem(router, facts.links);
}

function hasSource(family: DesiredRouter["family"], link: LinkSnapshot): boolean {
  return link.addresses.some((address) => (family === "IPv4" ? !address.includes(":") : /^fe[89ab][0-9a-f]:/i.test(address)));
}

/** An address that stands whatever the election says is answered for by two nodes. The address owner (priority 255) has it by right. */
function staticAddressProblem(router: DesiredRouter, links: LinkSnapshot[]): string | undefined {
  if (router.priority === 255) return undefined;
  const host = (address: string) => address.slice(0, address.indexOf("/"));
  const wanted = new Set(router.addresses.map(host));
  for (const link of links) {
    const standing = link.addresses.find((address) => wanted.has(host(address)));
    if (standing) return `${host(standing)} is configured statically on ${link.name}, so that this node answers for it in every state.`;
  }
  return undefined;
}
