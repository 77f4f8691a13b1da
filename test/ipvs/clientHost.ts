/** A client that opens connections and exchanges lines on them, as it is told. */
import { connect, type Socket } from "node:net";
import { serve } from "../support/remoteControl.ts";

export type Request =
  /** Opens `count` connections one after the other and exchanges a line on each. With `keep` they stay open. */
  | { do: "open"; address: string; port: number; localAddress?: string; count: number; keep?: boolean }
  /** Exchanges a line on each connection that is open. */
  | { do: "exchange" }
  | { do: "close" };

export interface Answer {
  /** "" when none came: the connection was refused, reset, or silent for too long. */
  server: string;
  /** The client as the server sees it. */
  seenAs: string;
}

export interface Answers {
  open: Answer[];
  exchange: Answer[];
  close: undefined;
}

const silenceMs = 3_000;
const nothing: Answer = { server: "", seenAs: "" };
let kept: Socket[] = [];

function exchange(socket: Socket): Promise<Answer> {
  return new Promise((resolve) => {
    const end = (answer: Answer) => {
      socket.removeAllListeners().on("error", () => socket.destroy());
      clearTimeout(timer);
      resolve(answer);
    };
    const timer = setTimeout(() => end(nothing), silenceMs);
    if (socket.destroyed) return end(nothing);
    socket.once("error", () => end(nothing)).once("close", () => end(nothing));
    socket.once("data", (chunk) => {
      const [server = "", seenAs = ""] = chunk.toString().trim().split(" ");
      end({ server, seenAs });
    });
    socket.write("\n");
  });
}

async function open({ count, keep = false, ...target }: Request & { do: "open" }): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let left = count; left > 0; left--) {
    const socket = connect({ ...target, host: target.address });
    answers.push(await exchange(socket));
    if (keep) kept.push(socket);
    else socket.resetAndDestroy();
  }
  return answers;
}

if (process.send) {
  serve(async (request: Request) => {
    if (request.do === "open") return open(request);
    if (request.do === "exchange") return Promise.all(kept.map(exchange));
    for (const socket of kept) socket.resetAndDestroy();
    kept = [];
  });
}
