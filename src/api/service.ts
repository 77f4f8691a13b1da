/** What Aloft reads and writes at Services of type LoadBalancer, and marks the objects with that it makes for them. */
import { group } from "./group.ts";

/** spec.loadBalancerClass of the Services that are Aloft's in any case. */
export const loadBalancerClass = `${group}/vrrp`;

/** Addresses that the Service asks for, comma-separated, at most one of each family. Comes before the deprecated spec.loadBalancerIP. */
export const addressesAnnotation = `${group}/addresses`;
/** Name of the AddressPool that the Service asks for. */
export const poolAnnotation = `${group}/pool`;
/** Services with the same key may share an address if their ports differ. */
export const sharingKeyAnnotation = `${group}/sharing-key`;
/** One of dataPlaneNames; default: what the AddressPool says. */
export const dataPlaneAnnotation = `${group}/dataplane`;
export const dataPlaneNames = { "kube-proxy": "KubeProxy", ipvs: "IPVS" } as const;

/** On a Service as long as it has addresses; the name that Kubernetes has for it. https://kep.k8s.io/980 */
export const cleanupFinalizer = "service.kubernetes.io/load-balancer-cleanup";
/** Of Service.status.conditions: whether the Service has its addresses, else why not. */
export const assignedCondition = `${group}/Assigned`;

/** A node with this label, whatever its value, answers for no Service. */
export const excludeLabel = "node.kubernetes.io/exclude-from-external-load-balancers";

/** On a Node that somebody says is shut down: what is bound to it may go elsewhere. https://kep.k8s.io/2268 */
export const outOfServiceTaint = "node.kubernetes.io/out-of-service";

/** Labels of a generated VirtualIP: the AddressPool that it is of, and what for. */
export const poolLabel = `${group}/pool`;
export const roleLabel = `${group}/pool-role`;
/** Shared: any node may answer. Local: those that have ready endpoints of all its Services with externalTrafficPolicy Local. */
export type Role = "shared" | "local";
/** Label of a generated VirtualServer: the Service that it is of. */
export const serviceLabel = `${group}/service`;
