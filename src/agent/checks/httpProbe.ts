/** A GET is answered with a good status. Redirects are not followed, the body is not read, no connection is kept. */
import * as http from "node:http";
import * as https from "node:https";
import { isIP } from "node:net";
import type { NodeCheck } from "../../api/nodeAgent.ts";
import { badOutcome, errorMessage, goodOutcome, type Outcome, type Probe } from "./probe.ts";

type HttpCheck = NonNullable<NodeCheck["http"]>;

export interface StatusRange {
  first: number;
  last: number;
}

/** "200" and "200-299" as ranges; what is neither matches nothing. Pure. */
export function parseStatuses(statuses: readonly string[]): StatusRange[] {
  return statuses.flatMap((text) => {
    const [, first, last = first] = /^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$/.exec(text) ?? [];
    return first === undefined ? [] : [{ first: Number(first), last: Number(last) }];
  });
}

/** Host header, and the name that TLS asks for and verifies; undefined: what the host says. An address cannot be asked for by TLS. Pure. */
export function virtualHost({ host, hostHeader }: Pick<HttpCheck, "host" | "hostHeader">): { header?: string; serverName?: string } {
  const name = (hostHeader ?? host).replace(/:[0-9]*$/, "");
  const isName = name !== "" && isIP(name) === 0 && !/[[\]:]/.test(name);
  return { header: hostHeader, serverName: isName ? name : undefined };
}

export class HttpProbe implements Probe {
  readonly #request: (options: https.RequestOptions) => http.ClientRequest;
  readonly #options: https.RequestOptions;
  readonly #statuses: StatusRange[];

  constructor(check: HttpCheck) {
    const isSecure = check.scheme === "HTTPS";
    const { header, serverName } = virtualHost(check);
    this.#request = isSecure ? https.request : http.request;
    this.#statuses = parseStatuses(check.statuses);
    this.#options = {
      method: "GET",
      host: check.host,
      port: check.port ?? (isSecure ? 443 : 80),
      path: check.path,
      // A new connection each time: an old one would say that the server was well once.
      agent: false,
      headers: { "user-agent": "aloft-check", accept: "*/*", connection: "close", ...(header !== undefined && { host: header }) },
      ...(isSecure && { rejectUnauthorized: check.verify, ...(serverName !== undefined && { servername: serverName }) }),
    };
  }

  run(signal: AbortSignal): Promise<Outcome | undefined> {
    return new Promise((resolve) => {
      try {
        const request = this.#request({ ...this.#options, signal });
        request.on("response", (response) => {
          // What is left unread breaks off.
          response.on("error", () => {});
          resolve(this.#judge(response.statusCode ?? 0));
          request.destroy();
        });
        request.on("error", (error) => resolve(badOutcome(errorMessage(error))));
        request.end();
      } catch (error) {
        // A path or header that HTTP does not allow.
        resolve(badOutcome((error as Error).message));
      }
    });
  }

  #judge(status: number): Outcome {
    return this.#statuses.some(({ first, last }) => first <= status && status <= last) ? goodOutcome : badOutcome(`status ${status}`);
  }
}
