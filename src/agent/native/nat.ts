/** The agent's own table of nf_tables. */
import type { CoreError, CoreResult } from "./core.ts";

export interface NatKey {
  protocol: "TCP" | "UDP" | "SCTP";
  address: string;
  port: number;
}

export interface NatTranslation extends NatKey {
  /** Connections of one client go to one target. */
  byClient?: boolean;
  /** Of the family of the address. */
  targets: { address: string; port: number }[];
}

export interface NatRules {
  /** Connections to these that are passed on, to another node or pod, come from the node instead of from their clients. */
  masqueraded: NatKey[];
  /** Packets to these go to one of the targets, chosen for each connection, unless the address is the node's own. */
  translations: NatTranslation[];
}

/** All wait for the kernel in a thread of the pool. */
export interface Nat {
  /** Puts the table "inet aloft" with these rules in the place of the one that may stand, at once. */
  replaceNat(rules: NatRules): Promise<CoreResult>;
  /** Succeeds when there is none. */
  removeNat(): Promise<CoreResult>;
  /** A number that changes whenever anybody changes any table. */
  natGeneration(): Promise<{ ok: true; generation: number } | { ok: false; error: CoreError }>;
  /** `digest`: another one when what stands in the table is something else; "0" when it does not stand. */
  readNat(): Promise<{ ok: true; generation: number; digest: string } | { ok: false; error: CoreError }>;
}
