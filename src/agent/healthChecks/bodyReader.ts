/** What a health check looks for in the body of an answer. */
import { createHash, type Hash } from "node:crypto";
import { createContext, Script } from "node:vm";
import type { HealthCheck } from "../../api/healthCheck.ts";
import type { BodyReader } from "../checks/httpProbe.ts";
import { Unasked } from "../checks/probe.ts";

type Request = NonNullable<HealthCheck["http"]>["requests"][number];
type BodyMatch = NonNullable<Request["bodyMatch"]>;

/** An expression is looked for in as much. Without a digest no more is read. */
const matchedBytes = 2 ** 20;
/** All that is kept at a time of bodies that come slowly. */
const mostKeptBytes = 64 * 2 ** 20;
/**
 * An expression that backtracks without end must not hold up everything else: after some times it is left alone for a while. After one it is
 * not: a busy node is enough to make a good one late.
 */
const matchLimitMs = 100;
const mostOverruns = 3;
const restMs = 100 * matchLimitMs;

let keptBytes = 0;

/** A body that is to be whole: with a digest to its end, else as far as it is looked at. */
export class HealthBodyReader implements BodyReader {
  readonly #digest: string | undefined;
  readonly #match: BodyMatch | undefined;
  readonly #hash: Hash | undefined;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #keptBytes = 0;
  #isTooMuch = false;

  constructor({ digest, bodyMatch }: Pick<Request, "digest" | "bodyMatch">) {
    this.#digest = digest?.toLowerCase();
    this.#match = bodyMatch;
    // MD5 is what keepalived's genhash prints; it proves nothing against an attacker, and need not.
    this.#hash = digest === undefined ? undefined : createHash("md5");
  }

  take(chunk: Buffer): boolean {
    this.#hash?.update(chunk);
    if (this.#match && this.#bytes < matchedBytes) this.#keep(chunk.subarray(0, matchedBytes - this.#bytes));
    this.#bytes += chunk.length;
    return !this.#isTooMuch && (this.#hash !== undefined || this.#bytes < matchedBytes);
  }

  problem(): string {
    if (this.#isTooMuch) throw new Unasked("the bodies of too many answers are being read");
    const digest = this.#hash?.digest("hex");
    if (digest !== this.#digest) return `the digest of the body is ${digest}`;
    return this.#match ? matchProblem(this.#match, Buffer.concat(this.#chunks)) : "";
  }

  close(): void {
    keptBytes -= this.#keptBytes;
    this.#keptBytes = 0;
    this.#chunks.length = 0;
  }

  #keep(chunk: Buffer): void {
    this.#isTooMuch = keptBytes + chunk.length > mostKeptBytes;
    if (this.#isTooMuch) return;
    this.#chunks.push(chunk);
    this.#keptBytes += chunk.length;
    keptBytes += chunk.length;
  }
}

interface Overruns {
  count: number;
  /** Until then it rests, if there were too many. */
  until: number;
}

/** Of expressions that took too long when they were last tried. */
const overruns = new Map<string, Overruns>();

function noteOverrun(key: string, now: number): void {
  const count = (overruns.get(key)?.count ?? 0) + 1;
  for (const [other, { until }] of overruns) if (until <= now) overruns.delete(other);
  overruns.set(key, { count, until: now + restMs });
}

/** Why the body is not good; "" when it is. */
export function matchProblem(match: BodyMatch, body: Buffer, now = performance.now()): string {
  const key = JSON.stringify([match.pattern, match.flags]);
  const tooLong = `the expression takes more than ${matchLimitMs} ms`;
  const { count = 0, until = now } = overruns.get(key) ?? {};
  if (count >= mostOverruns && now < until) return tooLong;
  try {
    const found = isFound(match, body);
    overruns.delete(key);
    if (found === !match.negate) return "";
    return found ? "the body matches" : "the body does not match";
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") return message;
    noteOverrun(key, now);
    return tooLong;
  }
}

function isFound({ pattern, flags = "", minimumOffset = 0, maximumOffset = Number.POSITIVE_INFINITY }: BodyMatch, body: Buffer): boolean {
  // What lies before cannot begin a match, but an expression may look behind.
  const text = body.toString("utf8");
  const first = minimumOffset === 0 ? 0 : body.toString("utf8", 0, minimumOffset).length;
  const index = search(pattern, flags, text, first);
  return index >= 0 && Buffer.byteLength(text.slice(0, index)) <= maximumOffset;
}

interface Sandbox {
  pattern: string;
  flags: string;
  text: string;
  first: number;
}

/** In a context of its own V8 lets it be ended after a time. The context is made when the first expression is looked for. */
let sandbox: Sandbox | undefined;
const script = new Script(
  "(() => { const e = new RegExp(pattern, flags.replace(/[gy]/g, '') + 'g'); e.lastIndex = first; return e.exec(text)?.index ?? -1; })()",
);

/** Where the expression matches from `first` on; -1: nowhere. */
function search(pattern: string, flags: string, text: string, first: number): number {
  sandbox ??= createContext({ pattern: "", flags: "", text: "", first: 0 }) as unknown as Sandbox;
  Object.assign(sandbox, { pattern, flags, text, first } satisfies Sandbox);
  try {
    return script.runInContext(sandbox as object as ReturnType<typeof createContext>, { timeout: matchLimitMs }) as number;
  } finally {
    sandbox.text = "";
  }
}
