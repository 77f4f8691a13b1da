/** Which manifest is what. Pure. */
import { z } from "zod";
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
/** Kinds of other load balancers that hold addresses, and whose they are. */
const strangers: Readonly<Record<string, string>> = {
  "cilium.io/CiliumLoadBalancerIPPool": "Cilium",
  "cilium.io/CiliumL2AnnouncementPolicy": "Cilium",
  "purelb.io/ServiceGroup": "PureLB",
  "network.kubesphere.io/Eip": "OpenELB",
};

/** Kinds of MetalLB's from which nothing is made, and why. */
const untaken: Readonly<Record<string, string>> = { BGPPeer: bgp, BGPAdvertisement: bgp, BFDProfile: bgp, Community: bgp };
/** MetalLB writes them itself. */
const statuses = new Set(["ConfigurationState", "ServiceL2Status", "ServiceBGPStatus"]);

export function sortManifests(manifests: readonly Manifest[]): SortedManifests {
  const byKind = Map.groupBy(manifests, ({ group, kind }) => `${group}/${kind}`);
  const of = (group: string, kind: string) => byKind.get(`${group}/${kind}`) ?? [];
  const configMaps = of("", "ConfigMap").filter(({ name }) => name === configMapName);
  const pods = [...of("apps", "DaemonSet"), ...of("", "Pod")].map((manifest) => ({ manifest, agents: readKubeVip(manifest) }));
  const pools = of(metallbGroup, "IPAddressPool");
  const former = of("", "ConfigMap").filter(isFormerMetallb);
  // Since then MetalLB does not read it, and many a cluster has it still.
  for (const manifest of former) pools.length === 0 ? manifest.fail([], old, "newer-keyword") : manifest.warn([], old, "ignored");
  const taken = new Set([...configMaps, ...former, ...pods.flatMap(({ manifest, agents }) => (agents ? manifest : []))]);
  for (const manifest of manifests) if (manifest.group === metallbGroup) reportKind(manifest);
  reportOthers(manifests.filter(({ group, kind }) => group !== metallbGroup && kind !== "Service").filter((each) => !taken.has(each)));
  return {
    pools,
    l2Advertisements: of(metallbGroup, "L2Advertisement"),
    bgpAdvertisements: of(metallbGroup, "BGPAdvertisement"),
    configMaps,
    services: of("", "Service"),
    agents: pods.flatMap(({ agents }) => agents ?? []),
  };
}

/** Its only configuration was one text in YAML. */
function isFormerMetallb({ object }: Manifest): boolean {
  const { data } = z.object({ data: z.object({ config: z.string() }) }).safeParse(object);
  return /^address-pools:/m.test(data?.data.config ?? "");
}

/** Of each kind once: a file may be a dump of a cluster. */
function reportOthers(manifests: readonly Manifest[]): void {
  for (const [kind, [first, ...more]] of Map.groupBy(manifests, (manifest) => `${manifest.group}/${manifest.kind}`)) {
    const and = more.length === 0 ? "" : ` and ${more.length} more of its kind`;
    const owner = Object.hasOwn(strangers, kind) ? strangers[kind] : undefined;
    const what = owner
      ? `of ${owner}, whose objects are not read${and}: write an AddressPool`
      : `${first?.kind} is nothing that addresses are read from: ignored${and}`;
    first?.warn([], what);
  }
}

function reportKind(manifest: Manifest): void {
  const { kind } = manifest;
  if (Object.hasOwn(untaken, kind)) manifest.warn([], untaken[kind] ?? "", "not-offered");
  else if (kind === "AddressPool") manifest.fail([], old, "newer-keyword");
  else if (kind !== "IPAddressPool" && kind !== "L2Advertisement" && !statuses.has(kind))
    manifest.warn([], "unknown here: ignored", "unknown-keyword");
}
