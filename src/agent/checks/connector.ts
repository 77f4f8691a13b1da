/**
 * Sockets of checks, by the addon's dialer: from a given address, port or interface, with a mark, and cheap enough for thousands a second.
 * What comes back is an ordinary socket of Node.
 */
import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isIP, Socket } from "node:net";
import { constants } from "node:os";
import { getSystemErrorMessage, getSystemErrorName } from "node:util";
import type { Dialer, DialOptions, DialResults, StartDialer } from "../native/dialer.ts";
import { Unasked } from "./probe.ts";

/** Whom a check asks, and where it comes from. */
export interface Target {
  /** Address, or a name. */
  host: string;
  port: number;
  sourceAddress?: string;
  sourcePort?: number;
  interface?: string;
  firewallMark?: number;
}

/** Hands over the descriptor, -1 when the connection was not to be kept. */
interface Waiting {
  resolve(descriptor: number): void;
  reject(error: Error): void;
}

export class Connector {
  readonly #start: StartDialer;
  readonly #waiting = new Map<number, Waiting>();
  #dialer: Dialer | undefined;

  constructor(start: StartDialer) {
    this.#start = start;
  }

  /** Resolves when a TCP connection has been opened, and reset. */
  probe(target: Target, signal: AbortSignal): Promise<unknown> {
    return this.#connect(target, "TCP", false, signal);
  }

  /** An open TCP connection. */
  async open(target: Target, signal: AbortSignal): Promise<Socket> {
    const socket = new Socket({ fd: await this.#connect(target, "TCP", true, signal) });
    const end = () => socket.destroy();
    signal.addEventListener("abort", end, { once: true });
    socket.once("close", () => signal.removeEventListener("abort", end));
    // It is the reader's to say what an error means; one that comes after that must not end the process.
    socket.on("error", () => {});
    return socket;
  }

  /** A UDP socket that is connected: it hears its target only, and errors that ICMP reports. */
  async openDatagram(target: Target, signal: AbortSignal): Promise<DatagramSocket> {
    const descriptor = await this.#connect(target, "UDP", true, signal);
    const socket = createSocket(isIP(target.host) === 6 ? "udp6" : "udp4");
    socket.on("error", () => {});
    try {
      await new Promise<void>((resolve) => socket.bind({ fd: descriptor }, resolve));
      await new Promise<void>((resolve, reject) => {
        socket.connect(target.port, target.host, ((error?: Error) => (error ? reject(error) : resolve())) as () => void);
      });
      return socket;
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /** Keeps the present descriptors of the process from the programs that it starts. */
  closeOnExec(): void {
    this.#open().closeOnExec();
  }

  close(): void {
    this.#dialer?.close();
    this.#dialer = undefined;
    for (const { reject } of this.#waiting.values()) reject(new Error("no more checks are made"));
    this.#waiting.clear();
  }

  #connect(target: Target, protocol: DialOptions["protocol"], keep: boolean, signal: AbortSignal): Promise<number> {
    const { host } = target;
    return isIP(host) === 0
      ? this.#connectByName(target, protocol, keep, signal)
      : this.#dial(optionsOf(target, host, protocol, keep), signal);
  }

  /** The addresses of a name are tried one after the other; the first error is the one that counts. */
  async #connectByName(target: Target, protocol: DialOptions["protocol"], keep: boolean, signal: AbortSignal): Promise<number> {
    const { host } = target;
    let failure: unknown;
    for (const { address } of await lookup(host, { all: true })) {
      try {
        return await this.#dial(optionsOf(target, address, protocol, keep), signal);
      } catch (error) {
        failure ??= error;
      }
    }
    throw failure ?? new Error(`${host} has no address`);
  }

  #dial(options: DialOptions, signal: AbortSignal): Promise<number> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const dialer = this.#open();
      const begun = dialer.dial(options);
      if (!begun.ok) {
        const isOurs = begun.error.operation !== "connect" || ownErrors.has(begun.error.errno);
        reject(isOurs ? new Unasked(begun.error.message) : connectError(begun.error.errno));
        return;
      }
      const giveUp = () => {
        dialer.cancel(begun.id);
        this.#waiting.delete(begun.id);
        reject(signal.reason);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      const settled = () => signal.removeEventListener("abort", giveUp);
      this.#waiting.set(begun.id, {
        resolve: (descriptor) => {
          settled();
          resolve(descriptor);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
    });
  }

  #open(): Dialer {
    if (this.#dialer) return this.#dialer;
    const started = this.#start((results) => this.#deliver(results));
    if (!started.ok) throw new Unasked(started.error.message);
    this.#dialer = started.dialer;
    return this.#dialer;
  }

  #deliver(results: DialResults): void {
    for (let index = 0; index < results.length; index += 3) {
      const [id = 0, errno = 0, descriptor = -1] = results.slice(index, index + 3);
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (errno === 0) waiting?.resolve(descriptor);
      else waiting?.reject(connectError(errno));
    }
  }
}

/** Field by field: copies of objects with holes are slow, and there are thousands a second. */
function optionsOf(target: Target, address: string, protocol: DialOptions["protocol"], keep: boolean): DialOptions {
  const { port, sourceAddress, sourcePort, interface: device, firewallMark } = target;
  return { protocol, address, port, sourceAddress, sourcePort, interface: device, firewallMark, keep };
}

/** Of connect(2): the node has no port or memory left, or not the address. Of the server it says nothing. */
const { EADDRNOTAVAIL, EAGAIN, ENOBUFS, ENOMEM } = constants.errno;
const ownErrors = new Set<number>([EADDRNOTAVAIL, EAGAIN, ENOBUFS, ENOMEM]);

/** As Node words it: "connect ECONNREFUSED: connection refused". */
function connectError(errno: number): Error {
  return new Error(`connect ${getSystemErrorName(-errno)}: ${getSystemErrorMessage(-errno)}`);
}
