/** A client that opens connections at a steady pace, whatever becomes of those before, and keeps a record of all. */
import { connect } from "node:net";
import { serve } from "../support/remoteControl.ts";

export type Request = { do: "begin"; address: string; port: number; everyMs: number } | { do: "end" };

export interface Attempt {
  /** Of the kernel's clock for all, in milliseconds. */
  at: number;
  /** "": refused, or not answered in time. */
  server: string;
}

export interface Answers {
  begin: undefined;
  end: Attempt[];
}

const patienceMs = 800;

function attempt(address: string, port: number): Promise<Attempt> {
  const at = Date.now();
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (server: string) => {
      clearTimeout(timer);
      resolve({ at, server });
      socket.resetAndDestroy();
    };
    const timer = setTimeout(() => end(""), patienceMs);
    socket.on("error", () => end(""));
    socket.once("connect", () => socket.write("\n"));
    socket.once("data", (chunk) => end(chunk.toString().split(" ")[0] ?? ""));
  });
}

if (process.send) {
  let attempts: Promise<Attempt>[] = [];
  let timer: NodeJS.Timeout | undefined;
  serve(async (request: Request) => {
    if (request.do === "begin") {
      attempts = [];
      timer = setInterval(() => attempts.push(attempt(request.address, request.port)), request.everyMs);
      return;
    }
    clearInterval(timer);
    return Promise.all(attempts);
  });
}
