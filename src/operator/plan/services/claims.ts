/** What a Service asks for: its spec and annotations → a claim. Pure. */
import { canonicalAddress, type Family, type IpAddress, isIPv4Mapped, parseAddress } from "../../../api/ipAddress.ts";
import {
  addressesAnnotation,
  dataPlaneAnnotation,
  dataPlaneNames,
  loadBalancerClass,
  poolAnnotation,
  sharingKeyAnnotation,
} from "../../../api/service.ts";
import { memoized } from "../../../plan/memoized.ts";
import { matches } from "../../../plan/selector.ts";
import type { AddressRefusal, ServiceClaim } from "../../allocate/serviceClaims.ts";
import type { PoolView } from "../cluster.ts";
import type { ServiceView } from "./views.ts";

/** Whether the Service is Aloft's to serve. `isDefault`: also those without a class. */
export function isOurs({ isLoadBalancer, loadBalancerClass: wanted }: ServiceView, isDefault: boolean): boolean {
  return isLoadBalancer && (wanted === undefined ? isDefault : wanted === loadBalancerClass);
}

/** Whether another controller serves it, which has put the same finalizer there. */
export function isOthers({ isLoadBalancer, loadBalancerClass: wanted }: ServiceView): boolean {
  return isLoadBalancer && wanted !== undefined && wanted !== loadBalancerClass;
}

export const claimOf = memoized((view: ServiceView): ServiceClaim => {
  const { key, namespace, createdAt, families, familyPolicy, annotations, ports } = view;
  const { requested, problem = problemOf(view) } = requestOf(view);
  return {
    key,
    namespace,
    createdAt,
    families,
    needsAll: familyPolicy !== "PreferDualStack",
    requested,
    pool: annotations[poolAnnotation] || undefined,
    sharingKey: annotations[sharingKeyAnnotation] || undefined,
    ports: ports.map(({ protocol, port }) => `${protocol}/${port}`),
    present: view.ingress.flatMap(({ ip }) => (ip === undefined ? [] : [canonicalAddress(ip)])),
    ...(problem && { problem }),
  };
});

interface Request {
  requested: IpAddress[];
  problem?: AddressRefusal;
}

/** The annotation comes before the deprecated field. */
function requestOf({ annotations, loadBalancerIP, families }: ServiceView): Request {
  const [source, text] = annotations[addressesAnnotation]
    ? [`annotation ${addressesAnnotation}`, annotations[addressesAnnotation]]
    : ["spec.loadBalancerIP", loadBalancerIP ?? ""];
  const wrong = (what: string): Request => ({ requested: [], problem: { reason: "InvalidRequest", message: `${source}: ${what}` } });
  const requested: IpAddress[] = [];
  for (const part of text.split(",").map((each) => each.trim())) {
    if (part === "") continue;
    const address = parseAddress(part);
    if (!address || isIPv4Mapped(address)) return wrong(`"${part}" is no IP address`);
    if (requested.some(({ family }) => family === address.family)) return wrong(`more than one ${address.family} address`);
    if (!families.includes(address.family)) return wrong(`${part}: spec.ipFamilies has no ${address.family}`);
    requested.push(address);
  }
  return { requested };
}

/** kube-proxy's work otherwise: IPVS lets everybody in. */
export const openToAll: AddressRefusal = {
  reason: "SourceRangesNotSupported",
  message: "spec.loadBalancerSourceRanges is not kept with the data plane IPVS: leave one of them out",
};

export function limitsInVain({ limitsSources }: ServiceView, dataPlane: DataPlane): boolean {
  return limitsSources && dataPlane === "IPVS";
}

function problemOf(view: ServiceView): AddressRefusal | undefined {
  if (limitsInVain(view, dataPlaneOf(view, undefined))) return openToAll;
  const name = view.annotations[dataPlaneAnnotation];
  if (name === undefined || name === "" || Object.hasOwn(dataPlaneNames, name)) return undefined;
  const known = Object.keys(dataPlaneNames).join(" or ");
  return { reason: "InvalidRequest", message: `annotation ${dataPlaneAnnotation}: "${name}" must be ${known}` };
}

/** Labels by name. */
export type NamespaceLabels = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** Whether the selectors of the pool let the Service use it; undefined where it depends on a namespace that nobody has told of yet. */
export function mayUse(view: ServiceView | undefined, pool: PoolView | undefined, namespaces: NamespaceLabels): boolean | undefined {
  if (!view || !pool?.spec || limitsInVain(view, dataPlaneOf(view, pool))) return false;
  const { namespace, labels } = view;
  const { namespaces: names, namespaceSelector, serviceSelector = {} } = pool.spec;
  if (names?.includes(namespace) === false || !matches(serviceSelector, labels)) return false;
  if (namespaceSelector === undefined) return true;
  const ofNamespace = namespaces.get(namespace);
  return ofNamespace && matches(namespaceSelector, ofNamespace);
}

export type DataPlane = (typeof dataPlaneNames)[keyof typeof dataPlaneNames];

export function dataPlaneOf({ annotations }: ServiceView, pool: PoolView | undefined): DataPlane {
  const name = annotations[dataPlaneAnnotation] ?? "";
  if (Object.hasOwn(dataPlaneNames, name)) return dataPlaneNames[name as keyof typeof dataPlaneNames];
  return pool?.spec?.dataPlane.mode ?? "KubeProxy";
}

export function familyOf(address: string): Family {
  return address.includes(":") ? "IPv6" : "IPv4";
}
