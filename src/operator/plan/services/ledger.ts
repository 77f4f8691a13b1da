/** Who has which address: what the pools have recorded, and what they shall record. Pure. */
import type { Assignment } from "../../../api/addressPoolStatus.ts";
import { memoized } from "../../../plan/memoized.ts";
import type { ServiceAddresses } from "../../allocate/serviceClaims.ts";
import type { PoolView } from "../cluster.ts";
import { isOthers, isOurs } from "./claims.ts";
import type { Held } from "./layout.ts";
import type { ServicesQuestion } from "./servicesQuestion.ts";
import type { ServiceView } from "./views.ts";
import type { Whereabouts } from "./whereabouts.ts";

interface Recorded {
  pool: string;
  address: string;
}

/** By key of the Service. */
type Records = ReadonlyMap<string, readonly Recorded[]>;

const nothing: readonly never[] = [];

const readRecords = memoized((assignments: readonly Assignment[], pool: string): Records => {
  const records = new Map<string, Recorded[]>();
  for (const { address, services } of assignments) {
    for (const service of services) records.set(service, [...(records.get(service) ?? []), { pool, address }]);
  }
  return records;
});

export class Ledger {
  readonly #question: ServicesQuestion;
  readonly #services: ReadonlyMap<string, ServiceView>;
  /** Of each pool. */
  readonly #records: readonly Records[];
  /** Services that the cache lacks. */
  readonly unknown: string[];
  /** Of these those that the API server has not said to be gone: what they have stays. */
  readonly ghosts: ReadonlySet<string>;

  constructor(question: ServicesQuestion, services: ReadonlyMap<string, ServiceView>) {
    this.#question = question;
    this.#services = services;
    this.#records = question.pools.map(({ name, status }) => readRecords(status.assignments ?? [], name));
    const unknown = new Set<string>();
    for (const records of this.#records) for (const key of records.keys()) if (!services.has(key)) unknown.add(key);
    this.unknown = [...unknown].sort();
    this.ghosts = new Set(this.unknown.filter((key) => !question.gone.has(key)));
  }

  recordedOf(service: string): readonly Recorded[] {
    let found: readonly Recorded[] = nothing;
    for (const records of this.#records) {
      const own = records.get(service) ?? nothing;
      found = found.length === 0 ? own : [...found, ...own];
    }
    return found;
  }

  /** Of what Services shall have that which is recorded, and so may be used. */
  effective(results: ReadonlyMap<string, ServiceAddresses>): Held[] {
    const held: Held[] = [];
    for (const [service, { pool, addresses }] of results) {
      if (pool === undefined) continue;
      const own = addresses.filter((address) => this.#isRecorded(service, pool, address));
      if (own.length > 0) held.push({ service, pool, addresses: own });
    }
    for (const service of this.ghosts) {
      const recorded = this.recordedOf(service);
      const pool = recorded[0]?.pool ?? "";
      held.push({ service, pool, addresses: recorded.filter((each) => each.pool === pool).map(({ address }) => address) });
    }
    return held;
  }

  #isRecorded(service: string, pool: string, address: string): boolean {
    for (const recorded of this.recordedOf(service)) if (recorded.pool === pool && recorded.address === address) return true;
    return false;
  }

  /** What the pool shall record. */
  next({ name: pool, status }: PoolView, results: ReadonlyMap<string, ServiceAddresses>, whereabouts: Whereabouts): Assignment[] {
    const newcomers = this.#newcomers(pool, results);
    const next = new Map<string, Assignment>();
    const put = (address: string, services: string[]) => {
      const all = inOrder([...services, ...(next.get(address)?.services ?? nothing)]);
      if (all.length > 0) next.set(address, { address, services: all });
    };
    for (const recorded of status.assignments ?? []) {
      const { address, services } = recorded;
      const joining = newcomers.get(address) ?? nothing;
      const isUser = (service: string) => has(results.get(service), pool, address);
      const isSame = joining.length === 0 && !next.has(address) && services.every(isUser);
      if (isSame) next.set(address, recorded);
      else put(address, [...joining, ...this.#staying(recorded, isUser, joining.length > 0 || whereabouts.isClear(address))]);
    }
    for (const [address, services] of newcomers) if (!next.has(address)) put(address, services);
    return [...next.values()];
  }

  /** Who gives an address up stays recorded for it as long as a node may answer for it, or the Service waits for that. */
  #staying({ services }: Assignment, isUser: (service: string) => boolean, isFree: boolean): string[] {
    const isGivenUp = isFree || services.some(isUser);
    return services.filter((service) => isUser(service) || !isGivenUp || this.ghosts.has(service) || this.#waits(service));
  }

  /** By addresses of the pool: those that shall have them and are not recorded for them. */
  #newcomers(pool: string, results: ReadonlyMap<string, ServiceAddresses>): Map<string, string[]> {
    const newcomers = new Map<string, string[]>();
    for (const [service, result] of results) {
      if (result.pool !== pool) continue;
      for (const address of result.addresses) {
        if (!this.#isRecorded(service, pool, address)) newcomers.set(address, [...(newcomers.get(address) ?? []), service]);
      }
    }
    return newcomers;
  }

  /** Whether nothing that the Service has, or has had, may still be answered for its sake alone. */
  isReleased(service: string, results: ReadonlyMap<string, ServiceAddresses>, whereabouts: Whereabouts): boolean {
    const standing = this.recordedOf(service).filter(({ address }) => !whereabouts.isClear(address));
    if (standing.length === 0) return true;
    const used = new Set([...results.values()].flatMap(({ addresses }) => addresses));
    return standing.every(({ address }) => used.has(address));
  }

  /** Whether it is given up, and its finalizer still stands that says so. */
  #waits(service: string): boolean {
    const view = this.#services.get(service);
    const isServed = view && isOurs(view, this.#question.isDefault) && !view.deleting;
    return view !== undefined && !isServed && view.hasFinalizer && !isOthers(view);
  }
}

function has(result: ServiceAddresses | undefined, pool: string, address: string): boolean {
  return result?.pool === pool && result.addresses.includes(address);
}

function inOrder(services: string[]): string[] {
  return services.length < 2 ? services : [...new Set(services)].sort();
}
