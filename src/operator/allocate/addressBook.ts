/** Who has which address while addresses are given: what is recorded, and what was given since. */
import { mostSharers } from "../../api/addressPoolStatus.ts";
import type { Family } from "../../api/ipAddress.ts";
import type { AddressRefusal, PoolClaim, ServiceClaim } from "./serviceClaims.ts";

interface Entry {
  pool: string;
  /** Services that it is recorded for; it is nobody else's until they have given it up. */
  recorded: readonly string[];
  /** Those that have it from now on. */
  holders: readonly ServiceClaim[];
}

const nobody: readonly ServiceClaim[] = [];

export class AddressBook {
  readonly #pools: ReadonlyMap<string, PoolClaim>;
  readonly #entries = new Map<string, Entry>();
  readonly #recorded = new Map<string, { pool: string; address: string }[]>();
  readonly #counts = new Map<string, number>();
  /** Addresses by what may share them: pool, family and key. */
  readonly #shared = new Map<string, Set<string>>();

  constructor(pools: readonly PoolClaim[]) {
    this.#pools = new Map(pools.map((pool) => [pool.name, pool]));
    for (const { name: pool, assignments } of [...pools].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      for (const { address, services } of assignments) {
        if (this.#entries.has(address)) continue;
        this.#entries.set(address, { pool, recorded: services, holders: nobody });
        this.#count(pool, 1);
        for (const service of services) this.#recorded.set(service, [...(this.#recorded.get(service) ?? []), { pool, address }]);
      }
    }
  }

  recordedOf(service: string): readonly { pool: string; address: string }[] {
    return this.#recorded.get(service) ?? [];
  }

  /** Whether anybody has the address, or it is still being given up. */
  isKnown(address: string): boolean {
    return this.#entries.has(address);
  }

  isFull({ name, most }: PoolClaim): boolean {
    return (this.#counts.get(name) ?? 0) >= most;
  }

  /** Why the Service cannot have the address; it may have it when others share it with him. */
  objection(pool: string, address: string, service: ServiceClaim): AddressRefusal | undefined {
    const entry = this.#entries.get(address);
    if (!entry) return undefined;
    if (entry.recorded.includes(service.key) && entry.holders.length === 0) return undefined;
    const [holder] = entry.holders;
    // What its status says it was told once it was recorded for it: later than for whom it is recorded now.
    if (!holder && service.present.includes(address)) return undefined;
    if (!holder) {
      const message = `${address} was given to Service ${entry.recorded.join(", ") || "another"} and is being given up`;
      return { reason: "AddressTaken", message };
    }
    // Who is giving it up is recorded for it, too, and a record holds no more.
    const sharers = entry.recorded.length < mostSharers ? [] : entry.recorded.filter((key) => key !== service.key);
    if (sharers.length >= mostSharers)
      return { reason: "AddressTaken", message: `${address} is shared by ${sharers.length} Services already` };
    return this.#objectionToSharing(pool, address, service, entry.holders);
  }

  /** Gives it; or says why not. */
  join(pool: string, address: string, service: ServiceClaim): AddressRefusal | undefined {
    const objection = this.objection(pool, address, service);
    if (objection) return objection;
    const entry = this.#entries.get(address) ?? { pool, recorded: [], holders: nobody };
    if (!this.#entries.has(address)) this.#count(pool, 1);
    if (!entry.holders.some(({ key }) => key === service.key)) entry.holders = [...entry.holders, service];
    this.#entries.set(address, entry);
    if (service.sharingKey !== undefined) this.#sharersOf(entry.pool, address, service.sharingKey).add(address);
    return undefined;
  }

  /** What is recorded stays known: others get it once the record has changed. */
  leave(address: string, service: string): void {
    const entry = this.#entries.get(address);
    if (!entry?.holders.some(({ key }) => key === service)) return;
    entry.holders = entry.holders.filter(({ key }) => key !== service);
    if (entry.holders.length > 0 || entry.recorded.length > 0) return;
    this.#entries.delete(address);
    this.#count(entry.pool, -1);
  }

  /** The first address that others of the same key have and that has room for the ports. */
  shareable(pool: PoolClaim, family: Family, service: ServiceClaim): string | undefined {
    if (service.sharingKey === undefined) return undefined;
    const known = this.#shared.get(sharingPlace(pool.name, family, service.sharingKey)) ?? [];
    return [...known].find(
      (address) => this.#entries.get(address)?.holders.length && this.objection(pool.name, address, service) === undefined,
    );
  }

  #objectionToSharing(pool: string, address: string, service: ServiceClaim, holders: readonly ServiceClaim[]): AddressRefusal | undefined {
    const { sharing = "Disabled" } = this.#pools.get(pool) ?? {};
    const others = holders.filter(({ key }) => key !== service.key);
    if (others.length >= mostSharers)
      return { reason: "AddressTaken", message: `${address} is shared by ${others.length} Services already` };
    for (const other of others) {
      const isAllowed = sharing === "Cluster" || (sharing === "Namespace" && other.namespace === service.namespace);
      if (!isAllowed || service.sharingKey === undefined || other.sharingKey !== service.sharingKey) {
        return { reason: "AddressTaken", message: `${address} belongs to Service ${other.key}` };
      }
      const port = service.ports.find((each) => other.ports.includes(each));
      if (port !== undefined) return { reason: "PortTaken", message: `${port} of ${address} belongs to Service ${other.key}` };
    }
    return undefined;
  }

  #sharersOf(pool: string, address: string, key: string): Set<string> {
    const place = sharingPlace(pool, address.includes(":") ? "IPv6" : "IPv4", key);
    const known = this.#shared.get(place) ?? new Set();
    this.#shared.set(place, known);
    return known;
  }

  #count(pool: string, change: number): void {
    this.#counts.set(pool, (this.#counts.get(pool) ?? 0) + change);
  }
}

function sharingPlace(pool: string, family: Family, key: string): string {
  return `${pool} ${family} ${key}`;
}
