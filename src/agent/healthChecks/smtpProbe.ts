/** The banner of a mail server is 220, it answers EHLO, or else HELO, with 250; then QUIT. */
import type { Socket } from "node:net";
import type { Connector, Target } from "../checks/connector.ts";
import { badOutcome, failed, goodOutcome, type Outcome, type Probe } from "../checks/probe.ts";

/** RFC 5321 allows 512 to a line; a reply has a line per extension. */
const replyBytes = 16_384;

export class SmtpProbe implements Probe {
  readonly #target: Target;
  readonly #name: string;
  readonly #connector: Connector;

  constructor(target: Target, name: string, connector: Connector) {
    this.#target = target;
    // A line break would be another command.
    this.#name = name.replaceAll(/[\r\n]/g, "");
    this.#connector = connector;
  }

  async run(signal: AbortSignal): Promise<Outcome | undefined> {
    let socket: Socket | undefined;
    try {
      socket = await this.#connector.open(this.#target, signal);
      return await this.#talk(socket);
    } catch (error) {
      return failed(error);
    } finally {
      socket?.end();
      socket?.destroySoon();
    }
  }

  async #talk(socket: Socket): Promise<Outcome> {
    const replies = readReplies(socket);
    const ask = async (line?: string) => {
      if (line !== undefined) socket.write(`${line}\r\n`);
      const { value } = await replies.next();
      return value ?? "";
    };
    const banner = await ask();
    if (!banner.startsWith("220")) return badOutcome(`banner: ${quote(banner)}`);
    let greeting = await ask(`EHLO ${this.#name}`);
    if (greeting.startsWith("5")) greeting = await ask(`HELO ${this.#name}`);
    if (!greeting.startsWith("250")) return badOutcome(`EHLO: ${quote(greeting)}`);
    socket.write("QUIT\r\n");
    return goodOutcome;
  }
}

/** The last line of each reply: those before it have a hyphen behind the code. */
async function* readReplies(socket: Socket): AsyncGenerator<string, string> {
  let text = "";
  for await (const chunk of socket) {
    text += (chunk as Buffer).toString("latin1");
    if (text.length > replyBytes) throw new Error("the reply has no end");
    let end = text.indexOf("\n");
    for (; end >= 0; end = text.indexOf("\n")) {
      const line = text.slice(0, end).trimEnd();
      text = text.slice(end + 1);
      if (line[3] !== "-") yield line;
    }
  }
  throw new Error("the connection was closed");
}

function quote(line: string): string {
  return JSON.stringify(line.slice(0, 80));
}
