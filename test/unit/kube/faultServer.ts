/** An HTTP server that speaks just enough of the list and watch protocol to break it in every way. */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubeObject, Resource } from "../../../src/kube/object.ts";

export const things: Resource = { apiVersion: "test.example.org/v1", kind: "Thing", plural: "things", namespaced: false };

export type Answer = (response: ServerResponse, url: URL) => void;

export function thing(name: string, resourceVersion: string): KubeObject {
  return { apiVersion: things.apiVersion, kind: things.kind, metadata: { name, resourceVersion, uid: name } };
}

export class FaultServer {
  /** What a list answers. */
  objects: KubeObject[] = [];
  resourceVersion = "100";
  /** Answers for the next requests instead of the normal ones. */
  readonly lists: Answer[] = [];
  readonly watches: Answer[] = [];
  /** Answer to everything that is neither list nor watch. */
  other: Answer = (response) => sendJson(response, 404, { kind: "Status", code: 404, reason: "NotFound", message: "not found" });
  /** "list", "watch 100" or "PUT /path", in the order of arrival. */
  readonly log: string[] = [];
  readonly requests: IncomingMessage[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), "aloft-kube-unit-"));
  connections = 0;
  readonly #open = new Set<ServerResponse>();
  readonly #server = createServer((request, response) => this.#answer(request, response));

  static async start(): Promise<FaultServer> {
    const server = new FaultServer();
    server.#server.on("connection", () => {
      server.connections += 1;
    });
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    server.writeKubeconfig();
    return server;
  }

  get kubeconfig(): string {
    return join(this.folder, "kubeconfig");
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
  }

  /** Watches that are open. */
  get watchers(): number {
    return this.#open.size;
  }

  writeKubeconfig(cluster: object = {}, user: object = { token: "secret" }): void {
    const config = {
      clusters: [{ name: "c", cluster: { server: this.url, "insecure-skip-tls-verify": true, ...cluster } }],
      users: [{ name: "u", user }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u", namespace: "ns" } }],
      "current-context": "x",
    };
    writeFileSync(this.kubeconfig, JSON.stringify(config));
  }

  /** Sends text to all open watches. */
  write(text: string | Buffer): void {
    for (const response of this.#open) response.write(text);
  }

  event(type: string, object: object): void {
    this.write(`${JSON.stringify({ type, object })}\n`);
  }

  /** Ends all open watches as the server does when their time is up. */
  endWatches(): void {
    for (const response of this.#open) response.end();
  }

  /** Breaks the connections of all open watches. */
  cutWatches(): void {
    for (const response of this.#open) response.destroy();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
    rmSync(this.folder, { recursive: true });
  }

  /** Keeps a watch open. */
  hold(response: ServerResponse): void {
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    this.#open.add(response);
    response.on("close", () => this.#open.delete(response));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "", this.url);
    this.requests.push(request);
    if (request.method !== "GET" || !url.pathname.endsWith("/things")) {
      this.log.push(`${request.method} ${url.pathname}`);
      this.other(response, url);
    } else if (url.searchParams.has("watch")) {
      this.log.push(`watch ${url.searchParams.get("resourceVersion")}`);
      (this.watches.shift() ?? ((held) => this.hold(held)))(response, url);
    } else {
      this.log.push("list");
      (this.lists.shift() ?? ((held) => this.sendList(held)))(response, url);
    }
  }

  sendList(response: ServerResponse): void {
    sendJson(response, 200, { kind: "ThingList", metadata: { resourceVersion: this.resourceVersion }, items: this.objects });
  }
}

export function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

export function sendStatus(status: number, reason: string, headers: Record<string, string> = {}): Answer {
  return (response) => sendJson(response, status, { kind: "Status", code: status, reason, message: `made ${reason}` }, headers);
}
