/** Typed REST for any resource of the API server: one configured client per process. */
import type { Clock } from "../runtime/clock.ts";
import type { KubeObject, ObjectRef, Resource } from "./object.ts";

export interface RequestOptions {
  /** Aborts the request; the promise rejects with code "Aborted". */
  signal?: AbortSignal;
  /** Time for the whole request in ms; default 30 s. */
  timeoutMs?: number;
}

export interface WriteOptions extends RequestOptions {
  /** Who owns the fields that are written; required, because the default would be the user agent. */
  fieldManager: string;
  /** Validate and answer as usual, but store nothing. */
  dryRun?: boolean;
}

export interface ApplyOptions extends WriteOptions {
  /** Take fields over from other managers. Default true: each field has one writer. */
  force?: boolean;
  subresource?: "status";
}

export interface PatchOptions extends WriteOptions {
  subresource?: "status";
}

export interface DeleteOptions extends RequestOptions {
  /** Delete only the object that has this uid and resourceVersion. */
  preconditions?: { uid?: string; resourceVersion?: string };
  propagationPolicy?: "Foreground" | "Background" | "Orphan";
}

export interface Selection {
  /** Absent: all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

export interface ListOptions extends RequestOptions, Selection {
  /** Objects per page; default 500. */
  pageSize?: number;
}

export interface WatchOptions extends Selection {
  /** Events after this version. */
  resourceVersion: string;
  /** The server ends the watch after this time; default 290 s. */
  serverTimeoutSeconds?: number;
  /** Rejects with "Timeout" when neither an event nor a bookmark arrives for this long; default 90 s (bookmarks come about once a minute). */
  idleTimeoutMs?: number;
  signal?: AbortSignal;
}

export interface ObjectList<T extends KubeObject = KubeObject> {
  items: T[];
  /** The version from which a watch goes on. */
  resourceVersion: string;
}

export type WatchEvent<T extends KubeObject = KubeObject> =
  | { type: "ADDED" | "MODIFIED" | "DELETED"; object: T }
  | { type: "BOOKMARK"; resourceVersion: string };

export interface ClientOptions {
  /** An explicit kubeconfig. Default: $KUBECONFIG, then the service account of the pod, then ~/.kube/config. */
  kubeconfig?: string;
  /** Context of the kubeconfig; default its current one. */
  context?: string;
  userAgent?: string;
  clock?: Clock;
  /** Default of RequestOptions.timeoutMs. */
  requestTimeoutMs?: number;
}

/** An object to write: apiVersion and kind are filled in from the resource. */
export type Writable = Omit<KubeObject, "apiVersion" | "kind"> & { apiVersion?: string; kind?: string };

export declare class KubeClient {
  /** Reads the configuration. Throws KubeError "Configuration". Opens no connection. */
  constructor(options?: ClientOptions);
  /** Base URL of the API server. */
  readonly server: string;
  /** Namespace of the context or of the service account; "default" if neither names one. */
  readonly namespace: string;
  /** Throws "NotFound" when it does not exist. */
  get<T extends KubeObject>(resource: Resource, ref: ObjectRef, options?: RequestOptions): Promise<T>;
  /** As get(), with undefined for an object that does not exist. */
  find<T extends KubeObject>(resource: Resource, ref: ObjectRef, options?: RequestOptions): Promise<T | undefined>;
  /** All objects, page by page; either complete or an error. */
  list<T extends KubeObject>(resource: Resource, options?: ListOptions): Promise<ObjectList<T>>;
  /** Events until the server ends the watch; an ERROR event, a broken line or a cut connection is thrown. */
  watch<T extends KubeObject>(resource: Resource, options: WatchOptions): AsyncGenerator<WatchEvent<T>, void, undefined>;
  create<T extends KubeObject>(resource: Resource, object: Writable, options: WriteOptions): Promise<T>;
  /** Guarded by metadata.resourceVersion when the object has one: throws "Conflict". */
  replace<T extends KubeObject>(resource: Resource, object: Writable, options: WriteOptions): Promise<T>;
  /** Resolves also when the object was gone already. */
  delete(resource: Resource, ref: ObjectRef, options?: DeleteOptions): Promise<void>;
  /** JSON merge patch (RFC 7386). */
  patch<T extends KubeObject>(resource: Resource, ref: ObjectRef, patch: object, options: PatchOptions): Promise<T>;
  /** Server-side apply: creates the object or sets the fields given, and removes those that this manager had set before. */
  apply<T extends KubeObject>(resource: Resource, object: Writable, options: ApplyOptions): Promise<T>;
  /** The text of a path outside the resources, such as "/version" or "/readyz". */
  getRaw(path: string, options?: RequestOptions): Promise<string>;
  /** Ends all connections; requests that run reject. */
  close(): Promise<void>;
}
