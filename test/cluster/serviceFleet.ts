/** Many Services whose addresses are all on one node, and what clients outside see of them when that node is lost. */
import { setTimeout as sleep } from "node:timers/promises";
import type { KubeCluster } from "../support/kubeCluster.ts";
import { type Observation, Observer } from "../support/observer.ts";
import { elapsedMs } from "../support/takeover.ts";
import { until } from "../support/waiting.ts";
import { addressesOf, loadBalancer, type Service, ServiceUser } from "./serviceUser.ts";
import type { Asking } from "./silences.ts";
import { namespace, User } from "./user.ts";

/** Carrier gone, with all that runs on the node; or all that runs on it gone, with its network. */
export const losses = ["link cut", "power cut"] as const;
export type Loss = (typeof losses)[number];

/** What clients outside saw. A value for each Service, in milliseconds. */
export interface Sight {
  /** Without an answer of the pods to who has asked all the time: at the loss, and while the node took its addresses back. */
  silentMs: number[];
  returnSilentMs: number[];
  /** Without an answer to the question who has the address, at the loss. */
  unownedMs: number[];
  /** Stretches of time in which two nodes answered that question, from before the loss until after the return. */
  doubleAnswers: number;
}

/**
 * The pods' node is never lost, and the others are in turn: connections to pods of a lost node fail until Kubernetes takes it for lost, whoever
 * has the address.
 */
const podNode = "n3";
const app = "far";
/** Between two questions about one address: of each kind some thousands a second in all. */
const pace = { echo: 25, arp: 20 };
/** How long after the loss it is looked whether all goes on, and how long after the return. */
const watchMs = 1500;

export interface LossOptions {
  withApi: boolean;
  /** Wait until the node has taken its addresses back; else until it stands by. */
  untilTakenBack?: boolean;
}

export class ServiceFleet {
  readonly #cluster: KubeCluster;
  readonly #desk: ServiceUser;
  readonly #user: User;
  #addresses: string[] = [];
  #holder = "n1";

  constructor(cluster: KubeCluster) {
    this.#cluster = cluster;
    this.#desk = new ServiceUser(cluster);
    this.#user = new User(cluster);
  }

  /** Pods and Services, until all have an address of the pool. */
  async start(count: number): Promise<void> {
    await this.#desk.startPods(app, [podNode]);
    const names = Array.from({ length: count }, (_, index) => `s${index}`);
    // Without an operator, which then plans all at once: one after the other takes five times as long.
    await this.#scaleOperator(0);
    await this.#desk.create(names.map((name) => loadBalancer(name, { app })));
    await this.#scaleOperator(2);
    const assigned = async () => {
      const { items } = await this.#cluster.get<{ items: Service[] }>("services");
      this.#addresses = items.flatMap((service) => (names.includes(service.metadata.name) ? addressesOf(service) : []));
      return this.#addresses.length === count;
    };
    await until(`addresses of ${count} Services`, assigned, { timeoutMs: 60_000, everyMs: 200 });
  }

  /** Brings all addresses to one node, and loses it while clients ask. It returns by itself; without power it needs an API server for that. */
  async lose(loss: Loss, { withApi, untilTakenBack = false }: LossOptions): Promise<Sight> {
    const lost = await this.#gather();
    if (!withApi) await this.#cluster.api("kill");
    const network = {
      directory: this.#cluster.folder,
      spawn: (host: "client", name: string, command: readonly string[]) => this.#cluster.spawn(host, name, command),
    };
    const observer = await Observer.start(network, this.#addresses, { by: ["arp"], askEvery: `${pace.arp}ms` });
    const atLoss = await this.#ask(async () => {
      await this.#cluster.node(loss === "link cut" ? "cut" : "kill", lost);
      await sleep(watchMs);
      if (loss === "link cut") await this.#cluster.node("heal", lost);
      await sleep(watchMs);
    });
    // A node that boots takes the processors that it shares with the others here: what is seen of them meanwhile means nothing.
    const lookedUntilNs = process.hrtime.bigint();
    if (!withApi) await this.#cluster.api("start");
    if (loss === "power cut") await this.#cluster.node("up", lost);
    for (const { metadata } of await this.#desk.virtualIPs()) await this.#user.settled(metadata.name, this.#cluster.nodes.length - 1);
    const atReturn = await this.#ask(async () => {
      if (untilTakenBack) await this.#untilAllOn(lost);
      await sleep(untilTakenBack ? watchMs : 0);
    });
    return sightOf(this.#addresses, { atLoss, atReturn, lookedUntilNs }, await observer.stop());
  }

  #ask(work: () => Promise<void>): Promise<Asking> {
    return this.#desk.askWithoutPause(this.#addresses, work, pace.echo);
  }

  /** All VirtualIPs to a node that had none of them, or has just been lost: for good. */
  async #gather(): Promise<string> {
    this.#holder = this.#holder === "n1" ? "n2" : "n1";
    const move = (name: string) => this.#cluster.aloft(["vip", "move", name, "--to", this.#holder, "--timeout", "30s"]);
    await Promise.all((await this.#desk.virtualIPs()).map(({ metadata }) => move(metadata.name)));
    await this.#untilAllOn(this.#holder);
    return this.#holder;
  }

  async #scaleOperator(replicas: number): Promise<void> {
    await this.#cluster.kubectl(["-n", namespace, "scale", "deployment/aloft-operator", `--replicas=${replicas}`]);
  }

  async #untilAllOn(node: string): Promise<void> {
    const all = async () => {
      const has = new Set(await this.#cluster.addresses(node));
      return this.#addresses.every((address) => has.has(address));
    };
    await until(`all addresses on ${node}`, all, { timeoutMs: 90_000, everyMs: 200 });
  }
}

export interface Look {
  atLoss: Asking;
  atReturn: Asking;
  /** When the return began. */
  lookedUntilNs: bigint;
}

/** Of several silences of a Service the longest counts. */
export function sightOf(addresses: readonly string[], look: Look, { unanswered, doubleAnswers }: Observation): Sight {
  const longest = (spans: readonly { address: string; ms: number }[]) =>
    addresses.map((address) => Math.max(0, ...spans.filter((span) => span.address === address).map(({ ms }) => ms)));
  const silent = ({ silences }: Asking) => longest(silences.map(({ address, fromMs, toMs }) => ({ address, ms: toMs - fromMs })));
  const atLoss = unanswered.filter(({ fromNs }) => fromNs < look.lookedUntilNs);
  return {
    silentMs: silent(look.atLoss),
    returnSilentMs: silent(look.atReturn),
    unownedMs: longest(atLoss.map(({ address, fromNs, toNs }) => ({ address, ms: elapsedMs(fromNs, toNs) }))),
    doubleAnswers: doubleAnswers.length,
  };
}
