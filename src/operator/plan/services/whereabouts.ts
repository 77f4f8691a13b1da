/** Where each address of a pool stands, and whether it has been given up. Pure. */
import { type AgentView, hostsOf, type RunningRouters, type VirtualIPView } from "../cluster.ts";
import { specifiedAddresses } from "../poolVerdicts.ts";

/**
 * What is remembered of an address: that it stood somewhere, and since when it is in no specification any more: what each agent had to
 * run at that moment. What they report later than that knows nothing of it.
 */
export type Trace = "standing" | ReadonlyMap<string, number>;
export type Traces = ReadonlyMap<string, Trace>;

export interface WhereaboutsQuestion {
  /** But for those that are refused an address of a pool. */
  virtualIPs: readonly VirtualIPView[];
  running: RunningRouters;
  agents: readonly AgentView[];
  /** What was remembered of the addresses. */
  before: Traces;
  /** Whether no VirtualIP is being written. */
  isSettled: boolean;
}

/** More than one VirtualIP. */
const several = Symbol("several");

export class Whereabouts {
  /** By address: the VirtualIP whose specification names it, or for which nodes run it. */
  readonly #holders = new Map<string, string | typeof several>();
  readonly #specified = new Map<string, string>();
  /** Names of the VirtualIPs that no pool has made. */
  readonly #foreign: ReadonlySet<string>;
  readonly #agents: readonly AgentView[];
  readonly #isSettled: boolean;
  readonly traces = new Map<string, Trace>();

  constructor({ virtualIPs, running, agents, before, isSettled }: WhereaboutsQuestion) {
    this.#agents = agents;
    this.#isSettled = isSettled;
    this.#foreign = new Set(virtualIPs.filter(({ generated }) => !generated).map(({ name }) => name));
    this.#specify(virtualIPs);
    for (const [name, byNode] of running) {
      for (const routers of byNode.values())
        for (const { addresses } of routers) for (const host of hostsOf(addresses)) this.#add(host, name);
    }
    for (const address of this.#holders.keys()) this.traces.set(address, "standing");
    for (const [address, trace] of before) this.#follow(address, trace);
  }

  /** What a pool has given stays where it is, whoever asks for it later: he has it only where he runs it. */
  #specify(virtualIPs: readonly VirtualIPView[]): void {
    const generated = virtualIPs.filter((view) => view.generated);
    for (const view of generated) for (const { text } of specifiedAddresses(view)) this.#put(text, view.name);
    const given = new Set(this.#specified.keys());
    for (const view of virtualIPs.filter(({ name }) => this.#foreign.has(name))) {
      for (const { text } of specifiedAddresses(view)) if (!given.has(text)) this.#put(text, view.name);
    }
  }

  #put(address: string, virtualIP: string): void {
    this.#add(address, virtualIP);
    this.#specified.set(address, virtualIP);
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
    const holder = this.#holders.get(address);
    return holder === undefined ? !this.traces.has(address) : holder === virtualIP;
  }

  /** Whether no node answers for it for a pool's sake: all have given it up, or run it for a VirtualIP that is somebody else's. */
  isClear(address: string): boolean {
    const holder = this.#holders.get(address);
    return this.#isSettled && (!this.traces.has(address) || (typeof holder === "string" && this.#foreign.has(holder)));
  }

  /** Whether all agents, but for those that do not report now, run what they were given then. Of a NodeAgent that was made anew the first will do. */
  #hasPassed(bar: ReadonlyMap<string, number>): boolean {
    return this.#agents.every(
      ({ name, silent, generation, status }) => silent || (status.observedGeneration ?? 0) >= Math.min(generation, bar.get(name) ?? 0),
    );
  }

  #add(address: string, holder: string): void {
    const before = this.#holders.get(address);
    if (before === undefined) this.#holders.set(address, holder);
    else if (before !== holder) this.#holders.set(address, several);
  }
}
