/**
 * connections.ts ADDRESS COUNT: opens one TCP connection after the other, until its standard input ends and there were so many; then prints
 * what became of them as JSON. A line before tells of the first answer.
 * A program of its own: it runs in the network of the client.
 */
import { request } from "node:http";
import { connect } from "node:net";

export interface Connections {
  opened: number;
  /** Refused, or not accepted within the limit. */
  failed: number;
  /** Accepted, and ended before the answer: their node handed over just then. Of the established ones those that were a moment old. */
  cut: number;
  /** Milliseconds of the slowest. A SYN that is lost is sent again after a second. */
  slowestMs: number;
  /** Of those that were there before and talked all the time. */
  established: { held: number; broken: number };
}

const everyMs = 2;
const limitMs = 5000;
const atATime = 500;
const held = 50;
const talkEveryMs = 100;

/** Opens connections that stay and talk; the result counts those that have broken. */
function hold(address: string): () => number {
  const broken = new Set<number>();
  for (let index = 0; index < held; index += 1) {
    const connection = connect(7001, address);
    const end = () => broken.add(index);
    connection.on("error", end).on("close", end).resume();
    setInterval(() => connection.writable && connection.write("x"), talkEveryMs);
  }
  return () => broken.size;
}

function open(address: string, atLeast: number): void {
  const seen = { opened: 0, failed: 0, cut: 0, slowestMs: 0 };
  const broken = hold(address);
  let pending = 0;
  let hasAnswered = false;
  const one = () => {
    if (pending >= atATime) return;
    pending += 1;
    seen.opened += 1;
    const startedAt = performance.now();
    let outcome: "failed" | "cut" = "failed";
    let ended = false;
    const end = (isAnswered: boolean) => {
      if (ended) return;
      ended = true;
      pending -= 1;
      if (!isAnswered) seen[outcome] += 1;
      else if (!hasAnswered) process.stdout.write("answered\n");
      hasAnswered ||= isAnswered;
      seen.slowestMs = Math.max(seen.slowestMs, performance.now() - startedAt);
    };
    const call = request({ host: address, port: 8080, agent: false, timeout: limitMs }, (response) =>
      response.resume().on("end", () => end(true)),
    );
    call.on("timeout", () => call.destroy(new Error("not answered")));
    call.on("socket", (socket) => socket.on("connect", () => (outcome = "cut")));
    call.on("error", () => end(false));
    call.end();
  };
  const timer = setInterval(one, everyMs);
  process.stdin.resume().on("end", async () => {
    while (seen.opened < atLeast) await new Promise((resolve) => setTimeout(resolve, 100));
    clearInterval(timer);
    for (let waited = 0; pending > 0 && waited < limitMs + 1000; waited += 100) await new Promise((resolve) => setTimeout(resolve, 100));
    const connections: Connections = { ...seen, slowestMs: Math.round(seen.slowestMs), established: { held, broken: broken() } };
    process.stdout.write(JSON.stringify(connections));
    process.exit(0);
  });
}

if (import.meta.main) open(process.argv[2] ?? "", Number(process.argv[3] ?? 0));
