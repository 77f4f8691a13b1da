/** Which manifest is what. Pure. */
import { configMapName } from "./kubeVip/configMap.ts";
import { type KubeVipAgents, readKubeVip } from "./kubeVip/environment.ts";
import type { Manifest } from "./manifest.ts";
import { metallbGroup } from "./metallb/schemas.ts";

export interface SortedManifests {
  pools: Manifest[];
  l2Advertisements: Manifest[];
  bgpAdvertisements: Manifest[];
  configMaps: Manifest[];
  services: Manifest[];
  agents: KubeVipAgents[];
}

const bgp = "BGP is not offered: not taken";
const old = "of MetalLB before 0.13: expected an IPAddressPool and an L2Advertisement";

/** Kinds of MetalLB's from which nothing is made, and why. */
const untaken: Readonly<Record<string, string>> = { BGPPeer: bgp, BGPAdvertisement: bgp, BFDProfile: bgp, Community: bgp };
/** MetalLB writes them itself. */
const statuses = new Set(["ConfigurationState", "ServiceL2Status", "ServiceBGPStatus"]);

export function sortManifests(manifests: readonly Manifest[]): SortedManifests {
  const byKind = Map.groupBy(manifests, ({ group, kind }) => `${group}/${kind}`);
  const of = (group: string, kind: string) => byKind.get(`${group}/${kind}`) ?? [];
  const configMaps = of("", "ConfigMap").filter(({ name }) => name === configMapName);
  const pods = [...of("apps", "DaemonSet"), ...of("", "Pod")].map((manifest) => ({ manifest, agents: readKubeVip(manifest) }));
  const ofKubeVip = new Set([...configMaps, ...pods.flatMap(({ manifest, agents }) => (agents ? manifest : []))]);
  for (const manifest of manifests) if (manifest.group === metallbGroup) reportKind(manifest);
  reportOthers(manifests.filter(({ group, kind }) => group !== metallbGroup && kind !== "Service").filter((each) => !ofKubeVip.has(each)));
  return {
    pools: of(metallbGroup, "IPAddressPool"),
    l2Advertisements: of(metallbGroup, "L2Advertisement"),
    bgpAdvertisements: of(metallbGroup, "BGPAdvertisement"),
    configMaps,
    services: of("", "Service"),
    agents: pods.flatMap(({ agents }) => agents ?? []),
  };
}

/** Of each kind once: a file may be a dump of a cluster. */
function reportOthers(manifests: readonly Manifest[]): void {
  for (const [kind, [first, ...more]] of Map.groupBy(manifests, (manifest) => manifest.kind)) {
    const and = more.length === 0 ? "" : ` and ${more.length} more of its kind`;
    first?.warn([], `${kind} is nothing that addresses are read from: ignored${and}`);
  }
}

function reportKind(manifest: Manifest): void {
  const { kind } = manifest;
  if (Object.hasOwn(untaken, kind)) manifest.warn([], untaken[kind] ?? "", "not-offered");
  else if (kind === "AddressPool") manifest.fail([], old, "newer-keyword");
  else if (kind !== "IPAddressPool" && kind !== "L2Advertisement" && !statuses.has(kind))
    manifest.warn([], "unknown here: ignored", "unknown-keyword");
}
