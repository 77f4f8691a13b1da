/**
 * The few requests that an agent makes, on Node's own HTTP client: the full client library costs 92 MB of memory, and there is one agent
 * per node. Connections are kept alive; watches have their own, which no request ever waits for.
 */
import * as http from "node:http";
import * as https from "node:https";
import type { Clock } from "../../runtime/clock.ts";
import type { ClusterAccess } from "./clusterAccess.ts";

/** The API server answered with an error (`status`), or did not answer (`status` 0). */
export class ApiError extends Error {
  readonly code = "ALOFT_API";
  readonly status: number;

  constructor(status: number, message: string, cause?: unknown) {
    super(message, { cause });
    this.status = status;
  }
}

export interface ApiRequest {
  method: "GET" | "PATCH";
  /** Path and query. */
  path: string;
  body?: unknown;
  contentType?: string;
  signal?: AbortSignal;
}

export interface StreamOptions {
  path: string;
  /** Called once, when the server has agreed to stream. */
  onOpen(): void;
  /** Called for each line; must not throw. */
  onLine(line: string): void;
  /** The stream is given up after this many ms without a byte. */
  idleMs: number;
  signal: AbortSignal;
}

const requestTimeoutMs = 15_000;
const tcpKeepAliveMs = 15_000;
/** At the same time. */
const mostRequests = 4;

export class ApiClient {
  readonly #access: ClusterAccess;
  readonly #clock: Clock;
  readonly #secure: boolean;
  #pools: { requests: http.Agent; watches: http.Agent } | undefined;
  #material = "";

  constructor(access: ClusterAccess, clock: Clock) {
    this.#access = access;
    this.#clock = clock;
    this.#secure = access.server.protocol === "https:";
  }

  /** One request → the parsed JSON answer. @throws ApiError */
  async request(request: ApiRequest): Promise<unknown> {
    const limit = AbortSignal.timeout(requestTimeoutMs);
    const signal = request.signal ? AbortSignal.any([request.signal, limit]) : limit;
    const response = await this.#send({ ...request, signal });
    return parseJson(await readText(response));
  }

  /** Reads a stream of lines until the server ends it. @throws ApiError, also when `signal` ends it or it is idle for too long. */
  async stream({ path, onOpen, onLine, idleMs, signal }: StreamOptions): Promise<void> {
    const stop = new AbortController();
    let idle = this.#clock.setTimeout(() => stop.abort(new Error(`nothing was heard for ${idleMs} ms`)), idleMs);
    const heard = () => {
      idle.clear();
      idle = this.#clock.setTimeout(() => stop.abort(new Error(`nothing was heard for ${idleMs} ms`)), idleMs);
    };
    try {
      const response = await this.#send({ method: "GET", path, signal: AbortSignal.any([signal, stop.signal]) }, "watches");
      onOpen();
      response.on("data", heard);
      await readLines(response, onLine);
    } finally {
      idle.clear();
    }
  }

  /** Ends idle connections. */
  close(): void {
    this.#pools?.requests.destroy();
    this.#pools?.watches.destroy();
  }

  /** Sends a request and waits for the head of the answer. @throws ApiError for any status but 2xx. */
  async #send(
    { method, path, body, contentType = "application/json", signal }: ApiRequest,
    pool: "requests" | "watches" = "requests",
  ): Promise<http.IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const fail = (error: Error) => reject(new ApiError(0, describe(error, signal), error));
      try {
        const { request } = this.#secure ? https : http;
        const sent = request(this.#url(path), {
          method,
          agent: this.#connections()[pool],
          signal,
          headers: this.#headers(text, contentType),
        });
        sent.on("error", fail);
        sent.on("response", resolve);
        sent.end(text);
      } catch (error) {
        fail(error as Error);
      }
    });
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    const answer = parseJson(await readText(response)) as { message?: unknown } | undefined;
    const reason = typeof answer?.message === "string" ? answer.message : (response.statusMessage ?? "");
    throw new ApiError(status, `${method} ${path.split("?")[0]}: ${status} ${reason}`);
  }

  /** A server URL may have a path of its own, as behind a proxy. */
  #url(path: string): URL {
    return new URL(this.#access.server.pathname.replace(/\/$/, "") + path, this.#access.server);
  }

  #headers(body: string | undefined, contentType: string): http.OutgoingHttpHeaders {
    const token = this.#access.token();
    return {
      accept: "application/json",
      "user-agent": "aloft-agent",
      ...(body !== undefined && { "content-type": contentType, "content-length": Buffer.byteLength(body) }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
  }

  /** The pools of connections; new ones when certificates were rotated. */
  #connections(): { requests: http.Agent; watches: http.Agent } {
    const options = { keepAlive: true, keepAliveMsecs: tcpKeepAliveMs, ...(this.#secure && this.#access.tls()) };
    const material = JSON.stringify(options);
    if (!this.#pools || material !== this.#material) {
      this.close();
      const create = (maxSockets: number) =>
        this.#secure ? new https.Agent({ ...options, maxSockets }) : new http.Agent({ ...options, maxSockets });
      this.#pools = { requests: create(mostRequests), watches: create(Number.POSITIVE_INFINITY) };
      this.#material = material;
    }
    return this.#pools;
  }
}

function describe(error: Error, signal: AbortSignal | undefined): string {
  if (signal?.aborted && signal.reason instanceof Error) return signal.reason.message;
  return error instanceof AggregateError ? (error.errors[0] as Error).message : error.message;
}

async function readText(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch (error) {
    throw new ApiError(0, `the answer ended early: ${(error as Error).message}`, error);
  }
  return Buffer.concat(chunks).toString();
}

function readLines(response: http.IncomingMessage, onLine: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let rest = "";
    response.setEncoding("utf8");
    response.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    });
    response.on("error", (error) => reject(new ApiError(0, `the stream broke: ${error.message}`, error)));
    response.on("close", () => (response.complete ? resolve() : reject(new ApiError(0, "the stream broke"))));
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
