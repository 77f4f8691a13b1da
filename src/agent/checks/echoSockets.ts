/**
 * Echo requests over raw sockets: all of a node share one per family, interface and mark. The package raw-socket is compiled when it is
 * installed; where that failed, checks that want it say so.
 */
import { randomBytes, randomInt } from "node:crypto";
import { isIPv6 } from "node:net";
import type { RawSocket, RawSocketModule } from "raw-socket";
import { canonicalAddress } from "../../api/ipAddress.ts";
import { decodeEchoReply, encodeEchoRequest, type IcmpFamily, icmpOf, payloadBytes } from "./icmp.ts";
import { Unasked } from "./probe.ts";

export interface EchoTarget {
  /** An address. */
  address: string;
  interface?: string;
  firewallMark?: number;
}

interface Waiting {
  address: string;
  payload: Buffer;
  answered(): void;
}

interface Channel {
  socket: RawSocket;
  waiting: Map<number, Waiting>;
  nextSequence: number;
}

/** SOL_SOCKET of Linux. */
const socketLevel = 1;
const optionNumbers = { bindToDevice: 25, receiveBufferForce: 33, mark: 36 };
/** Replies of thousands of hosts may come at once. */
const receiveBuffer = 4 * 2 ** 20;

export class EchoSockets {
  readonly #closeOnExec: () => void;
  /** Tells our requests from those of other programs. */
  readonly #identifier = randomInt(1, 0x10000);
  readonly #channels = new Map<string, Promise<Channel>>();
  #module: Promise<RawSocketModule> | undefined;

  /** @param closeOnExec keeps raw sockets from the programs of other checks. */
  constructor(closeOnExec: () => void) {
    this.#closeOnExec = closeOnExec;
  }

  /** Resolves when the target has answered. Rejects when the request cannot be sent, or when `signal` is aborted. */
  async ping({ address, ...options }: EchoTarget, signal: AbortSignal): Promise<void> {
    // As the source of an answer is written.
    const target = { ...options, address: canonicalAddress(address) };
    const channel = await this.#channel(target);
    signal.throwIfAborted();
    const sequence = freeSequence(channel);
    const payload = randomBytes(payloadBytes);
    const request = encodeEchoRequest(icmpOf(target.address), this.#identifier, sequence, payload);
    await new Promise<void>((resolve, reject) => {
      const giveUp = () => {
        channel.waiting.delete(sequence);
        reject(signal.reason);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      const end = () => {
        channel.waiting.delete(sequence);
        signal.removeEventListener("abort", giveUp);
      };
      const answered = () => {
        end();
        resolve();
      };
      channel.waiting.set(sequence, { address: target.address, payload, answered });
      channel.socket.send(request, 0, request.length, target.address, (error) => {
        if (!error) return;
        end();
        reject(error);
      });
    });
  }

  close(): void {
    for (const channel of this.#channels.values())
      void channel.then(
        ({ socket }) => socket.close(),
        () => {},
      );
    this.#channels.clear();
  }

  #channel(target: EchoTarget): Promise<Channel> {
    const key = JSON.stringify([isIPv6(target.address), target.interface, target.firewallMark]);
    let channel = this.#channels.get(key);
    if (!channel) {
      channel = this.#open(target, key);
      this.#channels.set(key, channel);
      // The next one tries again: a capability may be given, an interface come.
      channel.catch(() => this.#channels.delete(key));
    }
    return channel;
  }

  async #open({ address, interface: device, firewallMark }: EchoTarget, key: string): Promise<Channel> {
    this.#module ??= loadModule();
    const raw = await this.#module;
    const icmp = icmpOf(address);
    const isV6 = isIPv6(address);
    const socket = openSocket(raw, icmp, isV6, device, firewallMark);
    this.#closeOnExec();
    const channel: Channel = { socket, waiting: new Map(), nextSequence: randomInt(0x10000) };
    socket.on("message", (packet, source) => {
      const reply = decodeEchoReply(icmp, packet);
      const waiting = reply?.identifier === this.#identifier ? channel.waiting.get(reply.sequence) : undefined;
      if (waiting && waiting.address === source && reply?.payload.equals(waiting.payload)) waiting.answered();
    });
    // The next request opens another. Of some errors the package closes it, of others it does not.
    socket.on("error", () => {
      this.#channels.delete(key);
      socket.close();
    });
    return channel;
  }
}

function openSocket(
  raw: RawSocketModule,
  icmp: IcmpFamily,
  isV6: boolean,
  device: string | undefined,
  firewallMark: number | undefined,
): RawSocket {
  try {
    const socket = raw.createSocket({
      addressFamily: isV6 ? raw.AddressFamily.IPv6 : raw.AddressFamily.IPv4,
      protocol: isV6 ? raw.Protocol.ICMPv6 : raw.Protocol.ICMP,
    });
    socket.setOption(icmp.filter.level, icmp.filter.option, icmp.filter.value, icmp.filter.value.length);
    if (device !== undefined) {
      const name = Buffer.from(`${device}\0`);
      socket.setOption(socketLevel, optionNumbers.bindToDevice, name, name.length);
    }
    forceReceiveBuffer(socket);
    if (firewallMark !== undefined) socket.setOption(socketLevel, optionNumbers.mark, firewallMark);
    return socket;
  } catch (error) {
    throw new Unasked(`ICMP: ${(error as Error).message}`, { cause: error });
  }
}

/** Without CAP_NET_ADMIN it stays as small as it is. */
function forceReceiveBuffer(socket: RawSocket): void {
  try {
    socket.setOption(socketLevel, optionNumbers.receiveBufferForce, receiveBuffer);
  } catch {
    // Answers of very many hosts at once may then be lost.
  }
}

async function loadModule(): Promise<RawSocketModule> {
  try {
    const loaded = await import("raw-socket");
    return loaded.default;
  } catch (error) {
    throw new Unasked(`the package raw-socket cannot be used: ${(error as Error).message.split("\n")[0]}`, { cause: error });
  }
}

/** Those of requests that still wait are left out. */
function freeSequence(channel: Channel): number {
  do channel.nextSequence = (channel.nextSequence + 1) & 0xffff;
  while (channel.waiting.has(channel.nextSequence));
  return channel.nextSequence;
}
