/** The real servers of samples, on all addresses of their host: web, web with TLS, mail, names, and ports that take what comes. */
import { createSocket } from "node:dgram";
import { createServer as createWebServer, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { createServer, type Server, type Socket } from "node:net";
import packet from "dns-packet";
import { makeCertificate } from "./certificate.ts";

/** What the digest of the tests is made from. */
export const healthPage = "healthy\n";

const place = ({ localAddress, localPort }: Socket) => `${localAddress?.replace("::ffff:", "")}:${localPort}`;
const note = (socket: Socket, what: string) => console.log(`${place(socket)} ${what}`);

const page: RequestListener = (request, response) => {
  note(request.socket, `${request.method} ${request.url}`);
  response.end(request.url === "/healthz" ? healthPage : "ok\n");
};

/** As far as a check goes. */
function mail(socket: Socket): void {
  socket.on("error", () => socket.destroy());
  socket.write("220 ready\r\n");
  socket.on("data", (chunk) => {
    const line = chunk.toString().trim();
    note(socket, line);
    if (line.startsWith("QUIT")) socket.end("221 bye\r\n");
    else socket.write("250 ok\r\n");
  });
}

/** Sends back what `reply` makes of each datagram, from the address that it came to. */
function listenUdp(address: string, port: number, reply: (message: Buffer) => Uint8Array): Promise<void> {
  const socket = createSocket("udp4", (message, client) => socket.send(reply(message), client.port, client.address));
  return new Promise((resolve) => socket.bind(port, address, resolve));
}

function nameServer(message: Buffer): Uint8Array {
  const { id, questions } = packet.decode(message);
  return packet.encode({ type: "response", id, questions });
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve) => server.listen({ port, host: "::" }, resolve));
}

const tcpPorts = [8001, 8002, 8003, 8004, 8005, 8006, 8007];

if (process.argv[1] === import.meta.filename) {
  await Promise.all([
    ...[80, 8080].map((port) => listen(createWebServer(page), port)),
    listen(createSecureServer(makeCertificate("server"), page), 8443),
    listen(createServer(mail), 25),
    ...["10.10.10.13", "10.10.10.14"].flatMap((address) => [
      listenUdp(address, 8006, () => Buffer.from("yes")),
      listenUdp(address, 53, nameServer),
    ]),
    ...tcpPorts.map((port) =>
      listen(
        createServer((socket) => socket.on("error", () => socket.destroy()).resume()),
        port,
      ),
    ),
  ]);
  console.log("ready");
  process.on("SIGTERM", () => process.exit());
}
