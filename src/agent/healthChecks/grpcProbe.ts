/** grpc.health.v1.Health/Check answers SERVING. Its two messages of one field each are written by hand: a library would be a megabyte. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import type { Socket } from "node:net";
import type { Connector, Target } from "../checks/connector.ts";
import { badOutcome, failed, goodOutcome, type Outcome, type Probe } from "../checks/probe.ts";
import { secure, type TlsOptions } from "../checks/tls.ts";
import { decodeHealthReply, encodeHealthRequest } from "./grpcMessages.ts";

export interface GrpcSubject {
  target: Target;
  service: string;
  tls?: TlsOptions;
}

/** Of an answer that is looked at: a status and a name of nothing. */
const answerBytes = 4096;
/** A server must not fill the node's memory: megabytes of a session, streams that nobody asked for. */
const limits = { maxSessionMemory: 1, settings: { enablePush: false } };

export class GrpcProbe implements Probe {
  readonly #subject: GrpcSubject;
  readonly #connector: Connector;

  constructor(subject: GrpcSubject, connector: Connector) {
    this.#subject = subject;
    this.#connector = connector;
  }

  async run(signal: AbortSignal): Promise<Outcome | undefined> {
    const { target, tls } = this.#subject;
    let plain: Socket | undefined;
    let session: ClientHttp2Session | undefined;
    try {
      plain = await this.#connector.open(target, signal);
      const socket = tls ? await secure(plain, target.host, { ...tls, protocols: ["h2"] }) : plain;
      session = connect(`${tls ? "https" : "http"}://${authority(target)}`, { ...limits, createConnection: () => socket });
      return await this.#check(session);
    } catch (error) {
      return failed(error);
    } finally {
      session?.destroy();
      plain?.destroy();
    }
  }

  #check(session: ClientHttp2Session): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      session.on("error", reject);
      // A server that ends the connection before it has answered.
      session.once("close", () => reject(new Error("the connection was closed")));
      const stream = session.request({
        [constants.HTTP2_HEADER_METHOD]: "POST",
        [constants.HTTP2_HEADER_PATH]: "/grpc.health.v1.Health/Check",
        [constants.HTTP2_HEADER_CONTENT_TYPE]: "application/grpc",
        [constants.HTTP2_HEADER_TE]: "trailers",
        [constants.HTTP2_HEADER_USER_AGENT]: "aloft-check",
      });
      stream.on("error", reject);
      collect(stream, resolve);
      stream.end(encodeHealthRequest(this.#subject.service));
    });
  }
}

function collect(stream: ClientHttp2Stream, done: (outcome: Outcome) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let status = 0;
  // Without a message the trailers are the headers.
  let grpcStatus: unknown;
  let grpcMessage: unknown;
  const note = (headers: Record<string, unknown>) => {
    grpcStatus = headers["grpc-status"] ?? grpcStatus;
    grpcMessage = headers["grpc-message"] ?? grpcMessage;
  };
  stream.on("response", (headers) => {
    status = Number(headers[constants.HTTP2_HEADER_STATUS]);
    note(headers);
  });
  stream.on("trailers", note);
  stream.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes > answerBytes) done(badOutcome("the answer has no end"));
  });
  stream.on("end", () => done(judge(status, grpcStatus, grpcMessage, Buffer.concat(chunks))));
}

function judge(status: number, grpcStatus: unknown, grpcMessage: unknown, body: Buffer): Outcome {
  if (status !== 200) return badOutcome(status === 0 ? "the connection was closed" : `status ${status}`);
  if (grpcStatus === undefined) return badOutcome("no gRPC status");
  if (grpcStatus !== "0") return badOutcome(`gRPC status ${grpcStatus}${grpcMessage ? `: ${String(grpcMessage).slice(0, 80)}` : ""}`);
  const serving = decodeHealthReply(body);
  return serving === "SERVING" ? goodOutcome : badOutcome(serving);
}

function authority({ host, port }: Target): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
