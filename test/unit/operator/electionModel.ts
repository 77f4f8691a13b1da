/**
 * VRRP as far as the operator can see it, in rounds instead of milliseconds: who hears whom, elections, preemption, sync groups, and
 * hand-overs make-before-break. What costs the clients something is written down.
 */
import type { VirtualRouterSpec, VirtualRouterStatus } from "../../../src/api/nodeAgent.ts";

/** One node's part in what moves together: all its virtual routers of one sync group, or a single one. */
interface Player {
  node: string;
  state: "BACKUP" | "MASTER" | "FAULT";
  reason: string;
  since: number;
  transitions: number;
  priority: number;
  routers: readonly VirtualRouterSpec[];
  /** The greatest number it has been asked with. */
  handOver: number;
  /** It has handed over, and lets the other one be until its own priority is configured anew. */
  yielding: boolean;
  /** Round of its start: it listens first. */
  startedAt: number;
}

export class ElectionModel {
  /** What happened and should not in a planned move: "split web: n1 n2", "preempted web: n1 → n2", "silent web". */
  readonly costs: string[] = [];
  readonly #players = new Map<string, Map<string, Player>>();
  readonly #faults = new Set<string>();
  readonly #bonuses = new Map<string, number>();
  readonly #everElected = new Set<string>();
  readonly #begun = new Map<string, number>();
  readonly #listenRounds: number;
  #round = 0;

  /** `listenRounds`: how long the first players of an election listen, for others that start a little later. */
  constructor(listenRounds = 1) {
    this.#listenRounds = listenRounds;
  }

  /** A tracked thing of weight 0 is down on the node, or well again. */
  fault(node: string, isDown: boolean): void {
    if (isDown) this.#faults.add(node);
    else this.#faults.delete(node);
  }

  /** What tracking adds to the priority on the node. */
  bonus(node: string, value: number): void {
    this.#bonuses.set(node, value);
  }

  master(key: string): string[] {
    return [...(this.#players.get(key)?.values() ?? [])].filter(({ state }) => state === "MASTER").map(({ node }) => node);
  }

  /** One round with what the living nodes run. */
  step(running: ReadonlyMap<string, readonly VirtualRouterSpec[]>): void {
    this.#round += 1;
    const games = this.#configure(running);
    for (const [key, players] of games) this.#play(key, [...players.values()]);
    this.#players.clear();
    for (const [key, players] of games) this.#players.set(key, players);
  }

  /** What the agent of the node reports. */
  report(node: string, timeOf: (round: number) => string): VirtualRouterStatus[] {
    return [...this.#players.values()].flatMap((players) => {
      const player = players.get(node);
      if (!player) return [];
      const { state, reason, since, transitions, handOver } = player;
      return player.routers.map(({ virtualIP, family, priority }) => ({
        virtualIP,
        family,
        state,
        reason,
        since: timeOf(since),
        transitions,
        priority: Math.min(254, Math.max(1, priority + (this.#bonuses.get(node) ?? 0))),
        handOver,
      }));
    });
  }

  #configure(running: ReadonlyMap<string, readonly VirtualRouterSpec[]>): Map<string, Map<string, Player>> {
    const games = new Map<string, Map<string, Player>>();
    for (const [node, routers] of running) {
      const own = Map.groupBy(routers, ({ group, virtualIP, family }) => group ?? `${virtualIP}/${family}`);
      for (const [key, members] of own) {
        const before = this.#players.get(key)?.get(node);
        const players = games.get(key) ?? new Map<string, Player>();
        games.set(key, players.set(node, this.#configured(node, members, before)));
      }
    }
    return games;
  }

  #configured(node: string, routers: readonly VirtualRouterSpec[], before: Player | undefined): Player {
    const priority = Math.min(...routers.map((router) => router.priority)) + (this.#bonuses.get(node) ?? 0);
    const handOver = Math.max(0, ...routers.map((router) => router.handOver ?? 0));
    const fresh: Player = {
      node,
      state: "BACKUP",
      reason: "Started",
      since: this.#round,
      transitions: 1,
      priority,
      routers,
      handOver,
      yielding: false,
      startedAt: this.#round,
    };
    if (!before) return fresh;
    const yielding = before.yielding && before.priority === priority;
    return { ...before, routers, priority, yielding };
  }

  #play(key: string, players: Player[]): void {
    const begun = this.#begun.get(key) ?? this.#round;
    this.#begun.set(key, begun);
    if (this.#round < begun + this.#listenRounds) return;
    for (const player of players) this.#applyFault(player);
    for (const master of players.filter(({ state }) => state === "MASTER")) this.#handOver(key, master, players);
    for (const player of players) player.handOver = Math.max(player.handOver, ...player.routers.map(({ handOver = 0 }) => handOver));
    this.#preempt(key, players);
    for (const player of players.filter((each) => this.#takesPart(each))) this.#claimUnheard(key, player, players);
    const masters = players.filter(({ state }) => state === "MASTER");
    if (masters.length > 1) this.costs.push(`split ${key}: ${masters.map(({ node }) => node).join(" ")}`);
    this.#settle(players);
  }

  #applyFault(player: Player): void {
    const isFaulty = this.#faults.has(player.node);
    if (isFaulty && player.state !== "FAULT") this.#change(player, "FAULT", "CheckFailed");
    if (!isFaulty && player.state === "FAULT") this.#change(player, "BACKUP", "Recovered");
  }

  #handOver(key: string, master: Player, players: readonly Player[]): void {
    const wanted = Math.max(0, ...master.routers.map(({ handOver = 0 }) => handOver));
    if (wanted <= master.handOver) return;
    const heirs = players.filter((player) => this.#takesPart(player) && hears(player, master)).sort(strongest);
    const [heir] = heirs;
    if (!heir) return;
    this.#change(master, "BACKUP", "HandOver");
    master.yielding = true;
    this.#change(heir, "MASTER", "PeerResigned");
    if (heirs.some((other) => other !== heir && other.priority === heir.priority)) this.costs.push(`race ${key}: ${heir.node}`);
  }

  #preempt(key: string, players: readonly Player[]): void {
    const [master] = players.filter(({ state }) => state === "MASTER");
    const rivals = players.filter((player) => this.#takesPart(player) && !player.yielding && player.routers[0]?.preempt === true);
    const [best] = rivals.sort(strongest);
    if (!master || !best || best.priority <= master.priority) return;
    this.#change(master, "BACKUP", "HigherPriority");
    this.#change(best, "MASTER", "Preempted");
    this.costs.push(`preempted ${key}: ${master.node} → ${best.node}`);
  }

  /** Who hears nobody takes over; of those that hear each other the best one is first. */
  #claimUnheard(key: string, player: Player, players: readonly Player[]): void {
    const audible = players.filter((other) => other !== player && hears(player, other));
    if (audible.some(({ state }) => state === "MASTER")) return;
    if (audible.some((other) => this.#takesPart(other) && strongest(other, player) < 0)) return;
    this.#change(player, "MASTER", this.#everElected.has(key) ? "AdvertTimeout" : "FirstElection");
    this.#everElected.add(key);
  }

  #takesPart({ state, startedAt }: Player): boolean {
    return state === "BACKUP" && this.#round > startedAt;
  }

  /** Of several that hear each other one gives way. */
  #settle(players: readonly Player[]): void {
    const [best, ...others] = players.filter(({ state }) => state === "MASTER").sort(strongest);
    for (const other of others) if (best && hears(other, best)) this.#change(other, "BACKUP", "HigherPriority");
  }

  #change(player: Player, state: Player["state"], reason: string): void {
    Object.assign(player, { state, reason, since: this.#round, transitions: player.transitions + 1 });
  }
}

function strongest(a: Player, b: Player): number {
  return b.priority - a.priority || (a.node < b.node ? -1 : 1);
}

/** With multicast everybody; with unicast each must have the other in its list. */
function hears(listener: Player, speaker: Player): boolean {
  return listener.routers.every((own) => {
    const other = speaker.routers.find(({ virtualIP, family }) => virtualIP === own.virtualIP && family === own.family);
    if (own.unicastPeers === undefined || other?.unicastPeers === undefined) return true;
    return other.unicastPeers.includes(own.sourceAddress ?? "") && own.unicastPeers.includes(other.sourceAddress ?? "");
  });
}
