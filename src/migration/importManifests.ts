/** Manifests of MetalLB and kube-vip, and Services → objects of Aloft, and annotations for the Services. Pure. */
import { parseRange } from "../api/addressRange.ts";
import { sharingKeyAnnotation } from "../api/service.ts";
import { type Diagnostic, formatDiagnostic } from "../keepalived/diagnostic.ts";
import { dnsLabel, UniqueNames } from "../keepalived/plan/names.ts";
import { hasAddress, reportHomeless, reportIssues, reportOverlaps } from "./checks.ts";
import { kubeVipAnnotations } from "./kubeVip/annotations.ts";
import { kubeVipPools } from "./kubeVip/configMap.ts";
import { type Manifest, type ManifestFile, readManifests } from "./manifest.ts";
import { metallbAnnotations } from "./metallb/annotations.ts";
import { metallbPools } from "./metallb/pools.ts";
import { type MigratedObject, type MigratedPool, type MigratedService, makePool } from "./objects.ts";
import { type ReadService, readService } from "./services.ts";
import { sortManifests } from "./sorting.ts";

export interface Migration {
  objects: MigratedObject[];
  /** That need another annotation, or of which something is to be told. */
  services: MigratedService[];
  /** To be run on the nodes of the control plane. */
  commands: string[];
  diagnostics: Diagnostic[];
  hasErrors: boolean;
}

export function importManifests(files: readonly ManifestFile[]): Migration {
  const read = files.map(readManifests);
  const manifests = read.flatMap((each) => each.manifests);
  const sorted = sortManifests(manifests);
  const names = new PoolNames();
  const agents = sorted.agents;
  const link = agents.map(({ serviceInterface }) => serviceInterface).find((name) => name !== undefined);
  const pools = [
    ...metallbPools(sorted, (manifest) => names.take(manifest)),
    ...sorted.configMaps.flatMap((manifest) => kubeVipPools(manifest, link, (wanted) => names.takeText(wanted))),
  ];
  const tables = [metallbAnnotations, kubeVipAnnotations];
  const poolNamed = (origin: string) => pools.find((pool) => pool.origin === origin)?.object.metadata.name;
  const services = sorted.services.flatMap((manifest) => readService(manifest, { tables, poolNamed }) ?? []);
  const all = [...pools, ...poolOfRest(services, pools, link, names)];
  reportHomeless(services, all);
  const virtualIPs = agents.flatMap(({ objects }) => objects);
  reportOverlaps(all, virtualIPs);
  for (const migrated of [...all, ...virtualIPs]) reportIssues(migrated);
  const diagnostics = [...read.flatMap((each) => each.diagnostics), ...withoutRepeats(manifests.flatMap(({ told }) => told))];
  return {
    objects: [...all, ...virtualIPs],
    services: shareAddresses(services).filter(({ manifest, annotations }) => Object.keys(annotations).length + manifest.told.length > 0),
    commands: agents.flatMap(({ commands }) => commands),
    diagnostics,
    hasErrors: diagnostics.some(({ severity }) => severity === "error"),
  };
}

/** VirtualIPs of a pool are called as it is, with a number behind, and so is a label. */
class PoolNames {
  readonly #names = new UniqueNames();
  readonly #longest = 40;

  takeText(wanted: string): string {
    return this.#names.take(dnsLabel(wanted, "pool"), this.#longest);
  }

  take(manifest: Manifest): string {
    const name = this.takeText(manifest.name);
    if (name !== manifest.name) manifest.warn(["metadata", "name"], `the AddressPool is called ${name}`, "difference");
    return name;
  }
}

/** kube-vip answers for any address that a Service asks for; of Aloft it must be in a pool. */
function poolOfRest(
  services: readonly ReadService[],
  pools: readonly MigratedPool[],
  link: string | undefined,
  names: PoolNames,
): MigratedPool[] {
  const isKubeVip = ({ manifest: { object } }: ReadService) => JSON.stringify(object.metadata).includes('"kube-vip.io/');
  const wanting = services
    .filter((service) => service.asks && isKubeVip(service))
    .map((service) => ({
      ...service,
      addresses: service.addresses.filter((address) => pools.every((pool) => !hasAddress(pool, address))),
    }))
    .filter(({ addresses }) => addresses.length > 0);
  const addresses = [...new Set(wanting.flatMap((service) => service.addresses))];
  if (addresses.length === 0) return [];
  const spec = {
    addresses,
    autoAssign: false,
    sharing: "Cluster" as const,
    ...(link !== undefined && { virtualIP: { interface: link } }),
  };
  const origin = "requested";
  const ranges = addresses.flatMap((address) => parseRange(address) ?? []);
  return [{ object: makePool(names.takeText(origin), spec), from: wanting.map(({ manifest }) => manifest), ranges, origin }];
}

/** Without a key Services of kube-vip share an address by asking for the same. */
function shareAddresses(services: readonly ReadService[]): MigratedService[] {
  const askers = Map.groupBy(
    services.filter(({ asks, annotations }) => asks && annotations[sharingKeyAnnotation] === undefined),
    ({ addresses }) => addresses.join(","),
  );
  return services.map((service) => {
    const key = service.addresses.join(",");
    const shares = (askers.get(key)?.length ?? 0) > 1 && askers.get(key)?.includes(service);
    return shares ? { ...service, annotations: { ...service.annotations, [sharingKeyAnnotation]: key } } : service;
  });
}

function withoutRepeats(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...new Map(diagnostics.map((diagnostic) => [formatDiagnostic(diagnostic), diagnostic])).values()];
}
