/**
 * Gives Services addresses of pools. Pure: what is recorded stays with whom it is recorded for, so a restart of the operator changes nothing.
 * The result is a wish until it stands in the statuses of the pools, which one write guards.
 */
import { type AddressRange, endsInZeroOr255, holds } from "../../api/addressRange.ts";
import { type Family, families, formatAddress, type IpAddress, parseAddress } from "../../api/ipAddress.ts";
import { AddressBook } from "./addressBook.ts";
import { inOrderOfAge } from "./age.ts";
import type { AddressRefusal, PoolClaim, ServiceAddresses, ServiceClaim } from "./serviceClaims.ts";

type MayUse = (service: string, pool: string) => boolean | undefined;

export interface AllocationQuestion {
  pools: readonly PoolClaim[];
  services: readonly ServiceClaim[];
  /** Addresses that are somebody else's, with his name: `VirtualIP "web"`. */
  taken?: ReadonlyMap<string, string>;
  /** Whether the selectors of a pool let a Service, by its key, use it, and undefined where that is not known yet; absent: each may use all. */
  mayUse?: MayUse;
  /** By key of the Service: of those that share an address and may no longer, who has changed his wish last gives way, then the younger. */
  wishes?: ReadonlyMap<string, { turn: number }>;
}

/** What each Service has from now on, by its key. */
export function allocateAddresses(question: AllocationQuestion): Map<string, ServiceAddresses> {
  return new Allocation(question).run();
}

const unknownNamespace: AddressRefusal = { reason: "NamespaceUnknown", message: "the labels of its namespace are not known yet" };

class Allocation {
  readonly #pools: readonly PoolClaim[];
  readonly #services: readonly ServiceClaim[];
  readonly #taken: ReadonlyMap<string, string>;
  readonly #mayUse: MayUse;
  readonly #wishes: ReadonlyMap<string, { turn: number }>;
  readonly #book: AddressBook;
  /** Services by the addresses that their statuses say they have. Read when somebody asks. */
  #said: ReadonlyMap<string, readonly string[]> | undefined;
  readonly #results = new Map<string, ServiceAddresses>();
  readonly #cursors = new Map<string, Cursor>();

  constructor({ pools, services, taken = new Map(), mayUse = () => true, wishes = new Map() }: AllocationQuestion) {
    this.#pools = [...pools].sort((a, b) => b.priority - a.priority || (a.name < b.name ? -1 : 1));
    this.#services = inOrderOfAge(services, ({ key, createdAt }) => ({ name: key, createdAt }));
    this.#taken = taken;
    this.#mayUse = mayUse;
    this.#wishes = wishes;
    this.#book = new AddressBook(pools);
  }

  run(): Map<string, ServiceAddresses> {
    const turnOf = ({ key }: ServiceClaim) => this.#wishes.get(key)?.turn ?? 0;
    for (const service of this.#services.toSorted((a, b) => turnOf(a) - turnOf(b))) this.#keep(service);
    for (const service of this.#services) this.#adopt(service);
    // Who asks for a certain address comes before those who take any.
    const asking = this.#services.filter(({ requested }) => requested.length > 0);
    for (const service of asking) this.#serve(service);
    for (const service of this.#services) if (service.requested.length === 0) this.#serve(service);
    return this.#results;
  }

  /** What is recorded for it, as far as its families still want it and those that share it allow. */
  #keep(service: ServiceClaim): void {
    const addresses: string[] = [];
    let pool: string | undefined;
    for (const { pool: place, address } of this.#book.recordedOf(service.key)) {
      const family = familyOf(address);
      if (!service.families.includes(family) || (pool ?? place) !== place || hasFamily(addresses, family)) continue;
      if (this.#isOutdated(address, service) || this.#book.join(place, address, service) !== undefined) continue;
      pool = place;
      addresses.push(address);
    }
    this.#results.set(service.key, { pool, addresses: inOrder(service, addresses) });
  }

  /** Whether the record is older than the statuses, as after a backup: they say that it has another one, and another has this one. */
  #isOutdated(address: string, { key, present }: ServiceClaim): boolean {
    if (present.length === 0 || present.includes(address)) return false;
    this.#said ??= saidBy(this.#services);
    return this.#said.get(address)?.some((other) => other !== key) ?? false;
  }

  /** What its status says without a record: the pool was made anew, or its status was lost, or is from a backup. */
  #adopt(service: ServiceClaim): void {
    const result = this.#resultOf(service);
    if (result.addresses.length === service.families.length) return;
    for (const text of service.present) {
      const address = parseAddress(text);
      const pool =
        address && this.#pools.find((each) => each.open && holdsAddress(each, address) && (result.pool ?? each.name) === each.name);
      if (!pool || !address || !service.families.includes(address.family)) continue;
      if (hasFamily(result.addresses, address.family) || this.#refusalOf(pool, address, service)) continue;
      this.#book.join(pool.name, formatAddress(address), service);
      result.pool = pool.name;
      result.addresses = inOrder(service, [...result.addresses, formatAddress(address)]);
    }
  }

  #serve(service: ServiceClaim): void {
    const result = this.#resultOf(service);
    if (service.problem) result.refusal = service.problem;
    if (service.problem || isServed(service, result)) return;
    const before = { ...result };
    const isOtherwise = !asAsked(service, result);
    const found = isOtherwise ? this.#replace(service, result) : this.#find(service, result);
    if ("reason" in found) {
      if (isOtherwise) for (const address of before.addresses) this.#book.join(before.pool ?? "", address, service);
      // A family that it can do without is no reason to complain.
      if (isOtherwise || !isEnough(service, before.addresses)) result.refusal = found;
      return;
    }
    Object.assign(result, found);
  }

  /** Others for those that it has; for all of them only where it must be. */
  #replace(service: ServiceClaim, { pool, addresses }: ServiceAddresses): ServiceAddresses | AddressRefusal {
    const kept = this.#unquestioned(service, { pool, addresses });
    // What it has is free for it to take again.
    for (const address of addresses) if (!kept.addresses.includes(address)) this.#book.leave(address, service.key);
    const found = this.#find(service, kept);
    if (!("reason" in found) || kept.addresses.length === 0) return found;
    for (const address of kept.addresses) this.#book.leave(address, service.key);
    return this.#find(service, { addresses: [] });
  }

  /** Of what it has that which it does not ask to be otherwise, if it can have the rest beside that. */
  #unquestioned({ pool: wanted, requested }: ServiceClaim, { pool, addresses }: ServiceAddresses): ServiceAddresses {
    const holder = this.#pools.find(({ name }) => name === pool);
    if (!holder || (wanted ?? pool) !== pool || !requested.every((address) => holdsAddress(holder, address))) return { addresses: [] };
    const texts = requested.map(formatAddress);
    const kept = addresses.filter((address) => texts.includes(address) || requested.every(({ family }) => family !== familyOf(address)));
    return kept.length > 0 ? { pool, addresses: kept } : { addresses: [] };
  }

  #find(service: ServiceClaim, has: ServiceAddresses): ServiceAddresses | AddressRefusal {
    const pools = this.#poolsFor(service, has);
    if ("reason" in pools) return pools;
    const refusals: AddressRefusal[] = [];
    // All families in one pool, and only then what it can do with.
    for (const needed of service.needsAll ? [service.families.length] : [service.families.length, 1]) {
      for (const pool of pools) {
        const found = this.#tryPool(service, pool, has.addresses, needed);
        if (!("reason" in found)) return { pool: pool.name, addresses: inOrder(service, found) };
        refusals.push(found);
      }
    }
    return refusals[0] ?? { reason: "NoPool", message: "no AddressPool gives addresses to it" };
  }

  #poolsFor(service: ServiceClaim, has: ServiceAddresses): PoolClaim[] | AddressRefusal {
    const { pool: wanted, requested } = service;
    if (has.pool !== undefined) return this.#pools.filter(({ name, open }) => open && name === has.pool);
    if (wanted !== undefined && !this.#pools.some(({ name }) => name === wanted)) {
      return { reason: "PoolNotFound", message: `there is no AddressPool "${wanted}"` };
    }
    const named = this.#pools.filter(({ name }) => wanted === undefined || name === wanted);
    const holding = named.filter((pool) => requested.every((address) => holdsAddress(pool, address)));
    if (holding.length === 0 && requested.length > 0) {
      const which = wanted === undefined ? "no AddressPool" : `not AddressPool "${wanted}"`;
      return { reason: "AddressNotInPool", message: `${which} holds ${requested.map(formatAddress).join(" and ")}` };
    }
    const open = holding.filter((pool) => pool.open);
    if (open.length === 0 && holding.length > 0) {
      return { reason: "PoolNotAccepted", message: `AddressPool ${quoted(holding)} gives no addresses now: see its conditions` };
    }
    const allowed = open.filter(({ name }) => this.#mayUse(service.key, name) !== false);
    // Another one would be its for good.
    if (allowed.some(({ name }) => this.#mayUse(service.key, name) === undefined)) return unknownNamespace;
    if (allowed.length === 0 && open.length > 0) {
      return { reason: "PoolNotAllowed", message: `AddressPool ${quoted(open)} is not for this Service: see its selectors` };
    }
    const isAsking = wanted !== undefined || requested.length > 0;
    const willing = allowed.filter(({ autoAssign }) => isAsking || autoAssign);
    return willing.length > 0
      ? willing
      : { reason: "NoPool", message: "no AddressPool gives addresses to Services that do not ask for it" };
  }

  /** Takes nothing unless there are `needed` addresses. */
  #tryPool(service: ServiceClaim, pool: PoolClaim, has: readonly string[], needed: number): string[] | AddressRefusal {
    const found: string[] = [...has];
    let refusal: AddressRefusal | undefined;
    for (const family of service.families) {
      if (hasFamily(has, family)) continue;
      const choice = this.#choose(service, pool, family);
      if (typeof choice === "string") found.push(choice);
      else {
        refusal ??= choice;
        // An address that is asked for is not one to do without.
        if (service.requested.some((address) => address.family === family)) needed = service.families.length;
      }
    }
    if (found.length >= needed && found.length > has.length) {
      for (const address of found) this.#book.join(pool.name, address, service);
      return found;
    }
    return refusal ?? { reason: "NoPool", message: "it asks for no address family" };
  }

  #choose(service: ServiceClaim, pool: PoolClaim, family: Family): string | AddressRefusal {
    const asked = service.requested.find((address) => address.family === family);
    if (asked) return this.#refusalOf(pool, asked, service) ?? formatAddress(asked);
    const shared = this.#book.shareable(pool, family, service);
    if (shared !== undefined) return shared;
    if (!pool.ranges.some((range) => range.family === family)) {
      return { reason: "FamilyMismatch", message: `AddressPool "${pool.name}" has no ${family} addresses` };
    }
    const free = this.#book.isFull(pool) ? undefined : this.#firstFree(pool, family);
    return free ?? { reason: "PoolExhausted", message: `no ${family} address of AddressPool "${pool.name}" is free` };
  }

  #refusalOf(pool: PoolClaim, asked: IpAddress, service: ServiceClaim): AddressRefusal | undefined {
    const address = formatAddress(asked);
    const owner = this.#taken.get(address);
    if (owner !== undefined) return { reason: "AddressTaken", message: `${address} belongs to ${owner}` };
    if (!this.#book.isKnown(address) && this.#book.isFull(pool)) {
      return { reason: "PoolExhausted", message: `AddressPool "${pool.name}" has given ${pool.most} addresses, and records no more` };
    }
    return this.#book.objection(pool.name, address, service);
  }

  /** Ascending, and never back: what is given up in this pass is free in the next one. */
  #firstFree(pool: PoolClaim, family: Family): string | undefined {
    const key = `${family} ${pool.name}`;
    const cursor = this.#cursors.get(key) ?? new Cursor(candidatesOf(pool, family));
    this.#cursors.set(key, cursor);
    while (cursor.value !== undefined && (this.#book.isKnown(cursor.value) || this.#taken.has(cursor.value))) cursor.advance();
    return cursor.value;
  }

  #resultOf({ key }: ServiceClaim): ServiceAddresses {
    const result = this.#results.get(key);
    if (!result) throw new Error(`${key} was not looked at`);
    return result;
  }
}

function saidBy(services: readonly ServiceClaim[]): Map<string, string[]> {
  const pairs = services.flatMap(({ key, present }) => present.map((address) => ({ key, address })));
  const byAddress = Map.groupBy(pairs, ({ address }) => address);
  return new Map([...byAddress].map(([address, all]) => [address, all.map(({ key }) => key)]));
}

class Cursor {
  value: string | undefined;
  readonly #values: Iterator<string>;

  constructor(values: Iterator<string>) {
    this.#values = values;
    this.advance();
  }

  advance(): void {
    const { done, value } = this.#values.next();
    this.value = done ? undefined : value;
  }
}

function* candidatesOf({ ranges, skipZeroAnd255 }: PoolClaim, family: Family): Generator<string> {
  for (const range of ranges.filter((each) => each.family === family)) {
    for (let bits = range.first; bits <= range.last; bits += 1n) {
      if (!skipZeroAnd255 || !endsInZeroOr255({ family, bits })) yield formatAddress({ family, bits });
    }
  }
}

/** Also an address that is never chosen: who asks for it by name knows. */
function holdsAddress({ ranges }: { ranges: readonly AddressRange[] }, address: IpAddress): boolean {
  return ranges.some((range) => holds(range, address));
}

function isServed(service: ServiceClaim, result: ServiceAddresses): boolean {
  return result.addresses.length === service.families.length && asAsked(service, result);
}

function isEnough(service: ServiceClaim, addresses: readonly string[]): boolean {
  return addresses.length >= (service.needsAll ? service.families.length : 1);
}

/** Whether what it has is what it asks for, as far as it has it. */
function asAsked({ pool, requested }: ServiceClaim, result: ServiceAddresses): boolean {
  if (result.addresses.length === 0) return true;
  if (pool !== undefined && pool !== result.pool) return false;
  return requested.every((address) => result.addresses.includes(formatAddress(address)));
}

function inOrder({ families: wanted }: ServiceClaim, addresses: string[]): string[] {
  if (addresses.length < 2) return addresses;
  return wanted.flatMap((family) => addresses.find((address) => familyOf(address) === family) ?? []);
}

function familyOf(text: string): Family {
  return families[text.includes(":") ? 1 : 0] ?? "IPv4";
}

function hasFamily(addresses: readonly string[], family: Family): boolean {
  return addresses.some((address) => familyOf(address) === family);
}

function quoted(pools: readonly PoolClaim[]): string {
  return pools.map(({ name }) => `"${name}"`).join(", ");
}
