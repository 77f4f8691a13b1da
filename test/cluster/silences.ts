/**
 * silences.ts EVERY ADDRESS...: asks what is behind each address every EVERY milliseconds, in turn, until its standard input ends; then prints
 * what it saw as JSON. A line before tells that all have answered. A program of its own: it runs in the network of the client.
 */
import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";

/** From the last question that was answered to the next one that was, or to the last of all, where at least one after the first was not. */
export interface Silence {
  address: string;
  fromMs: number;
  toMs: number;
}

export interface Asking {
  asked: number;
  lost: number;
  /** Of addresses that had answered before. */
  silences: Silence[];
  /** Addresses that never answered. */
  mute: string[];
}

/** When each question was asked, in the order of time, and whether it was answered. */
export type Questions = readonly { atMs: number; answered: boolean }[];

const port = 7000;
/** After the last question: an answer that takes longer counts as lost. */
const settleMs = 300;
const mostMadeUpMs = 4;
/** Of answers: what is lost shall have been lost on its way. */
const recvBufferSize = 4 << 20;

export function silencesOf(address: string, questions: Questions): Silence[] {
  const silences: Silence[] = [];
  let answeredMs: number | undefined;
  let isLost = false;
  for (const { atMs, answered } of questions) {
    if (answered) {
      if (isLost && answeredMs !== undefined) silences.push({ address, fromMs: answeredMs, toMs: atMs });
      answeredMs = atMs;
    }
    isLost = !answered;
  }
  const last = questions.at(-1);
  if (isLost && last && answeredMs !== undefined) silences.push({ address, fromMs: answeredMs, toMs: last.atMs });
  return silences;
}

export function summarize(questions: ReadonlyMap<string, Questions>): Asking {
  const all = [...questions.values()].flat();
  return {
    asked: all.length,
    lost: all.filter(({ answered }) => !answered).length,
    silences: [...questions].flatMap(([address, asked]) => silencesOf(address, asked)),
    mute: [...questions].flatMap(([address, asked]) => (asked.some(({ answered }) => answered) ? [] : [address])),
  };
}

function ask(everyMs: number, addresses: readonly string[]): void {
  const asked = new Map(addresses.map((address) => [address, new Map<number, { atMs: number; answered: boolean }>()]));
  const mute = new Set(addresses);
  const socket = createSocket({ type: isIPv6(addresses[0] ?? "") ? "udp6" : "udp4", recvBufferSize });
  socket.on("message", (message, { address }) => {
    const question = asked.get(address)?.get(Number(message.toString()));
    if (question) question.answered = true;
    if (mute.delete(address) && mute.size === 0) process.stdout.write("answered\n");
  });
  socket.on("error", () => {});
  const startedAt = performance.now();
  let lastSlot = -1;
  // In every millisecond those whose turn it is. More than a few that were missed are not made up for: a burst would be lost on its way.
  const timer = setInterval(() => {
    const atMs = performance.now() - startedAt;
    const now = Math.floor(atMs);
    for (let slot = Math.max(lastSlot + 1, now - mostMadeUpMs); slot <= now; slot += 1) {
      for (let index = slot % everyMs; index < addresses.length; index += everyMs) {
        const address = addresses[index] ?? "";
        asked.get(address)?.set(slot, { atMs, answered: false });
        socket.send(String(slot), port, address, () => {});
      }
    }
    lastSlot = now;
  }, 1);
  process.stdin.resume().on("end", () => {
    clearInterval(timer);
    setTimeout(() => {
      const asking = summarize(new Map([...asked].map(([address, all]) => [address, [...all.values()]])));
      // More than a pipe holds when much was lost.
      process.stdout.write(JSON.stringify(asking), () => process.exit(0));
    }, settleMs);
  });
}

const [every = "", ...addresses] = process.argv.slice(2);
if (import.meta.main) ask(Number(every), addresses);
