/** IPAddressPools and who announces them → AddressPools. */
import type { Manifest } from "../manifest.ts";
import { type MigratedPool, makePool, type PoolSpec } from "../objects.ts";
import { expectedRange, readRange, type WrittenRange } from "../ranges.ts";
import { anyOf, namespacesSelector } from "../selectors.ts";
import { type Advertisement, announces, readAdvertisement, readBgpAdvertisement, templateOf } from "./advertisements.ts";
import { poolSchema, type ServiceAllocation } from "./schemas.ts";

export interface MetallbManifests {
  pools: readonly Manifest[];
  l2Advertisements: readonly Manifest[];
  bgpAdvertisements: readonly Manifest[];
}

/** @param nameOf gives a name that an AddressPool may have. */
export function metallbPools(manifests: MetallbManifests, nameOf: (manifest: Manifest) => string): MigratedPool[] {
  const l2 = manifests.l2Advertisements.flatMap((manifest) => readAdvertisement(manifest, manifests.pools));
  const bgp = manifests.bgpAdvertisements.flatMap(readBgpAdvertisement);
  return manifests.pools.flatMap((manifest) => {
    const ofPool = l2.filter((advertisement) => announces(advertisement, manifest));
    return isAnnounced(manifest, ofPool, bgp) ? migratePool(manifest, ofPool, nameOf) : [];
  });
}

function isAnnounced(pool: Manifest, l2: readonly Advertisement[], bgp: readonly Advertisement[]): boolean {
  if (l2.length > 0) return true;
  const [byBgp] = bgp.filter((advertisement) => announces(advertisement, pool));
  if (byBgp) pool.warn([], `announced by ${byBgp.manifest.reference} alone, and BGP is not offered: left out`, "not-offered");
  else pool.warn([], "no L2Advertisement of the input announces it: MetalLB answers for none of its addresses, Aloft will", "reference");
  return !byBgp;
}

function migratePool(manifest: Manifest, advertisements: readonly Advertisement[], nameOf: (manifest: Manifest) => string): MigratedPool[] {
  const spec = manifest.read("spec", poolSchema);
  if (!spec) return [];
  const written = readRanges(manifest, spec.addresses);
  const template = templateOf(manifest, advertisements);
  const migrated: PoolSpec = {
    addresses: written.map(({ text }) => text),
    ...(spec.avoidBuggyIPs && { skipZeroAnd255: true }),
    ...(!spec.autoAssign && { autoAssign: false }),
    ...(spec.serviceAllocation && allocationOf(manifest, spec.serviceAllocation)),
    // MetalLB lets Services of any namespaces share.
    sharing: "Cluster",
    ...(Object.keys(template).length > 0 && { virtualIP: template }),
  };
  const from = [manifest, ...advertisements.map((advertisement) => advertisement.manifest)];
  return [{ object: makePool(nameOf(manifest), migrated), from, ranges: written.map(({ range }) => range), origin: manifest.name }];
}

function readRanges(manifest: Manifest, texts: readonly string[]): WrittenRange[] {
  return texts.flatMap((text, index) => {
    const path = ["spec", "addresses", index];
    const written = readRange(text);
    if (!written) manifest.fail(path, `expected ${expectedRange}, got "${text}"`);
    if (written?.network)
      manifest.warn(path, `"${text}" has bits of a host: written as the network ${written.network}, as MetalLB takes it`);
    return written ?? [];
  });
}

/** Of MetalLB the lowest number comes first, then 0, then what has no serviceAllocation; of Aloft the highest, and 0 is the default. */
function priorityOf(manifest: Manifest, priority: number): number {
  const [highest, lowest] = [1000, 2];
  if (priority === 0) return lowest - 1;
  const path = ["spec", "serviceAllocation", "priority"];
  if (priority < 0) manifest.warn(path, `expected a number from 0, got ${priority}: taken as 0`);
  else if (highest + 1 - priority < lowest) manifest.warn(path, `numbers from ${highest + 1 - lowest} on become the same: ${lowest}`);
  return priority < 0 ? lowest - 1 : Math.max(lowest, highest + 1 - priority);
}

function allocationOf(manifest: Manifest, allocation: ServiceAllocation): Partial<PoolSpec> {
  const { priority, namespaces, namespaceSelectors, serviceSelectors } = allocation;
  const path = ["spec", "serviceAllocation"];
  const isAny = namespaces.length > 0 && namespaceSelectors.length > 0;
  const ofNamespaces = isAny ? [namespacesSelector(namespaces), ...namespaceSelectors] : namespaceSelectors;
  const single = (field: string, selectors: typeof namespaceSelectors) => {
    const one = anyOf(selectors);
    const expected = "expected one selector, or several of the values of one label: an AddressPool has one";
    if (!one && selectors.length > 0)
      manifest.fail([...path, field], `${expected}, got ${selectors.length}, any of which may hold`, "conflict");
    return one && Object.keys(one).length > 0 ? one : undefined;
  };
  const [namespaceSelector, serviceSelector] = [single("namespaceSelectors", ofNamespaces), single("serviceSelectors", serviceSelectors)];
  return {
    priority: priorityOf(manifest, priority),
    ...(namespaces.length > 0 && !isAny && { namespaces: [...new Set(namespaces)] }),
    ...(namespaceSelector && { namespaceSelector }),
    ...(serviceSelector && { serviceSelector }),
  };
}
