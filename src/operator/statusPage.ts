/** The status page over HTTP: one at a time, and none of anything that a page from elsewhere could use. */
import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { setImmediate } from "node:timers/promises";
import type { HttpDocument, HttpQuestion } from "../runtime/httpServer.ts";
import type { PageFacts } from "./page/facts.ts";
import { renderPage } from "./page/page.ts";
import { parseQuery } from "./page/query.ts";
import { style } from "./page/style.ts";

export interface StatusPageOptions {
  look: () => Promise<PageFacts>;
  /** Served on an address of the host alone: then nobody comes by a name but "localhost". */
  isLocal: boolean;
}

/** Further ones are turned away: who reloads in a hurry must not keep the operator from its work. */
const mostWaiting = 8;

const styleHash = createHash("sha256").update(style).digest("base64");
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${styleHash}'`,
  "img-src data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": policy,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

export class StatusPage {
  readonly #options: StatusPageOptions;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: StatusPageOptions) {
    this.#options = options;
  }

  async answer({ parameters, host }: HttpQuestion): Promise<HttpDocument> {
    if (this.#options.isLocal && !isLocalName(host)) return refuse(421, "this page is for localhost");
    if (this.#waiting >= mostWaiting) return refuse(503, "too many ask for this page at once", { "retry-after": "1" });
    this.#waiting += 1;
    try {
      const mine = this.#last.then(() => this.#render(parameters));
      this.#last = mine.catch(() => {});
      return { status: 200, headers: pageHeaders, text: await mine };
    } finally {
      this.#waiting -= 1;
    }
  }

  async #render(parameters: URLSearchParams): Promise<string> {
    const facts = await this.#options.look();
    // What else has come meanwhile goes first.
    await setImmediate();
    return renderPage(facts, parseQuery(parameters));
  }
}

function refuse(status: number, text: string, headers: Record<string, string> = {}): HttpDocument {
  return { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers }, text: `${text}\n` };
}

/** A name that somebody has made to point here, so that a page of his in a browser may read this one, is neither. */
function isLocalName(host: string): boolean {
  const name = host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  return name === "localhost" || isIP(name) !== 0;
}
