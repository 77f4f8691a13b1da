/** VirtualServers that a file gives: all that there is to know of them. */
import type { NodeVirtualServer } from "../../api/nodeAgent.ts";
import type { TlsMaterial } from "../checks/tls.ts";
import type { ServerSource } from "../serverSource.ts";
import type { Endpoint, ResolvedVirtualServer } from "../virtualServers/resolvedVirtualServer.ts";

export class FixedServers implements ServerSource {
  readonly #virtualServers: readonly ResolvedVirtualServer[];
  readonly certificates: (name: string) => TlsMaterial | undefined;

  constructor(virtualServers: readonly ResolvedVirtualServer[], certificates: (name: string) => TlsMaterial | undefined) {
    this.#virtualServers = virtualServers;
    this.certificates = certificates;
  }

  use(): Promise<void> {
    return Promise.resolve();
  }

  virtualServers(): readonly ResolvedVirtualServer[] {
    return this.#virtualServers;
  }

  unknown(): readonly NodeVirtualServer[] {
    return [];
  }

  endpoints(): ReadonlyMap<string, readonly Endpoint[]> {
    return new Map();
  }

  doubts(): ReadonlyMap<string, string> {
    return new Map();
  }
}
