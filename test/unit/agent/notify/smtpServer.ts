import { type AddressInfo, createServer, type Socket } from "node:net";

export interface Received {
  helo: string;
  from: string;
  to: string[];
  /** Header lines, unfolded. */
  headers: string[];
  text: string;
}

export interface SmtpServerOptions {
  /** Answers instead of the usual one: the command's first word, in capitals, or "GREETING" → a whole reply, or undefined for silence. */
  answer?: (word: string) => string | undefined | "usual";
  port?: number;
}

const usual: Record<string, string> = {
  GREETING: "220 relay.example.com ESMTP",
  EHLO: "250 relay.example.com",
  HELO: "250 relay.example.com",
  MAIL: "250 ok",
  RCPT: "250 ok",
  DATA: "354 go on",
  TEXT: "250 taken",
  QUIT: "221 bye",
};

/** A mail relay on 127.0.0.1 that keeps what it is given (RFC 5321, as far as a sender needs it). */
export async function startSmtpServer(context: { after(end: () => void): void }, options: SmtpServerOptions = {}) {
  const mails: Received[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket, mails, options.answer ?? (() => "usual"));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  context.after(close);
  return { port: (server.address() as AddressInfo).port, mails, close, connections: () => sockets.size };
}

function serve(socket: Socket, mails: Received[], answer: (word: string) => string | undefined): void {
  let mail: Received = { helo: "", from: "", to: [], headers: [], text: "" };
  let data: string[] | undefined;
  let rest = "";
  const reply = (word: string) => {
    const given = answer(word);
    const line = given === "usual" ? (usual[word] ?? "502 what?") : given;
    if (line !== undefined) socket.write(`${line}\r\n`);
  };
  const commands: Record<string, (line: string) => void> = {
    EHLO: (line) => {
      mail = { ...mail, helo: line.slice(5) };
    },
    MAIL: (line) => {
      mail = { ...mail, from: /<(.*?)>/.exec(line)?.[1] ?? "" };
    },
    RCPT: (line) => {
      mail = { ...mail, to: [...mail.to, /<(.*?)>/.exec(line)?.[1] ?? ""] };
    },
    DATA: () => {
      data = [];
    },
  };
  const onLine = (line: string) => {
    if (!data) {
      const word = line.slice(0, 4).toUpperCase();
      commands[word]?.(line);
      return reply(word);
    }
    if (line !== ".") return void data.push(line.replace(/^\./, ""));
    mails.push({ ...mail, ...splitMessage(data.join("\r\n")) });
    data = undefined;
    reply("TEXT");
  };
  socket.on("data", (chunk) => {
    const lines = (rest + chunk.toString()).split("\r\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  reply("GREETING");
}

function splitMessage(message: string): { headers: string[]; text: string } {
  const end = message.indexOf("\r\n\r\n");
  return {
    headers: message
      .slice(0, end)
      .replace(/\r\n[ \t]+/g, " ")
      .split("\r\n"),
    text: message.slice(end + 4).trim(),
  };
}
