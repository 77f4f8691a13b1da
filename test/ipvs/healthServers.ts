/**
 * Real servers that do as they are told: each port has a way to answer. Runs inside the network namespace of a node; says "ready".
 *
 *   node test/ipvs/healthServers.ts FILE: [[PORT, BEHAVIOUR], …] as JSON
 */
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { createServer as createSecureServer } from "node:tls";

export type Behaviour =
  /** Accepts connections and keeps silent. */
  | { kind: "silent" }
  /** Answers each request with this text, and closes. With TLS by the certificate and key of a file. */
  | { kind: "web"; answer: string; pem?: string }
  /** Says the banner, then to each line the reply of its first four letters. */
  | { kind: "mail"; banner: string; replies: Record<string, string> }
  /** Answers a datagram by these bytes; with none it keeps silent. */
  | { kind: "datagram"; reply?: string }
  /** Answers a query by its own bytes, with these flags; `xor`: on its id. */
  | { kind: "name"; flags: number; xor?: number };

const tcp: { [Kind in "silent" | "web" | "mail"]: (socket: Socket, behaviour: Extract<Behaviour, { kind: Kind }>) => void } = {
  silent: () => {},
  web: (socket, { answer }) => void socket.once("data", () => socket.end(answer)),
  mail: (socket, { banner, replies }) => {
    socket.write(banner);
    socket.on("data", (chunk) => {
      for (const line of chunk.toString().split("\r\n")) socket.write(replies[line.slice(0, 4)] ?? "");
    });
  },
};

function replyTo(query: Buffer, behaviour: Extract<Behaviour, { kind: "datagram" | "name" }>): Buffer | undefined {
  if (behaviour.kind === "datagram") return behaviour.reply === undefined ? undefined : Buffer.from(behaviour.reply, "hex");
  query.writeUInt16BE(query.readUInt16BE(0) ^ (behaviour.xor ?? 0), 0);
  query.writeUInt16BE(behaviour.flags, 2);
  return query;
}

function listen(port: number, behaviour: Behaviour): Promise<void> {
  if (behaviour.kind === "datagram" || behaviour.kind === "name") {
    const socket = createSocket("udp4");
    socket.on("message", (message, { port: to, address }) => {
      const reply = replyTo(message, behaviour);
      if (reply) socket.send(reply, to, address);
    });
    return new Promise((resolve) => socket.bind(port, resolve));
  }
  const onSocket = (socket: Socket) => {
    socket.on("error", () => socket.destroy());
    (tcp[behaviour.kind] as (socket: Socket, behaviour: Behaviour) => void)(socket, behaviour);
  };
  const pem = behaviour.kind === "web" && behaviour.pem !== undefined ? readFileSync(behaviour.pem, "utf8") : undefined;
  const server = pem === undefined ? createServer(onSocket) : createSecureServer({ cert: pem, key: pem }, onSocket);
  return new Promise((resolve) => server.listen(port, resolve));
}

const [file] = process.argv.slice(2);
if (file !== undefined) {
  const ports = JSON.parse(readFileSync(file, "utf8")) as [number, Behaviour][];
  await Promise.all(ports.map(([port, behaviour]) => listen(port, behaviour)));
  process.stdout.write("ready\n");
}
