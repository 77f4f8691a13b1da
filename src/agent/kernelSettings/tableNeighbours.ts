/** Whether others use the kernel's IPVS as well, such as kube-proxy: what would change their services is withheld then. */
import type { NodeIpvs } from "../../api/nodeAgent.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import type { IpvsSnapshot } from "../native/ipvs.ts";

export interface NeighbourOptions {
  /** Undefined while the table cannot be looked at. */
  read(): Promise<IpvsSnapshot | undefined>;
  clock: Clock;
  log: Logger;
}

/** How often it is looked; only while something depends on it. */
const pauseMs = 60_000;
/** Settings that hold for all services of a network namespace, those of others too, who have not asked for them. */
const withheldBesideOthers = ["sloppy_tcp"];

export class TableNeighbours {
  readonly #options: NeighbourOptions;
  readonly #listeners = new Set<() => void>();
  /** Undefined: it has not been looked yet. */
  #present: boolean | undefined;
  #timer: Timer | undefined;

  constructor(options: NeighbourOptions) {
    this.#options = options;
  }

  /** What of the settings may be set. */
  permitted(ipvs: NodeIpvs | undefined): Record<string, string> {
    const all = Object.entries(ipvs?.sysctls ?? {});
    return Object.fromEntries(this.#present === false ? all : all.filter(([name]) => !withheldBesideOthers.includes(name)));
  }

  /** Adds a listener for when `permitted` says something else. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Looks now, unless it is known already, and again and again as long as these settings are wanted. To read a large table takes long. */
  async watch(ipvs: NodeIpvs | undefined): Promise<void> {
    const isWanted = withheldBesideOthers.some((name) => ipvs?.sysctls?.[name] !== undefined);
    if (!isWanted) this.stop();
    else if (!this.#timer || this.#present === undefined) await this.#look();
  }

  async #look(): Promise<void> {
    this.stop();
    this.#timer = this.#options.clock.setTimeout(() => void this.#look(), pauseMs);
    const table = await this.#options.read();
    if (table?.message === "") this.#take(table.services.some(({ ours }) => !ours));
  }

  stop(): void {
    this.#timer?.clear();
    this.#timer = undefined;
  }

  #take(present: boolean): void {
    const before = this.#present;
    if (present === before) return;
    this.#present = present;
    const { log } = this.#options;
    const fields = { withheld: withheldBesideOthers };
    if (present) log.warn(fields, "others use IPVS on this node, too: settings that would change their services are withheld");
    else if (before) log.info(fields, "nobody else uses IPVS on this node any more");
    for (const listener of this.#listeners) listener();
  }
}
