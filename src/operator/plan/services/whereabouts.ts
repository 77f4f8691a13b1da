/** Where each address of a pool stands, and whether it has been given up. Pure. */
import type { AgentView, RunningRouters, VirtualIPView } from "../cluster.ts";
import { specifiedAddresses } from "../poolVerdicts.ts";

/**
 * What is remembered of an address: that it stood somewhere, and since when it is in no specification any more: what each agent had to
 * run at that moment. What they report later than that knows nothing of it.
 */
export type Trace = "standing" | ReadonlyMap<string, number>;
export type Traces = ReadonlyMap<string, Trace>;

export interface WhereaboutsQuestion {
  virtualIPs: readonly VirtualIPView[];
  running: RunningRouters;
  agents: readonly AgentView[];
  /** What was remembered of the addresses. */
  before: Traces;
  /** Whether no VirtualIP is being written. */
  isSettled: boolean;
}

export class Whereabouts {
  /** By address: the VirtualIPs whose specifications name it, and those for which nodes run it. */
  readonly #holders = new Map<string, Set<string>>();
  readonly #specified = new Map<string, string>();
  readonly #agents: readonly AgentView[];
  readonly #isSettled: boolean;
  readonly traces = new Map<string, Trace>();

  constructor({ virtualIPs, running, agents, before, isSettled }: WhereaboutsQuestion) {
    this.#agents = agents;
    this.#isSettled = isSettled;
    for (const view of virtualIPs) this.#specify(view);
    for (const [name, byNode] of running) {
      const addresses = [...byNode.values()].flat().flatMap((router) => router.addresses);
      for (const { address } of addresses) this.#add(address.slice(0, address.indexOf("/")), name);
    }
    for (const address of this.#holders.keys()) this.traces.set(address, "standing");
    for (const [address, trace] of before) this.#follow(address, trace);
  }

  #specify(view: VirtualIPView): void {
    for (const { text: host } of specifiedAddresses(view)) {
      this.#add(host, view.name);
      this.#specified.set(host, view.name);
    }
  }

  #follow(address: string, trace: Trace): void {
    if (this.#holders.has(address)) return;
    const bar = trace === "standing" ? new Map(this.#agents.map(({ name, generation }) => [name, generation])) : trace;
    if (!this.#hasPassed(bar)) this.traces.set(address, bar);
  }

  /** The VirtualIP that is to hold it. */
  placeOf(address: string): string | undefined {
    return this.#specified.get(address);
  }

  /** Whether the VirtualIP may have it: nobody else does, and nobody may still answer who did. */
  mayEnter(address: string, virtualIP: string): boolean {
    const holders = this.#holders.get(address);
    if (holders) return [...holders].every((name) => name === virtualIP);
    return !this.traces.has(address);
  }

  /** Whether all nodes have given it up. */
  isClear(address: string): boolean {
    return this.#isSettled && !this.traces.has(address);
  }

  /** Whether all agents, but for those that do not report now, run what they were given then. Of a NodeAgent that was made anew the first will do. */
  #hasPassed(bar: ReadonlyMap<string, number>): boolean {
    return this.#agents.every(
      ({ name, silent, generation, status }) => silent || (status.observedGeneration ?? 0) >= Math.min(generation, bar.get(name) ?? 0),
    );
  }

  #add(address: string, holder: string): void {
    const holders = this.#holders.get(address) ?? new Set();
    this.#holders.set(address, holders.add(holder));
  }
}
