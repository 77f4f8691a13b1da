/** One datagram to a server, and the first answer that is taken for one. */
import type { Connector, Target } from "../checks/connector.ts";

export interface Exchange<Answer> {
  target: Target;
  payload: Buffer;
  /** Undefined: it is none, and others are waited for. */
  read(reply: Buffer): Answer | undefined;
}

/** Rejects when the system or ICMP says that it cannot be delivered, and when `signal` is aborted. */
export async function ask<Answer>(connector: Connector, { target, payload, read }: Exchange<Answer>, signal: AbortSignal): Promise<Answer> {
  const socket = await connector.openDatagram(target, signal);
  try {
    signal.throwIfAborted();
    return await new Promise<Answer>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      socket.on("error", reject);
      socket.on("message", (reply) => {
        const answer = read(reply);
        if (answer !== undefined) resolve(answer);
      });
      socket.send(payload, (error) => {
        if (error) reject(error);
      });
    });
  } finally {
    socket.close();
  }
}
