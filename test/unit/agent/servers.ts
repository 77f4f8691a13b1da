/** Servers on the loopback interface. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { temporaryDirectory } from "./stateFiles.ts";

/** Listens on a free port until the test ends. */
export async function listen(context: TestContext, server: Server, host = "127.0.0.1"): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, resolve);
  });
  context.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A server that does with each connection what the test says; the connections are closed when it ends. */
export async function serveSockets(context: TestContext, onSocket: (socket: Socket) => void, host?: string): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onSocket(socket);
  });
  context.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  return listen(context, server, host);
}

/** A port that nobody listens on. */
export async function refusingPort(context: TestContext): Promise<number> {
  const server = createServer();
  const port = await listen(context, server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A certificate for a name that has signed itself. */
export function makeCertificate(context: TestContext, name: string): { key: string; cert: string } {
  const directory = temporaryDirectory(context);
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  execFileSync("openssl", ["req", "-x509", ...kind, "-keyout", key, "-out", cert, ...subject], { stdio: "ignore" });
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}
