/**
 * A process in a host of a LAN that does what its test tells it: requests go, and answers and events come, over the channel of its parent.
 * serve() is its side of it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Lan } from "./lan.ts";

interface Asked {
  id: number;
  request: { do: string };
}
type Message = { answer: number; result?: unknown; error?: string } | { event: unknown };

/** `Answers`: by what a request has in `do`. */
export class RemoteControl<Request extends { do: string }, Answers extends Record<Request["do"], unknown>> {
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  private requests = 0;

  /** Runs the module `program` on `host`. */
  constructor(lan: Lan, host: string, program: string, onEvent: (event: unknown) => void = () => {}) {
    const command = ["netns", "exec", lan.namespace(host), process.execPath, program];
    this.child = spawn("ip", command, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.child.on("message", (message: Message) => {
      if ("event" in message) return onEvent(message.event);
      if (message.error === undefined) this.answered(message.answer)?.resolve(message.result);
      else this.answered(message.answer)?.reject(new Error(message.error));
    });
    this.child.once("exit", (code, signal) => {
      const error = new Error(`the process on ${host} ended (${signal ?? code}) before it answered`);
      for (const id of this.waiting.keys()) this.answered(id)?.reject(error);
    });
  }

  private answered(id: number) {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    return waiting;
  }

  ask<What extends Request["do"]>(request: Request & { do: What }): Promise<Answers[What]> {
    const id = ++this.requests;
    const answer = new Promise<Answers[What]>((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
    });
    this.child.send({ id, request } satisfies Asked);
    return answer;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Ends it, by default without a word. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (!this.running) return;
    const ended = once(this.child, "exit");
    this.child.kill(signal);
    await ended;
  }
}

/** In the process that is told: answers what it is asked, in a process that ends with its parent. */
export function serve<Request extends { do: string }>(perform: (request: Request) => unknown): void {
  const send = (message: Message) => process.send?.(message);
  process.on("message", async ({ id, request }: { id: number; request: Request }) => {
    try {
      send({ answer: id, result: await perform(request) });
    } catch (error) {
      send({ answer: id, error: String(error) });
    }
  });
  process.on("disconnect", () => process.exit());
}

export function tell(event: unknown): void {
  process.send?.({ event } satisfies Message);
}
