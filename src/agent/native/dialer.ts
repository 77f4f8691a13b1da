/** Connections of health checks: options that Node's own sockets do not have, and thousands of them a second. */
import type { CoreError } from "./core.ts";

export interface DialOptions {
  /** A UDP socket is made and bound; who gets it connects it. */
  protocol: "TCP" | "UDP";
  address: string;
  port: number;
  sourceAddress?: string;
  /** Its connection is reset when it is closed, so that the port is free for the next one. */
  sourcePort?: number;
  /** Needs CAP_NET_RAW. A link-local address needs it. */
  interface?: string;
  /** Needs CAP_NET_ADMIN. */
  firewallMark?: number;
  /** False: all that is wanted is whether the connection opens; it is reset at once, which leaves no TIME_WAIT behind. */
  keep: boolean;
}

/** In the event loop, without a thread of its own. It keeps the loop alive while connections are under way. */
export interface Dialer {
  /** No program that this process starts gets any of its present descriptors: not all libraries open theirs so. */
  closeOnExec(): void;
  /** Begins a connection; its end is told to `onResults` in a later turn. */
  dial(options: DialOptions): { ok: true; id: number } | { ok: false; error: CoreError };
  /** Gives up: no result comes. Harmless after the result. */
  cancel(id: number): void;
  /** Gives up all. */
  close(): void;
}

/**
 * Of each connection that has been decided three numbers: its id, an errno (0: it stands), and the descriptor (-1 unless it stands and was
 * to be kept), which is the listener's own from then on.
 */
export type DialResults = number[];
export type StartDialer = (onResults: (results: DialResults) => void) => { ok: true; dialer: Dialer } | { ok: false; error: CoreError };
