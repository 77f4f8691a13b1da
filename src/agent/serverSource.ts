import type { NodeVirtualServer } from "../api/nodeAgent.ts";
import type { TlsMaterial } from "./checks/tls.ts";
import type { Endpoint, ResolvedVirtualServer } from "./virtualServers/resolvedVirtualServer.ts";

/** Who knows the VirtualServers that a configuration names. */
export interface ServerSource {
  /** From now on these are named. Resolves when what is known of them can be asked for. */
  use(named: readonly NodeVirtualServer[]): Promise<void>;
  /** In the order in which they are named; without those of which nothing is known. */
  virtualServers(): readonly ResolvedVirtualServer[];
  /** Those of which nothing is known. */
  unknown(): readonly NodeVirtualServer[];
  /** By nameOf(). */
  endpoints(): ReadonlyMap<string, readonly Endpoint[]>;
  /** Why what is known of them is not what it should be, by nameOf(). */
  doubts(): ReadonlyMap<string, string>;
  certificates(name: string): TlsMaterial | undefined;
}
