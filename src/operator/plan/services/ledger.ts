/** Who has which address: what the pools have recorded, and what they shall record. Pure. */
import type { Assignment } from "../../../api/addressPoolStatus.ts";
import type { ServiceAddresses } from "../../allocate/serviceClaims.ts";
import type { PoolView } from "../cluster.ts";
import { isOthers, isOurs } from "./claims.ts";
import type { Held } from "./layout.ts";
import type { ServicesQuestion } from "./servicesQuestion.ts";
import type { ServiceView } from "./views.ts";
import type { Whereabouts } from "./whereabouts.ts";

export class Ledger {
  readonly #question: ServicesQuestion;
  readonly #services: ReadonlyMap<string, ServiceView>;
  /** Services that the cache lacks. */
  readonly unknown: string[];
  /** Of these those that the API server has not said to be gone: what they have stays. */
  readonly ghosts: ReadonlySet<string>;
  readonly #recorded = new Map<string, { pool: string; address: string }[]>();

  constructor(question: ServicesQuestion, services: ReadonlyMap<string, ServiceView>) {
    this.#question = question;
    this.#services = services;
    for (const { name: pool, status } of question.pools) {
      for (const { address, services } of status.assignments ?? []) {
        for (const service of services) this.#recorded.set(service, [...this.recordedOf(service), { pool, address }]);
      }
    }
    this.unknown = [...this.#recorded.keys()].filter((key) => !this.#services.has(key)).sort();
    this.ghosts = new Set(this.unknown.filter((key) => !question.gone.has(key)));
  }

  recordedOf(service: string): readonly { pool: string; address: string }[] {
    return this.#recorded.get(service) ?? [];
  }

  /** Of what Services shall have that which is recorded, and so may be used. */
  effective(results: ReadonlyMap<string, ServiceAddresses>): Held[] {
    const held: Held[] = [];
    const hold = (service: string, pool: string | undefined, addresses: readonly string[]) => {
      const recorded = this.recordedOf(service);
      const own = addresses.filter((address) => recorded.some((each) => each.pool === pool && each.address === address));
      if (pool !== undefined && own.length > 0) held.push({ service, pool, addresses: own });
    };
    for (const [service, { pool, addresses }] of results) hold(service, pool, addresses);
    for (const service of this.ghosts) {
      const recorded = this.recordedOf(service);
      const addresses = recorded.map(({ address }) => address);
      hold(service, recorded[0]?.pool, addresses);
    }
    return held;
  }

  /** Who gives an address up stays recorded for it as long as a node may answer for it, or the Service waits for that. */
  next({ name, status }: PoolView, results: ReadonlyMap<string, ServiceAddresses>, whereabouts: Whereabouts): Assignment[] {
    const wanted = usersOf(name, results);
    const next = new Map<string, Assignment>();
    for (const recorded of status.assignments ?? []) {
      const { address } = recorded;
      const users = wanted.get(address) ?? [];
      const isGivenUp = users.length > 0 || whereabouts.isClear(address);
      const staying = recorded.services.filter((service) => !isGivenUp || this.ghosts.has(service) || this.#waits(service));
      const services = inOrder([...users, ...staying, ...(next.get(address)?.services ?? [])]);
      if (services.length > 0) next.set(address, isSame(services, recorded.services) ? recorded : { address, services });
    }
    for (const [address, services] of wanted) if (!next.has(address)) next.set(address, { address, services: inOrder(services) });
    return [...next.values()];
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

/** Services by the addresses of the pool that they shall have. */
function usersOf(pool: string, results: ReadonlyMap<string, ServiceAddresses>): Map<string, string[]> {
  const users = new Map<string, string[]>();
  for (const [service, result] of results) {
    if (result.pool !== pool) continue;
    for (const address of result.addresses) users.set(address, [...(users.get(address) ?? []), service]);
  }
  return users;
}

function inOrder(services: string[]): string[] {
  return services.length < 2 ? services : [...new Set(services)].sort();
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index]);
}
