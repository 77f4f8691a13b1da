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

  constructor(question: ServicesQuestion) {
    this.#question = question;
    this.#services = new Map(question.services.map((view) => [view.key, view]));
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
    const wanted = [...results].map(([service, { pool, addresses }]) => ({ service, pool, addresses }));
    const ghosts = [...this.ghosts].map((service) => ({
      service,
      pool: this.recordedOf(service)[0]?.pool,
      addresses: this.recordedOf(service).map(({ address }) => address),
    }));
    return [...wanted, ...ghosts].flatMap(({ service, pool, addresses }) => {
      const own = addresses.filter((address) => this.recordedOf(service).some((each) => each.pool === pool && each.address === address));
      return pool !== undefined && own.length > 0 ? [{ service, pool, addresses: own }] : [];
    });
  }

  /** Who gives an address up stays recorded for it as long as a node may answer for it, or the Service waits for that. */
  next({ name, status }: PoolView, results: ReadonlyMap<string, ServiceAddresses>, whereabouts: Whereabouts): Assignment[] {
    const wanted = [...results].flatMap(([service, { pool, addresses }]) =>
      pool === name ? addresses.map((address) => ({ address, service })) : [],
    );
    const inUse = new Set(wanted.map(({ address }) => address));
    const recorded = (status.assignments ?? []).flatMap(({ address, services }) => services.map((service) => ({ address, service })));
    const staying = recorded.filter(({ address, service }) => {
      const isGivenUp = inUse.has(address) || whereabouts.isClear(address);
      return this.ghosts.has(service) || this.#waits(service) || !isGivenUp;
    });
    const byAddress = Map.groupBy([...wanted, ...staying], ({ address }) => address);
    return [...byAddress].map(([address, pairs]) => ({ address, services: [...new Set(pairs.map(({ service }) => service))].sort() }));
  }

  /** Whether nothing that the Service has, or has had, may still be answered for its sake alone. */
  isReleased(service: string, results: ReadonlyMap<string, ServiceAddresses>, whereabouts: Whereabouts): boolean {
    const used = new Set([...results.values()].flatMap(({ addresses }) => addresses));
    return this.recordedOf(service).every(({ address }) => used.has(address) || whereabouts.isClear(address));
  }

  /** Whether it is given up, and its finalizer still stands that says so. */
  #waits(service: string): boolean {
    const view = this.#services.get(service);
    const isServed = view && isOurs(view, this.#question.isDefault) && !view.deleting;
    return view !== undefined && !isServed && view.hasFinalizer && !isOthers(view);
  }
}
