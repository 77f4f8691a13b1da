/** /metrics, /healthz and /readyz of a process, and what else it tells. */
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Metrics } from "./metrics.ts";

/** Undefined when all is well, otherwise one sentence that says what is not. */
export type Check = () => string | undefined;

export interface HttpServerOptions {
  host: string;
  /** 0 takes any free port. */
  port: number;
  metrics: Metrics;
  /** Whether the process must be restarted. Never depends on the API server. */
  healthChecks: Record<string, Check>;
  /** Whether it does its work now. */
  readyChecks: Record<string, Check>;
  /** Values by their path, such as "/ipvs", that are told as JSON; read when somebody asks. */
  pages?: Record<string, () => Promise<object>>;
  /** Whole answers by their path. */
  documents?: Record<string, (question: HttpQuestion) => Promise<HttpDocument>>;
}

export interface HttpQuestion {
  parameters: URLSearchParams;
  /** What the client believes to speak to: "localhost:8080". */
  host: string;
}

export interface HttpDocument {
  status: number;
  headers: Record<string, string>;
  text: string;
}

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

export type HttpServerResult = { ok: true; server: HttpServer } | { ok: false; error: Error };

/** In ms. Questions have no body and come from probes, Prometheus and people: who takes longer holds connections open. */
const limits: ServerOptions = {
  headersTimeout: 5000,
  requestTimeout: 10_000,
  // How often Node looks for such.
  connectionsCheckingInterval: 1000,
  // Nobody may hold a probe's connection open through a shutdown.
  keepAliveTimeout: 5000,
};

/** Listens; a busy port or an address that is not the host's comes back as a value. */
export function startHttpServer(options: HttpServerOptions): Promise<HttpServerResult> {
  const server = createServer(limits, (request, response) => void answer(options, request, response));
  return new Promise((resolve) => {
    server.once("error", (error) => resolve({ ok: false, error }));
    server.listen(options.port, options.host, () => resolve({ ok: true, server: opened(server) }));
  });
}

function opened(server: Server): HttpServer {
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(options: HttpServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") return send(response, 405, "only GET is allowed\n");
  // Whoever reaches the port may ask for "//".
  const url = URL.parse(request.url ?? "/", "http://localhost");
  if (!url) return send(response, 400, "that is no path\n");
  const { pages = {}, documents = {} } = options;
  const { pathname: path, searchParams: parameters } = url;
  switch (path) {
    case "/metrics":
      return sendText(response, () => options.metrics.render(), options.metrics.contentType);
    case "/healthz":
      return sendChecks(response, options.healthChecks);
    case "/readyz":
      return sendChecks(response, options.readyChecks);
    default: {
      const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
      if (page) return sendText(response, async () => `${JSON.stringify(await page())}\n`, "application/json");
      const read = Object.hasOwn(documents, path) ? documents[path] : undefined;
      if (read) return sendDocument(response, () => read({ parameters, host: request.headers.host ?? "" }));
      const others = [...Object.keys(documents), ...Object.keys(pages)];
      return send(response, 404, `there is ${["/metrics", ...others, "/healthz"].join(", ")} and /readyz\n`);
    }
  }
}

async function sendText(response: ServerResponse, read: () => Promise<string>, type: string): Promise<void> {
  try {
    send(response, 200, await read(), { "content-type": type });
  } catch (error) {
    sendError(response, error);
  }
}

function sendError(response: ServerResponse, error: unknown): void {
  send(response, 500, `${error instanceof Error ? error.message : error}\n`);
}

async function sendDocument(response: ServerResponse, read: () => Promise<HttpDocument>): Promise<void> {
  try {
    const { status, headers, text } = await read();
    send(response, status, text, headers);
  } catch (error) {
    sendError(response, error);
  }
}

/** As kube-apiserver answers: one line a check, then the verdict. */
function sendChecks(response: ServerResponse, checks: Record<string, Check>): void {
  const results = Object.entries(checks).map(([name, check]) => ({ name, problem: runCheck(check) }));
  const failed = results.some(({ problem }) => problem !== undefined);
  const lines = results.map(({ name, problem }) => (problem === undefined ? `[+]${name} ok` : `[-]${name} failed: ${problem}`));
  send(response, failed ? 503 : 200, `${[...lines, failed ? "failed" : "ok"].join("\n")}\n`);
}

function runCheck(check: Check): string | undefined {
  try {
    return check();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const plainText = { "content-type": "text/plain; charset=utf-8" };

function send(response: ServerResponse, status: number, text: string, headers: Record<string, string> = plainText): void {
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(text) });
  response.end(text);
}
