/** Many virtual routers of one node, as a file for either make. Pure. */
import { stringify } from "yaml";
import { formatDuration } from "../../src/api/duration.ts";
import { apiVersion } from "../../src/api/group.ts";
import type { Family } from "../../src/api/ipAddress.ts";
import { activeDownInterval } from "../../test/e2e/bounds.ts";

/** The same on all nodes, but for the priority. */
export interface FleetRouter {
  family: Family;
  interface: string;
  virtualRouterID: number;
  intervalMs: number;
  /** Without prefix length: they are set with the full one. */
  addresses: string[];
  /** Move along, but are not in the adverts. */
  excluded?: string[];
}

export const priorities = { leader: 254, follower: 244 };

/** Active_Down_Interval of the follower: how long it waits after the last advert that it heard. */
export const downMs = (intervalMs: number) => activeDownInterval(priorities.follower, intervalMs);

/** As many virtual routers as asked for, 250 to an interface, one IPv4 address each. */
export function fleetOf(count: number, intervalMs: number, interfaces: readonly string[], perInterface = 250): FleetRouter[] {
  return Array.from({ length: count }, (_, index) => {
    const link = Math.floor(index / perInterface);
    const virtualRouterID = 1 + (index % perInterface);
    const name = interfaces[link];
    if (name === undefined || perInterface > 255) throw new Error(`${count} virtual routers do not fit on ${interfaces.length} interfaces`);
    return { family: "IPv4", interface: name, virtualRouterID, intervalMs, addresses: [`10.200.${link}.${virtualRouterID}`] };
  });
}

const nameOf = ({ family, interface: device, virtualRouterID }: FleetRouter) => `${family.toLowerCase()}-${device}-${virtualRouterID}`;
const withLength = (address: string) => `${address}/${address.includes(":") ? 128 : 32}`;

/** YAML documents for `aloft agent --standalone`: one VirtualIP per virtual router. */
export function toYaml(node: string, fleet: readonly FleetRouter[], priority: number): string {
  const documents = fleet.map((router) => ({
    apiVersion,
    kind: "VirtualIP",
    metadata: { name: nameOf(router) },
    spec: {
      addresses: router.addresses.map((address) => ({ address })),
      ...(router.excluded && { excludedAddresses: router.excluded.map((address) => ({ address })) }),
      interface: router.interface,
      nodes: { overrides: [{ name: node, priority }] },
      vrrp: { version: 3, virtualRouterID: router.virtualRouterID, advertisementInterval: formatDuration(router.intervalMs) },
    },
  }));
  return documents.map((document) => `---\n${stringify(document)}`).join("");
}

/** keepalived.conf. `realTimePriority`: SCHED_RR for its VRRP process; none as it comes. */
export function toConf(node: string, fleet: readonly FleetRouter[], priority: number, realTimePriority?: number): string {
  // Its own limit of 10 ms of processor time without a sleep ends it when some hundred virtual routers change at once.
  const withRealTime = [`  vrrp_rt_priority ${realTimePriority}`, "  vrrp_no_swap", "  vrrp_rlimit_rttime 10000000"];
  const realTime = realTimePriority === undefined ? [] : withRealTime;
  return ["global_defs {", `  router_id ${node}`, ...realTime, "}", ...fleet.flatMap((router) => instance(router, priority)), ""].join(
    "\n",
  );
}

function instance(router: FleetRouter, priority: number): string[] {
  const { addresses, excluded = [] } = router;
  // As the RFC has it, and as Aloft does by itself: first in the list of IPv6 stands a link-local address.
  const first = router.family === "IPv6" ? [`    fe80::200:5eff:fe00:2${router.virtualRouterID.toString(16).padStart(2, "0")}/64`] : [];
  return [
    `vrrp_instance ${nameOf(router)} {`,
    "  state BACKUP",
    `  interface ${router.interface}`,
    "  version 3",
    `  virtual_router_id ${router.virtualRouterID}`,
    `  priority ${priority}`,
    `  advert_int ${router.intervalMs / 1000}`,
    "  virtual_ipaddress {",
    ...first,
    ...addresses.map((address) => `    ${withLength(address)}`),
    "  }",
    ...(excluded.length > 0 ? ["  virtual_ipaddress_excluded {", ...excluded.map((address) => `    ${withLength(address)}`), "  }"] : []),
    "}",
  ];
}
