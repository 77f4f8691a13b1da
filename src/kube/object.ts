/** What every Kubernetes object has in common, and how an object is named. Pure. */

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
}

/** An object as the API server sends it. `spec` and `status` are unknown until the caller has parsed them. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  spec?: unknown;
  status?: unknown;
}

/** A kind as its REST address needs it. */
export interface Resource {
  /** "v1" or "group/version". */
  apiVersion: string;
  kind: string;
  /** Lower-case plural as in the URL: "virtualips". */
  plural: string;
  namespaced: boolean;
}

/** Names one object of a resource; `namespace` is required exactly when the resource is namespaced. */
export interface ObjectRef {
  name: string;
  namespace?: string;
}

/** The key of an object in caches and queues: "name", or "namespace/name". */
export function keyOf(object: ObjectRef | KubeObject): string {
  const { name, namespace } = "metadata" in object ? object.metadata : object;
  return namespace ? `${namespace}/${name}` : name;
}

/** Freezes an object and all that it holds, so that a cache can hand it out. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const child of Object.values(value)) deepFreeze(child);
  return Object.freeze(value);
}

/** metav1.Time: RFC 3339 with whole seconds. */
export function formatTime(time: Date): string {
  return time.toISOString().replace(/\.\d{3}Z$/, "Z");
}

/** metav1.MicroTime: RFC 3339 with exactly six digits of fraction; the API server refuses three. */
export function formatMicroTime(time: Date): string {
  return time.toISOString().replace(/Z$/, "000Z");
}
