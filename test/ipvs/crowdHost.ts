/** A client with many connections at once, which may be busy or silent, and one that knocks for new ones again and again. */
import { connect, type Socket } from "node:net";
import { serve } from "../support/remoteControl.ts";
import { type Attempt, longestOutage } from "./outage.ts";

export interface Target {
  address: string;
  port: number;
}

export type CrowdRequest =
  /** Opens connections that stay open. Those of a `busyEveryMs` exchange a line that often; others are silent from the first moment on. */
  | ({ do: "gather"; group: string; count: number; busyEveryMs?: number } & Target)
  /** From now on stalls are counted. */
  | { do: "watch" }
  /** Exchanges a line on each connection. */
  | { do: "count" }
  | { do: "disperse" }
  /** Asks for a new connection that often, until "knocked". */
  | ({ do: "knock"; everyMs: number } & Target)
  | { do: "knocked" };

export interface Survival {
  opened: number;
  alive: number;
  /** The longest that a busy one waited for its answer. */
  stallMs: number;
}

export interface Outage {
  attempts: number;
  /** Those that got no connection in good time. */
  failed: number;
  /** When the first of these began: wall clock, ms since the epoch. */
  firstFailedAt: number | undefined;
  /** longestOutage(). */
  outageMs: number;
}

export interface CrowdAnswers {
  gather: number;
  watch: undefined;
  count: Record<string, Survival>;
  disperse: undefined;
  knock: undefined;
  knocked: Outage;
}

/** How many connections are opened at the same time: a listener's queue is short. */
const openedAtOnce = 50;
const openLimitMs = 5_000;
/** More than TCP waits between two attempts of its own, after a second without an answer. */
const silenceMs = 4_000;
/** TCP asks for a connection again after a second: what comes then comes too late. */
const promptMs = 500;

/** A connection with the lines that it waits for. */
class Line {
  readonly socket: Socket;
  stallMs = 0;
  private sent: number | undefined;
  private answered: (() => void) | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", () => this.took());
    socket.on("error", () => socket.destroy());
  }

  /** Sends a line, unless one is on its way. */
  ask(): void {
    if (this.sent !== undefined || this.socket.destroyed) return;
    this.sent = performance.now();
    this.socket.write("\n");
  }

  keepBusy(everyMs: number): void {
    // Not all in the same moment.
    const begin = () => {
      this.timer = setInterval(() => this.ask(), everyMs);
    };
    this.timer = setTimeout(begin, Math.random() * everyMs);
  }

  /** Whether a line is answered. */
  check(): Promise<boolean> {
    clearInterval(this.timer);
    return new Promise((resolve) => {
      const end = (alive: boolean) => {
        clearTimeout(limit);
        resolve(alive);
      };
      const limit = setTimeout(() => end(false), silenceMs);
      if (this.socket.destroyed) return end(false);
      this.socket.once("close", () => end(false));
      this.answered = () => end(true);
      this.ask();
    });
  }

  forgetStall(): void {
    this.stallMs = 0;
  }

  close(): void {
    clearInterval(this.timer);
    this.socket.resetAndDestroy();
  }

  private took(): void {
    if (this.sent !== undefined) this.stallMs = Math.max(this.stallMs, performance.now() - this.sent);
    this.sent = undefined;
    this.answered?.();
  }
}

const groups = new Map<string, Line[]>();

function open({ address, port }: Target): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, noDelay: true });
    const end = (result: Socket | undefined) => {
      clearTimeout(limit);
      socket.removeAllListeners();
      if (!result) socket.on("error", () => {}).destroy();
      resolve(result);
    };
    const limit = setTimeout(() => end(undefined), openLimitMs);
    socket.once("connect", () => end(socket)).once("error", () => end(undefined));
  });
}

async function gather({ group, count, busyEveryMs, address, port }: CrowdRequest & { do: "gather" }): Promise<number> {
  const lines: Line[] = [];
  let left = count;
  const openSome = async () => {
    while (left-- > 0) {
      const socket = await open({ address, port });
      if (socket) lines.push(new Line(socket));
    }
  };
  await Promise.all(Array.from({ length: openedAtOnce }, openSome));
  if (busyEveryMs) for (const line of lines) line.keepBusy(busyEveryMs);
  groups.set(group, [...(groups.get(group) ?? []), ...lines]);
  return lines.length;
}

async function count(): Promise<Record<string, Survival>> {
  const counted: Record<string, Survival> = {};
  for (const [group, lines] of groups) {
    const answers = await Promise.all(lines.map((line) => line.check()));
    const stallMs = Math.max(0, ...lines.map((line) => line.stallMs));
    counted[group] = { opened: lines.length, alive: answers.filter(Boolean).length, stallMs };
  }
  return counted;
}

interface Knock extends Attempt {
  socket: Socket;
}

class Knocker {
  private readonly target: Target;
  private readonly everyMs: number;
  private readonly attempts: Knock[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor({ everyMs, address, port }: CrowdRequest & { do: "knock" }) {
    this.target = { address, port };
    this.everyMs = everyMs;
    this.timer = setInterval(() => this.try(), everyMs);
  }

  private try(): void {
    const socket = connect({ host: this.target.address, port: this.target.port });
    const attempt: Knock = { began: performance.now(), socket, connected: false };
    this.attempts.push(attempt);
    // What came while this process did not run is seen before.
    const giveUp = () => setImmediate(() => attempt.connected || socket.destroy());
    const limit = setTimeout(giveUp, promptMs);
    socket.on("error", () => {});
    socket.once("close", () => clearTimeout(limit));
    socket.once("connect", () => {
      attempt.connected = true;
      socket.resetAndDestroy();
    });
  }

  async stop(): Promise<Outage> {
    clearInterval(this.timer);
    await new Promise((resolve) => setTimeout(resolve, promptMs));
    const failed = this.attempts.filter(({ connected }) => !connected);
    const outageMs = longestOutage(this.attempts, this.everyMs);
    const firstFailedAt = failed[0] && performance.timeOrigin + failed[0].began;
    return { attempts: this.attempts.length, failed: failed.length, firstFailedAt, outageMs };
  }
}

if (process.send) {
  let knocker: Knocker | undefined;
  serve(async (request: CrowdRequest) => {
    if (request.do === "gather") return gather(request);
    if (request.do === "count") return count();
    if (request.do === "knocked") return knocker?.stop();
    if (request.do === "knock") knocker = new Knocker(request);
    const lines = [...groups.values()].flat();
    if (request.do === "watch") for (const line of lines) line.forgetStall();
    if (request.do === "disperse") {
      for (const line of lines) line.close();
      groups.clear();
    }
  });
}
