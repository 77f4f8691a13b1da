/** Who answers for which address: VirtualIPs, pools and Services → rows. Pure. */
import { findCondition } from "../../api/condition.ts";
import { type Family, formatAddress, type IpAddress, parseAddress, parsePrefix } from "../../api/ipAddress.ts";
import type { ClusterView, VirtualIPView } from "../plan/cluster.ts";
import { specifiedAddresses } from "../plan/poolVerdicts.ts";

export interface AddressRow {
  address: string;
  /** Services that have it, by NAMESPACE/NAME. */
  owners: string[];
  /** Absent while none holds it. */
  virtualIP?: string;
  pool?: string;
  /** One answers, or several do, or none. */
  nodes: string[];
  since?: string;
  /** Who takes over, best first. */
  standbys: string[];
  /** Candidates that could not. */
  unfit: string[];
  /** Leaving: the VirtualIP is being deleted. */
  state: "answered" | "unanswered" | "contested" | "leaving";
}

type Assigned = { pool: string; services: readonly string[] };

/** Those that nobody answers for come first, then in the order of the addresses. */
export function addressRows({ virtualIPs, pools = [] }: ClusterView): AddressRow[] {
  const assigned = new Map<string, Assigned>();
  for (const { name: pool, status } of pools) {
    for (const { address, services } of status.assignments ?? []) assigned.set(address, { pool, services });
  }
  const held = virtualIPs.flatMap((view) => rowsOf(view, assigned));
  const known = new Set(held.map(({ address }) => address));
  const loose = [...assigned].flatMap(([address, { pool, services }]): AddressRow[] =>
    known.has(address) ? [] : [{ address, owners: [...services], pool, nodes: [], standbys: [], unfit: [], state: "unanswered" }],
  );
  const places = new Map([...held, ...loose].map(({ address }) => [address, parseAddress(address)]));
  return [...held, ...loose].sort(
    (a, b) =>
      Number(isWell(a)) - Number(isWell(b)) || compare(places.get(a.address), places.get(b.address)) || (a.address < b.address ? -1 : 1),
  );
}

const isWell = ({ state }: AddressRow) => state === "answered" || state === "leaving";

/** IPv4 first. */
function compare(a: IpAddress | undefined, b: IpAddress | undefined): number {
  if (!a || !b) return 0;
  if (a.family !== b.family) return a.family === "IPv4" ? -1 : 1;
  return a.bits === b.bits ? 0 : a.bits < b.bits ? -1 : 1;
}

function rowsOf(view: VirtualIPView, assigned: ReadonlyMap<string, Assigned>): AddressRow[] {
  const nodes = view.status.nodes ?? [];
  return addressesOf(view).map(({ address, family }) => {
    const holders = holdersOf(view, family);
    const [holder] = holders;
    const owner = assigned.get(address);
    return {
      address,
      owners: [...(owner?.services ?? [])],
      virtualIP: view.name,
      pool: owner?.pool ?? view.generated?.pool,
      nodes: holders,
      since: holders.length === 1 ? nodes.find(({ name }) => name === holder)?.since : undefined,
      standbys: nodes.flatMap((node) => (stateOf(node, family) === "BACKUP" && !holders.includes(node.name) ? node.name : [])),
      unfit: nodes.flatMap((node) => (holders.includes(node.name) || stateOf(node, family) === "BACKUP" ? [] : node.name)),
      state: view.deleting ? "leaving" : holders.length === 1 ? "answered" : holders.length === 0 ? "unanswered" : "contested",
    };
  });
}

type NodeStatus = NonNullable<VirtualIPView["status"]["nodes"]>[number];

const stateOf = ({ v4, v6 }: NodeStatus, family: Family) => (family === "IPv4" ? v4 : v6);

/** While two nodes answer, or each for one family, the status names no active node. */
function holdersOf({ status: { activeNode, nodes = [], conditions } }: VirtualIPView, family: Family): string[] {
  if (activeNode !== undefined) return [activeNode];
  const reason = findCondition(conditions, "Ready")?.reason;
  if (reason !== "MultipleMasters" && reason !== "FamilySplit") return [];
  return nodes.flatMap((node) => (stateOf(node, family) === "MASTER" ? node.name : []));
}

/**
 * All that it holds. Those that adverts do not name go where the elected ones are, whatever their family. Of an object that cannot be
 * read: what was shown before.
 */
function addressesOf(view: VirtualIPView): { address: string; family: Family }[] {
  const { spec, status } = view;
  if (!spec) return (status.summary?.addresses?.split(",") ?? []).map(readAddress);
  const elected = spec.addresses.map(({ address }) => readAddress(address).family);
  return specifiedAddresses(view).map(({ text, family }) => ({
    address: text,
    family: elected.includes(family) ? family : (elected[0] ?? family),
  }));
}

function readAddress(text: string): { address: string; family: Family } {
  const address = parsePrefix(text) ?? parseAddress(text);
  return { address: address ? formatAddress(address) : text, family: address?.family ?? "IPv4" };
}
