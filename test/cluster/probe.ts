/**
 * probe.ts ADDRESS: asks who answers for ADDRESS, many times a second, until its standard input ends; then prints what it saw as JSON.
 * A program of its own: it runs in the network of the client.
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

/** @param answers by the number of the question: the node that answered; a hole where nobody did. */
export function summarize(asked: number, answers: readonly (string | undefined)[]): Probing {
  const outages: Outage[] = [];
  let last = -1;
  for (const [number, node] of answers.entries()) {
    if (node === undefined) continue;
    const from = answers[last];
    if (from !== undefined && (from !== node || number > last + 1)) outages.push({ ms: (number - last - 1) * everyMs, from, to: node });
    last = number;
  }
  return { asked, answered: answers.filter((node) => node !== undefined).length, outages };
}

function probe(address: string): void {
  const answers: (string | undefined)[] = [];
  let asked = 0;
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  socket.on("message", (message) => {
    const [number, node] = message.toString().split(" ");
    answers[Number(number)] = node;
  });
  socket.on("error", () => {});
  const startedAt = performance.now();
  // By the clock: a timer that comes late must not make fewer questions.
  const timer = setInterval(() => {
    for (; asked * everyMs < performance.now() - startedAt; asked += 1) socket.send(String(asked), port, address, () => {});
  }, everyMs);
  process.stdin.resume().on("end", () => {
    clearInterval(timer);
    setTimeout(() => {
      process.stdout.write(JSON.stringify(summarize(asked, Array.from(answers))));
      process.exit(0);
    }, settleMs);
  });
}

if (import.meta.main) probe(process.argv[2] ?? "");
