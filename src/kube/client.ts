/** Typed REST for any resource of the API server: one configured client per process. */
import { isKubeError, KubeError } from "./kubeError.ts";
import type { KubeObject, ObjectMeta, ObjectRef, Resource } from "./object.ts";
import { type HttpRequest, Transport, type TransportOptions } from "./transport.ts";
import { linesOf, parseWatchEvent, type WatchEvent } from "./watchStream.ts";

export type { WatchEvent } from "./watchStream.ts";

export interface RequestOptions {
  /** Aborts the request; the promise rejects with code "Aborted". */
  signal?: AbortSignal;
  /** Time for the whole request in ms; default 30 s. */
  timeoutMs?: number;
}

export interface WriteOptions extends RequestOptions {
  /** Who owns the fields that are written; required, because the default would be the user agent. */
  fieldManager: string;
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
  /** The server ends the watch after this time; default 290 s. If it does not, "Timeout" is thrown idleTimeoutMs later. */
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

/** See TransportOptions and ClusterConfigOptions: kubeconfig, context, userAgent, clock, requestTimeoutMs. */
export type ClientOptions = TransportOptions;

/** An object to write: apiVersion and kind are filled in from the resource. */
export type Writable = Omit<KubeObject, "apiVersion" | "kind"> & { apiVersion?: string; kind?: string };

const defaultPageSize = 500;
const defaultWatchSeconds = 290;
const defaultIdleMs = 90_000;

export class KubeClient {
  readonly #transport: Transport;

  /** Reads the configuration. Throws KubeError "Configuration". Opens no connection. */
  constructor(options: ClientOptions = {}) {
    this.#transport = new Transport(options);
  }

  /** Base URL of the API server. */
  get server(): string {
    return this.#transport.config.server;
  }

  /** Namespace of the context or of the service account; "default" if neither names one. */
  get namespace(): string {
    return this.#transport.config.namespace;
  }

  /** Throws "NotFound" when it does not exist. */
  async get<T extends KubeObject>(resource: Resource, ref: ObjectRef, options: RequestOptions = {}): Promise<T> {
    return this.#exchange<T>({ method: "GET", path: pathOf(resource, ref) }, options);
  }

  /** As get(), with undefined for an object that does not exist. */
  async find<T extends KubeObject>(resource: Resource, ref: ObjectRef, options: RequestOptions = {}): Promise<T | undefined> {
    try {
      return await this.get<T>(resource, ref, options);
    } catch (error) {
      if (isKubeError(error, "NotFound")) return undefined;
      throw error;
    }
  }

  /** All objects, page by page; either complete or an error. */
  async list<T extends KubeObject>(resource: Resource, options: ListOptions = {}): Promise<ObjectList<T>> {
    const pageSize = options.pageSize ?? defaultPageSize;
    try {
      return await this.#listPages<T>(resource, options, pageSize);
    } catch (error) {
      if (!isKubeError(error, "Expired")) throw error;
      // The pages took longer than etcd keeps history (5 min). All at once cannot expire.
      return await this.#listPages<T>(resource, options, 0);
    }
  }

  /** Events until the server ends the watch; an ERROR event, a broken line or a cut connection is thrown. */
  async *watch<T extends KubeObject>(resource: Resource, options: WatchOptions): AsyncGenerator<WatchEvent<T>, void, undefined> {
    const seconds = options.serverTimeoutSeconds ?? defaultWatchSeconds;
    const idleMs = options.idleTimeoutMs ?? defaultIdleMs;
    const query = {
      ...selectionQuery(options),
      watch: "true",
      allowWatchBookmarks: "true",
      resourceVersion: options.resourceVersion,
      timeoutSeconds: String(seconds),
    };
    const request: HttpRequest = { method: "GET", path: pathOf(resource, { namespace: options.namespace }), query, signal: options.signal };
    const chunks = this.#transport.stream(request, idleMs, seconds * 1000 + idleMs);
    for await (const line of linesOf(chunks)) yield parseWatchEvent<T>(line);
  }

  async create<T extends KubeObject>(resource: Resource, object: Writable, options: WriteOptions): Promise<T> {
    const path = pathOf(resource, { namespace: namespaceOf(resource, object.metadata) });
    return this.#exchange<T>({ method: "POST", path, query: writeQuery(options), body: typed(resource, object) }, options);
  }

  /** Guarded by metadata.resourceVersion when the object has one: throws "Conflict". */
  async replace<T extends KubeObject>(resource: Resource, object: Writable, options: WriteOptions): Promise<T> {
    const path = pathOf(resource, object.metadata);
    return this.#exchange<T>({ method: "PUT", path, query: writeQuery(options), body: typed(resource, object) }, options);
  }

  /** Resolves also when the object was gone already. */
  async delete(resource: Resource, ref: ObjectRef, options: DeleteOptions = {}): Promise<void> {
    const body = { apiVersion: "v1", kind: "DeleteOptions", preconditions: options.preconditions };
    try {
      await this.#exchange({ method: "DELETE", path: pathOf(resource, ref), body }, options);
    } catch (error) {
      if (!isKubeError(error, "NotFound")) throw error;
    }
  }

  /** JSON merge patch (RFC 7386). */
  async patch<T extends KubeObject>(resource: Resource, ref: ObjectRef, patch: object, options: PatchOptions): Promise<T> {
    const path = pathOf(resource, ref, options.subresource);
    const contentType = "application/merge-patch+json";
    return this.#exchange<T>({ method: "PATCH", path, query: writeQuery(options), body: patch, contentType }, options);
  }

  /** Server-side apply: creates the object or sets the fields given, and removes those that this manager had set before. */
  async apply<T extends KubeObject>(resource: Resource, object: Writable, options: ApplyOptions): Promise<T> {
    const path = pathOf(resource, object.metadata, options.subresource);
    const query = { ...writeQuery(options), force: String(options.force ?? true) };
    // JSON is YAML.
    const contentType = "application/apply-patch+yaml";
    return this.#exchange<T>({ method: "PATCH", path, query, body: typed(resource, object), contentType }, options);
  }

  /** The text of a path outside the resources, such as "/version" or "/readyz". */
  async getRaw(path: string, options: RequestOptions = {}): Promise<string> {
    return this.#transport.request({ method: "GET", path, signal: options.signal }, options.timeoutMs);
  }

  /** Ends all connections; requests that run reject. */
  async close(): Promise<void> {
    await this.#transport.close();
  }

  async #exchange<T>(request: HttpRequest, options: RequestOptions): Promise<T> {
    const text = await this.#transport.request({ ...request, signal: options.signal }, options.timeoutMs);
    return parseAnswer(request, text) as T;
  }

  async #listPages<T extends KubeObject>(resource: Resource, options: ListOptions, limit: number): Promise<ObjectList<T>> {
    const path = pathOf(resource, { namespace: options.namespace });
    const items: T[] = [];
    let token: string | undefined;
    for (;;) {
      const query = { ...selectionQuery(options), limit: String(limit), continue: token };
      const page = parsePage(path, await this.#exchange<unknown>({ method: "GET", path, query }, options));
      // The items of core kinds come without their type.
      for (const item of page.items) items.push({ apiVersion: resource.apiVersion, kind: resource.kind, ...(item as T) });
      token = page.metadata.continue || undefined;
      if (!token) return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }
}

interface ListPage {
  items: unknown[];
  metadata: { resourceVersion: string; continue?: string };
}

/** An answer without items or version is no list: taken for an empty one it would look as if all objects were gone. */
function parsePage(path: string, answer: unknown): ListPage {
  const { items, metadata } = answer as { items?: unknown; metadata?: { resourceVersion?: unknown; continue?: string } };
  // Go writes an empty list as null.
  if ((Array.isArray(items) || items === null) && typeof metadata?.resourceVersion === "string" && metadata.resourceVersion !== "") {
    return { items: items ?? [], metadata: { resourceVersion: metadata.resourceVersion, continue: metadata.continue } };
  }
  throw new KubeError("Protocol", `GET ${path}: the answer is not a list`);
}

function parseAnswer(request: HttpRequest, text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch (cause) {
    throw new KubeError("Protocol", `${request.method} ${request.path}: the answer is not JSON`, { cause });
  }
  throw new KubeError("Protocol", `${request.method} ${request.path}: the answer is not an object`);
}

/** The path of an object, or without a name of the collection. */
function pathOf(resource: Resource, ref: Partial<ObjectRef>, subresource?: string): string {
  const segments = [resource.apiVersion.includes("/") ? "apis" : "api", ...resource.apiVersion.split("/")];
  if (resource.namespaced && ref.namespace) segments.push("namespaces", ref.namespace);
  else if (resource.namespaced && ref.name !== undefined)
    throw new KubeError("BadRequest", `${resource.kind} ${ref.name}: no namespace given`);
  segments.push(resource.plural);
  if (ref.name !== undefined) segments.push(ref.name);
  if (subresource) segments.push(subresource);
  const bad = segments.find((segment) => /^\.{0,2}$|\//.test(segment));
  if (bad !== undefined) throw new KubeError("BadRequest", `${resource.kind}: "${bad}" cannot be part of a path`);
  return `/${segments.map(encodeURIComponent).join("/")}`;
}

function namespaceOf(resource: Resource, metadata: ObjectMeta): string | undefined {
  if (resource.namespaced && !metadata.namespace)
    throw new KubeError("BadRequest", `${resource.kind} ${metadata.name}: no namespace given`);
  return metadata.namespace;
}

function typed(resource: Resource, object: Writable): object {
  return { ...object, apiVersion: resource.apiVersion, kind: resource.kind };
}

function selectionQuery(selection: Selection): Record<string, string | undefined> {
  return { labelSelector: selection.labelSelector, fieldSelector: selection.fieldSelector };
}

function writeQuery(options: WriteOptions): Record<string, string | undefined> {
  return { fieldManager: options.fieldManager };
}
