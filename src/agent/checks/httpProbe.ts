/** Requests that must be answered well, one after the other, each on a connection of its own. Redirects are not followed. */
import { type ClientRequest, type IncomingMessage, type RequestOptions, request as startRequest } from "node:http";
import { isIP, type Socket } from "node:net";
import type { NodeCheck } from "../../api/nodeAgent.ts";
import type { Connector, Target } from "./connector.ts";
import { badOutcome, failed, goodOutcome, type Outcome, type Probe } from "./probe.ts";
import { secure, type TlsOptions } from "./tls.ts";

type TrackedHttp = NonNullable<NodeCheck["http"]>;

export interface StatusRange {
  first: number;
  last: number;
}

/** What is found of a body that is read as far as need be. */
export interface BodyReader {
  /** False: no more is needed. */
  take(chunk: Buffer): boolean;
  /** Once it has all that it needs; "" when that is good. Throws an Unasked when nothing can be said. */
  problem(): string;
  /** Lets go of what it has kept. */
  close(): void;
}

export interface HttpQuery {
  path: string;
  method: "GET" | "HEAD";
  hostHeader?: string;
  statuses: StatusRange[];
  /** Absent: the status alone decides, and the body is not waited for. */
  body?: () => BodyReader;
}

export interface HttpSubject {
  target: Target;
  version: "1.0" | "1.0C" | "1.1";
  /** Absent: without TLS. The server name is that of each request unless it says one. */
  tls?: TlsOptions;
  queries: HttpQuery[];
}

/** "200" and "200-299" as ranges; what is neither matches nothing. Pure. */
export function parseStatuses(statuses: readonly string[]): StatusRange[] {
  return statuses.flatMap((text) => {
    const [, first, last = first] = /^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$/.exec(text) ?? [];
    return first === undefined ? [] : [{ first: Number(first), last: Number(last) }];
  });
}

/** The name that TLS asks for and verifies, of a host or Host header; undefined: it is an address, which cannot be asked for. Pure. */
export function serverNameOf(host: string | undefined): string | undefined {
  const name = host?.replace(/:[0-9]*$/, "");
  return name !== undefined && name !== "" && isIP(name) === 0 && !/[[\]:]/.test(name) ? name : undefined;
}

/** A tracked check: one GET, of which the status decides. Pure. */
export function trackedRequest({ host, port, scheme, path, hostHeader, statuses, verify }: TrackedHttp): HttpSubject {
  const isSecure = scheme === "HTTPS";
  return {
    target: { host, port: port ?? (isSecure ? 443 : 80) },
    version: "1.1",
    ...(isSecure && { tls: { verify, serverName: serverNameOf(hostHeader ?? host) } }),
    queries: [{ path, method: "GET", hostHeader, statuses: parseStatuses(statuses) }],
  };
}

export class HttpProbe implements Probe {
  readonly #subject: HttpSubject;
  readonly #connector: Connector;

  constructor(subject: HttpSubject, connector: Connector) {
    this.#subject = subject;
    this.#connector = connector;
  }

  async run(signal: AbortSignal, renew?: () => void): Promise<Outcome | undefined> {
    for (const [index, query] of this.#subject.queries.entries()) {
      if (index > 0) renew?.();
      const problem = await this.#ask(query, signal);
      if (problem !== "") return badOutcome(this.#subject.queries.length > 1 ? `${query.path}: ${problem}` : problem);
    }
    return goodOutcome;
  }

  async #ask(query: HttpQuery, signal: AbortSignal): Promise<string> {
    const { target, tls } = this.#subject;
    const plain = await this.#connector.open(target, signal).catch(messageOf);
    if (typeof plain === "string") return plain;
    const reader = query.body?.();
    try {
      const tlsOptions = tls && { ...tls, serverName: tls.serverName ?? serverNameOf(query.hostHeader) };
      const socket = tlsOptions ? await secure(plain, target.host, tlsOptions) : plain;
      return await this.#exchange(socket, query, reader);
    } catch (error) {
      return messageOf(error);
    } finally {
      plain.destroy();
      reader?.close();
    }
  }

  #exchange(socket: Socket, { path, method, hostHeader, statuses }: HttpQuery, reader: BodyReader | undefined): Promise<string> {
    const { target, tls, version } = this.#subject;
    const options: RequestOptions = {
      method,
      path,
      host: target.host,
      port: target.port,
      defaultPort: tls ? 443 : 80,
      // An old connection would say that the server was well once.
      createConnection: () => (version === "1.1" ? socket : speakingVersion10(socket)),
      headers: { "user-agent": "aloft-check", accept: "*/*", connection: "close", ...(hostHeader !== undefined && { host: hostHeader }) },
    };
    return new Promise((resolve, reject) => {
      // It throws when the path or a header is none that HTTP allows.
      const request = startRequest(options);
      if (version === "1.0") withoutConnectionHeader(request);
      const statusProblem = ({ statusCode: status = 0 }: IncomingMessage) =>
        statuses.some(({ first, last }) => first <= status && status <= last) ? "" : `status ${status}`;
      request.on("error", reject);
      // Without a listener Node closes the connection, and says nothing of it.
      request.on("upgrade", (response) => resolve(statusProblem(response)));
      request.on("response", (response) => {
        // What is left unread breaks off.
        response.on("error", (error) => reject(error));
        const problem = statusProblem(response);
        if (problem !== "" || !reader) resolve(problem);
        else readBody(response, reader, resolve, reject);
      });
      request.end();
    });
  }
}

function messageOf(error: unknown): string {
  return failed(error).message;
}

function readBody(response: IncomingMessage, reader: BodyReader, done: (problem: string) => void, fail: (error: unknown) => void): void {
  const end = () => {
    try {
      done(reader.problem());
    } catch (error) {
      fail(error);
    }
  };
  response.on("data", (chunk: Buffer) => {
    if (reader.take(chunk)) return;
    response.removeAllListeners("data");
    response.off("end", end);
    end();
  });
  response.once("end", end);
}

function withoutConnectionHeader(request: ClientRequest): void {
  request.removeHeader("connection");
}

/** Node's client knows one version only: the first line that it writes is put right on its way. */
function speakingVersion10(socket: Socket): Socket {
  const write = socket.write.bind(socket) as (chunk: string, ...rest: unknown[]) => boolean;
  socket.write = ((chunk: string, ...rest: unknown[]) => {
    socket.write = write as Socket["write"];
    return write(chunk.replace(" HTTP/1.1\r\n", " HTTP/1.0\r\n"), ...rest);
  }) as Socket["write"];
  return socket;
}
