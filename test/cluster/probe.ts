/**
 * probe.ts ADDRESS: asks who answers for ADDRESS, many times a second, until its standard input ends; then prints what it saw as JSON. A line
 * before tells of the first answer. A program of its own: it runs in the network of the client.
 */
import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";

export interface Outage {
  /** How long nobody answered: of questions that were sent, the lost ones times their distance. */
  ms: number;
  /** The nodes that answered before and after. */
  from: string;
  to: string;
}

export interface Probing {
  asked: number;
  answered: number;
  /** Every change of the node that answers, and every silence. */
  outages: Outage[];
}

const everyMs = 2;
const port = 7000;
/** After the last question: an answer that takes longer counts as lost. */
const settleMs = 300;

/** A question that was asked, by its time in units of everyMs; undefined while nobody has answered it. */
export type Questions = ReadonlyMap<number, string | undefined>;

/** An outage begins with the first question that was asked and not answered, and ends with the next one that was. */
export function summarize(questions: Questions): Probing {
  const outages: Outage[] = [];
  let from: string | undefined;
  let lostSince: number | undefined;
  for (const [time, to] of [...questions].sort(([a], [b]) => a - b)) {
    if (to === undefined) {
      lostSince ??= time;
      continue;
    }
    if (from !== undefined && (from !== to || lostSince !== undefined))
      outages.push({ ms: (time - (lostSince ?? time)) * everyMs, from, to });
    from = to;
    lostSince = undefined;
  }
  return { asked: questions.size, answered: [...questions.values()].filter((node) => node !== undefined).length, outages };
}

function probe(address: string): void {
  const questions = new Map<number, string | undefined>();
  let isAnswered = false;
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  socket.on("message", (message) => {
    const [time, node] = message.toString().split(" ");
    if (!isAnswered) process.stdout.write("answered\n");
    isAnswered = true;
    questions.set(Number(time), node);
  });
  socket.on("error", () => {});
  const startedAt = performance.now();
  // One at a time, also after this process stood still: a burst of what was missed would be lost in the server's buffer.
  const timer = setInterval(() => {
    const time = Math.floor((performance.now() - startedAt) / everyMs);
    if (questions.has(time)) return;
    questions.set(time, undefined);
    socket.send(String(time), port, address, () => {});
  }, everyMs);
  process.stdin.resume().on("end", () => {
    clearInterval(timer);
    setTimeout(() => {
      process.stdout.write(JSON.stringify(summarize(questions)));
      process.exit(0);
    }, settleMs);
  });
}

if (import.meta.main) probe(process.argv[2] ?? "");
