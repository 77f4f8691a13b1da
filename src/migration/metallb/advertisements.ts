/**
 * L2Advertisements → what the AddressPools that they announce have of them. An advertisement announces many pools and a pool has many
 * advertisements, any of which lets a node answer; an AddressPool has one interface and one selector of nodes.
 */
import { z } from "zod";
import type { LabelSelector } from "../../api/labelSelector.ts";
import { matches } from "../../plan/selector.ts";
import type { Manifest } from "../manifest.ts";
import type { PoolSpec } from "../objects.ts";
import { anyOf } from "../selectors.ts";
import { bgpAdvertisementSchema, l2AdvertisementSchema, type PoolSelection } from "./schemas.ts";

export interface Advertisement {
  manifest: Manifest;
  selection: PoolSelection;
  /** Empty: all. */
  interfaces: string[];
}

export type Template = Pick<NonNullable<PoolSpec["virtualIP"]>, "interface" | "nodes">;

export function readAdvertisement(manifest: Manifest, pools: readonly Manifest[]): Advertisement[] {
  const spec = manifest.read("spec", l2AdvertisementSchema);
  if (!spec) return [];
  for (const [index, name] of spec.ipAddressPools.entries()) {
    if (pools.every((pool) => pool.name !== name))
      manifest.warn(["spec", "ipAddressPools", index], `expected the name of an IPAddressPool of the input, got "${name}"`, "reference");
  }
  if (spec.serviceSelectors.length > 0)
    manifest.warn(
      ["spec", "serviceSelectors"],
      "an AddressPool says with spec.serviceSelector whose its addresses are, and answers for all of them",
    );
  if (spec.preferredNodeSelectors.length > 0)
    manifest.warn(
      ["spec", "preferredNodeSelectors"],
      "no node is preferred for a pool: kubectl vip move prefers one for a VirtualIP of it",
    );
  return [{ manifest, selection: spec, interfaces: [...new Set(spec.interfaces)] }];
}

/** Only to tell which pools nobody answers ARP for. */
export function readBgpAdvertisement(manifest: Manifest): Advertisement[] {
  const spec = manifest.read("spec", bgpAdvertisementSchema);
  return spec ? [{ manifest, selection: spec, interfaces: [] }] : [];
}

const labelsSchema = z.object({ labels: z.record(z.string(), z.string()).default({}) });

/** Without names and selectors: every pool. */
export function announces({ selection: { ipAddressPools, ipAddressPoolSelectors } }: Advertisement, pool: Manifest): boolean {
  if (ipAddressPools.length + ipAddressPoolSelectors.length === 0) return true;
  const labels = labelsSchema.safeParse(pool.object.metadata).data?.labels ?? {};
  return ipAddressPools.includes(pool.name) || ipAddressPoolSelectors.some((selector) => matches(selector, labels));
}

/** Of the advertisements of one pool. */
export function templateOf(pool: Manifest, advertisements: readonly Advertisement[]): Template {
  const link = interfaceOf(pool, advertisements);
  const selector = nodesOf(pool, advertisements);
  return { ...(link !== undefined && { interface: link }), ...(selector && { nodes: { selector } }) };
}

const byNeighbours = "each node takes the interface whose subnet holds the address";

function interfaceOf(pool: Manifest, advertisements: readonly Advertisement[]): string | undefined {
  const lists = new Set(advertisements.map(({ interfaces }) => [...interfaces].sort().join(", ")));
  const [list = ""] = lists;
  if (lists.size <= 1) {
    const several = advertisements.find(({ interfaces }) => interfaces.length > 1);
    several?.manifest.warn(
      ["spec", "interfaces"],
      `expected at most one, for an AddressPool has one, got ${list}: left out, and ${byNeighbours}`,
    );
    return several || list === "" ? undefined : list;
  }
  // One that names none answers on all, whatever the others say.
  if (lists.has("")) return undefined;
  const each = advertisements.map(({ manifest, interfaces }) => `${interfaces.join(", ")} by ${manifest.reference}`).join(", on ");
  pool.warn([], `announced on ${each}, and an AddressPool has one interface: left out, and ${byNeighbours}`, "difference");
  return undefined;
}

function nodesOf(pool: Manifest, advertisements: readonly Advertisement[]): LabelSelector | undefined {
  const lists = advertisements.map(({ selection }) => selection.nodeSelectors);
  if (lists.some((list) => list.length === 0)) return undefined;
  const selectors = lists.flat();
  const one = anyOf(selectors);
  if (one || selectors.length === 0) return one && Object.keys(one).length > 0 ? one : undefined;
  const by = advertisements.map(({ manifest }) => manifest.reference).join(" and ");
  const advice = "expected one selector, or several of the values of one label: an AddressPool has one, write it there";
  pool.fail([], `announced by ${by} from the nodes of ${selectors.length} selectors, any of which may hold: ${advice}`, "conflict");
  return undefined;
}
