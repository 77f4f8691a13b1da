/** HTTP to the API server over connections that are kept: see docs/adr/0001-http-to-the-api-server.md. */
import { Agent, type Dispatcher, ProxyAgent } from "undici";
import { type Clock, systemClock } from "../runtime/clock.ts";
import { ClusterConfig, type ClusterConfigOptions, type Credentials } from "./clusterConfig.ts";
import { Deadline } from "./deadline.ts";
import { errorOfStatus, KubeError } from "./kubeError.ts";

export interface TransportOptions extends ClusterConfigOptions {
  userAgent?: string;
  clock?: Clock;
  /** For requests that name no time of their own; default 30 s. */
  requestTimeoutMs?: number;
}

export interface HttpRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Absolute path below the server's URL. */
  path: string;
  query?: Record<string, string | undefined>;
  body?: object;
  contentType?: string;
  signal?: AbortSignal;
}

/** Requests that run at the same time; further ones wait for a connection. */
const requestConnections = 8;
/** Longer than the time between two renewals of a lease, shorter than the 90 s after which kube-apiserver closes an idle connection. */
const keepAliveMs = 60_000;
const connectTimeoutMs = 10_000;

/** Watches have connections of their own, so that no request waits behind one. */
interface Dispatchers {
  fingerprint: string;
  requests: Dispatcher;
  watches: Dispatcher;
}

export class Transport {
  readonly config: ClusterConfig;
  readonly clock: Clock;
  readonly #origin: string;
  readonly #prefix: string;
  readonly #userAgent: string;
  readonly #requestTimeoutMs: number;
  #dispatchers: Dispatchers | undefined;
  #closed = false;

  /** Throws KubeError "Configuration". Opens no connection. */
  constructor(options: TransportOptions = {}) {
    this.config = new ClusterConfig(options);
    const url = new URL(this.config.server);
    this.#origin = url.origin;
    this.#prefix = url.pathname.replace(/\/+$/, "");
    this.clock = options.clock ?? systemClock;
    this.#userAgent = options.userAgent ?? "aloft";
    this.#requestTimeoutMs = options.requestTimeoutMs ?? 30_000;
  }

  /** The text of a successful answer. Throws KubeError. */
  async request(request: HttpRequest, timeoutMs = this.#requestTimeoutMs): Promise<string> {
    const deadline = new Deadline(this.clock, timeoutMs, request.signal);
    try {
      const response = await this.#open(request, "requests", deadline);
      return await deadline.race(response.body.text());
    } catch (cause) {
      if (deadline.expired) this.#discardConnections();
      throw this.#explain(request, deadline, cause, `no answer within ${timeoutMs} ms`);
    } finally {
      deadline.dispose();
    }
  }

  /** The body of a successful answer as it arrives. Throws KubeError, also when nothing arrives for `idleMs` or it lasts longer than `totalMs`. */
  async *stream(request: HttpRequest, idleMs: number, totalMs: number): AsyncGenerator<Buffer, void, undefined> {
    const total = new Deadline(this.clock, totalMs, request.signal);
    const idle = new Deadline(this.clock, idleMs, total.signal);
    try {
      const response = await this.#open(request, "watches", idle);
      for await (const chunk of response.body) {
        idle.extend();
        yield chunk;
      }
    } catch (cause) {
      if (idle.expired) this.#discardConnections();
      if (total.expired) throw this.#explain(request, total, cause, `it lasted longer than ${totalMs} ms`);
      throw this.#explain(request, idle, cause, `nothing arrived for ${idleMs} ms`);
    } finally {
      idle.dispose();
      total.dispose();
    }
  }

  /** Ends all connections; requests that run reject. */
  async close(): Promise<void> {
    this.#closed = true;
    const dispatchers = this.#dispatchers;
    this.#dispatchers = undefined;
    await Promise.all([dispatchers?.requests.destroy(), dispatchers?.watches.destroy()]);
  }

  /** undici heeds the signal only once the request has a connection, and an exec plugin never does: hence the race. */
  #open(request: HttpRequest, pool: "requests" | "watches", deadline: Deadline): Promise<Dispatcher.ResponseData> {
    return deadline.race(this.#send(request, pool, deadline));
  }

  async #send(request: HttpRequest, pool: "requests" | "watches", deadline: Deadline): Promise<Dispatcher.ResponseData> {
    const credentials = await this.config.credentials();
    const response = await this.#dispatchersFor(credentials)[pool].request({
      origin: this.#origin,
      path: this.#prefix + request.path + queryOf(request.query),
      method: request.method,
      headers: { ...credentials.headers, ...this.#headersOf(request) },
      body: request.body === undefined ? null : JSON.stringify(request.body),
      signal: deadline.signal,
      // The deadline watches both; undici's own limits would end a quiet watch after 300 s.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    if (response.statusCode >= 200 && response.statusCode < 300) return response;
    const retryAfter = response.headers["retry-after"];
    throw errorOfStatus(describe(request), response.statusCode, await response.body.text(), retryAfter?.toString());
  }

  #explain(request: HttpRequest, deadline: Deadline, cause: unknown, onTimeout: string): KubeError {
    if (cause instanceof KubeError) return cause;
    const operation = describe(request);
    if (request.signal?.aborted || this.#closed) return new KubeError("Aborted", `${operation}: aborted`, { cause });
    if (deadline.expired) return new KubeError("Timeout", `${operation}: ${onTimeout}`, { cause });
    return new KubeError("Network", `${operation}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }

  #headersOf(request: HttpRequest): Record<string, string> {
    const headers: Record<string, string> = { accept: "application/json", "user-agent": this.#userAgent };
    if (request.body !== undefined) headers["content-type"] = request.contentType ?? "application/json";
    return headers;
  }

  /** The same connections as long as the TLS material is the same. */
  #dispatchersFor({ connection, fingerprint }: Credentials): Dispatchers {
    if (this.#closed) throw new KubeError("Aborted", "the client is closed");
    if (this.#dispatchers?.fingerprint === fingerprint) return this.#dispatchers;
    this.#discardConnections();
    this.#dispatchers = {
      fingerprint,
      requests: createDispatcher(connection, requestConnections),
      watches: createDispatcher(connection, null),
    };
    return this.#dispatchers;
  }

  /**
   * Lets the next request open a new connection; those of running requests end with them. For new TLS material, and after silence:
   * when a machine or a load balancer went away without a word, all idle connections are dead, and each would cost a time-out.
   */
  #discardConnections(): void {
    for (const old of [this.#dispatchers?.requests, this.#dispatchers?.watches]) void old?.close().catch(() => {});
    this.#dispatchers = undefined;
  }
}

function createDispatcher(connection: Credentials["connection"], connections: number | null): Dispatcher {
  const common = { connections, keepAliveTimeout: keepAliveMs, keepAliveMaxTimeout: keepAliveMs, allowH2: false };
  switch (connection.type) {
    case "socks":
      throw new KubeError("Configuration", `the SOCKS proxy ${connection.uri} is not supported; use an HTTP proxy`);
    case "proxy":
      return new ProxyAgent({ ...common, uri: connection.uri, requestTls: connection.requestTls });
    case "agent":
      return new Agent({ ...common, connect: { ...connection.connect, timeout: connectTimeoutMs } });
    case "none":
      return new Agent({ ...common, connect: { timeout: connectTimeoutMs } });
  }
}

function queryOf(query: HttpRequest["query"]): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) parameters.set(name, value);
  const text = parameters.toString();
  return text && `?${text}`;
}

function describe(request: HttpRequest): string {
  return `${request.method} ${request.path}`;
}
