/** Servers that do as they are told: each port is well, or fails in a way of its own. */
import { createServer as createWebServer, type RequestListener } from "node:http";
import { createServer as createSecureServer, type Server as SecureServer } from "node:https";
import { createServer, type Server, type Socket } from "node:net";
import { serve } from "../support/remoteControl.ts";
import { makeCertificate } from "./certificate.ts";

export type Kind = "tcp" | "http" | "https";
/** "slow": late, but in time. "late": too late. "certificate": one that nobody knows. */
export type Behaviour = "well" | "refusing" | "hanging" | "slow" | "late" | "status" | "body" | "reset" | "certificate";

export const goodPage = "all is well\n";
export const serverName = "server.test";
export const [slowMs, lateMs] = [150, 4000];

export type Request =
  | { do: "listen"; kind: Kind; port: number }
  | { do: "behave"; port: number; as: Behaviour }
  /** When requests came that had no answer in time: wall clock, ms since the epoch. */
  | { do: "unanswered"; port: number };

export interface Answers {
  /** The certificate of its authority. */
  listen: string;
  behave: undefined;
  unanswered: number[];
}

interface Faulty {
  server: Server | SecureServer;
  kind: Kind;
  as: Behaviour;
  open: Set<Socket>;
  unanswered: number[];
}

const ports = new Map<number, Faulty>();
const certificates = process.send ? { known: makeCertificate(serverName), unknown: makeCertificate(serverName) } : undefined;

const answer =
  (port: number): RequestListener =>
  async (request, response) => {
    const { as, unanswered = [] } = ports.get(port) ?? {};
    if (as === "hanging" || as === "late") unanswered.push(Date.now());
    if (as === "hanging") return;
    if (as === "reset") return void request.socket.resetAndDestroy();
    if (as === "slow" || as === "late") await new Promise((resolve) => setTimeout(resolve, as === "slow" ? slowMs : lateMs));
    response.statusCode = as === "status" ? 503 : 200;
    response.end(as === "body" ? "out of order\n" : goodPage);
  };

function make(kind: Kind, port: number): Server | SecureServer {
  if (kind === "tcp") return createServer((socket) => socket.on("error", () => socket.destroy()).resume());
  return kind === "http" ? createWebServer(answer(port)) : createSecureServer(certificates?.known ?? {}, answer(port));
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve) => server.listen({ port, host: "::" }, resolve));
}

async function behave({ server, open, ...before }: Faulty, port: number, as: Behaviour): Promise<void> {
  ports.set(port, { ...before, server, open, as });
  if (before.as === "refusing") await listen(server, port);
  if (as === "refusing") {
    server.close();
    for (const socket of open) socket.destroy();
  }
  if ("setSecureContext" in server && certificates)
    server.setSecureContext(as === "certificate" ? certificates.unknown : certificates.known);
}

if (process.send) {
  serve(async (request: Request) => {
    const { port } = request;
    if (request.do === "listen") {
      const server = make(request.kind, port);
      const open = new Set<Socket>();
      server.on("connection", (socket: Socket) => {
        open.add(socket);
        socket.once("close", () => open.delete(socket));
      });
      ports.set(port, { server, kind: request.kind, as: "well", open, unanswered: [] });
      await listen(server, port);
      return certificates?.known.cert;
    }
    const faulty = ports.get(port);
    if (request.do === "unanswered") return faulty?.unanswered;
    if (faulty) await behave(faulty, port, request.as);
  });
}
