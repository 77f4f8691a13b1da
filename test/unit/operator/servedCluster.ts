/** A played cluster with pools and Services: both control loops write, agents run what they are told, and what must never be is looked for. */

import { findCondition } from "../../../src/api/condition.ts";
import type { PoolView, VirtualIPView } from "../../../src/operator/plan/cluster.ts";
import { viewPool } from "../../../src/operator/plan/parse.ts";
import { type Generation, nextGeneration } from "../../../src/operator/plan/services/generation.ts";
import { planServices, type ServicesPlan } from "../../../src/operator/plan/services/planServices.ts";
import { firstMemory, type ServicesMemory, type ServicesQuestion } from "../../../src/operator/plan/services/servicesQuestion.ts";
import type { NamespaceView, ServiceView } from "../../../src/operator/plan/services/views.ts";
import { PlayedCluster } from "./playedCluster.ts";
import { timeAt, virtualIP, virtualServer } from "./samples.ts";

/** Of the namespace web and of Aloft's class, for one IPv4 address at TCP port 80. */
export function service(name: string, more: Partial<ServiceView> = {}): ServiceView {
  const { namespace = "web" } = more;
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    uid: `uid-of-${name}`,
    createdAt: timeAt(0),
    deleting: false,
    hasFinalizer: false,
    labels: {},
    annotations: {},
    isLoadBalancer: true,
    loadBalancerClass: "aloft.dev/vrrp",
    families: ["IPv4"],
    familyPolicy: "SingleStack",
    ports: [{ protocol: "TCP", port: 80 }],
    isLocal: false,
    limitsSources: false,
    publishesNotReady: false,
    ingress: [],
    conditions: [],
    ...more,
  };
}

export function pool(name: string, spec: object, more: Partial<PoolView> = {}): PoolView {
  const view = viewPool({ metadata: { name, creationTimestamp: timeAt(0), generation: 1 }, spec });
  if (!view) throw new Error("no view");
  return { ...view, hasFinalizer: true, ...more };
}

/** Specifications of pools with ten addresses, of IPv4 or of each family. */
export const ten = { addresses: ["192.0.2.100-192.0.2.109"] };
export const dual = { addresses: ["192.0.2.100-192.0.2.109", "2001:db8::100-2001:db8::109"] };

/** Of three nodes, with the pool "public". */
export function served(poolSpec: object, ...services: ServiceView[]): ServedCluster {
  const cluster = new ServedCluster("n1", "n2", "n3");
  cluster.pools = [pool("public", poolSpec)];
  cluster.services = services;
  return cluster;
}

export class ServedCluster extends PlayedCluster {
  override pools: PoolView[] = [];
  services: ServiceView[] = [];
  readonly endpoints = new Map<string, Set<string>>();
  namespaces: NamespaceView[] = [];
  isDefault = false;
  /** Whether the API server can be asked what is gone. */
  confirms = true;
  /** Writes of the loop for Services. */
  writes = 0;
  /** "web/shop Assigned: …". */
  readonly told: string[] = [];
  /** How many passes there are until what a pass has planned for VirtualIPs and VirtualServers is written. */
  generationTakes = 0;
  #generation: (Generation & { passesLeft: number }) | undefined;
  #passes = 0;
  #memory: ServicesMemory | undefined;
  #gone = new Set<string>();

  constructor(...names: string[]) {
    super(...names);
    this.virtualServers = [];
  }

  override round(applies?: (node: string) => boolean) {
    this.serve();
    const plan = super.round(applies);
    this.#check();
    return plan;
  }

  /** Rounds until nothing is written any more. */
  override rest(): void {
    for (let quiet = 0, round = 0; quiet < 4 + this.generationTakes; round += 1) {
      if (round === 120 * (1 + this.generationTakes)) throw new Error(`it does not come to rest: ${this.told.slice(-5).join("; ")}`);
      const before = this.writes;
      const { nodeAgents } = this.round();
      quiet = this.writes === before && nodeAgents.size === 0 ? quiet + 1 : 0;
    }
  }

  /** One pass of the loop. */
  serve(): void {
    let plan = this.#plan();
    if (this.confirms && plan.unknown.services.length + plan.unknown.pools.length > 0) {
      for (const key of [...plan.unknown.services, ...plan.unknown.pools]) this.#gone.add(key);
      plan = this.#plan();
    }
    if (this.#writePools(plan)) plan = this.#plan();
    this.#passes += 1;
    const generation = this.#generation ? undefined : nextGeneration(plan, this.#passes % (1 + this.generationTakes) === 0);
    if (generation) this.#generation = { ...generation, passesLeft: this.generationTakes };
    this.#generate();
    this.#writeServices(plan);
    this.#memory = plan.memory;
  }

  #generate(): void {
    if (!this.#generation) return;
    const { virtualIPs, virtualServers, passesLeft } = this.#generation;
    this.#generation.passesLeft -= 1;
    if (passesLeft > 0) return;
    this.#writeVirtualIPs(virtualIPs);
    this.#writeVirtualServers(virtualServers);
    this.#generation = undefined;
  }

  /** Another process leads: it remembers nothing. */
  restart(): void {
    this.#memory = undefined;
    this.#generation = undefined;
    this.#gone = new Set();
  }

  change(key: string, more: Partial<ServiceView>): void {
    this.services = this.services.flatMap((view) => {
      if (view.key !== key) return [view];
      return more.deleting && !view.hasFinalizer ? [] : [{ ...view, ...more }];
    });
  }

  changePool(name: string, spec: object): void {
    this.pools = this.pools.map((view) => {
      if (view.name !== name) return view;
      const { hasFinalizer, deleting, createdAt, status, generation } = view;
      return pool(name, spec, { hasFinalizer, deleting, createdAt, status, generation: generation + 1 });
    });
  }

  deletePool(name: string): void {
    this.pools = this.pools.map((view) => (view.name === name ? { ...view, deleting: true } : view));
  }

  serviceOf(key: string): ServiceView {
    const found = this.services.find((view) => view.key === key);
    if (!found) throw new Error(`no Service ${key}`);
    return found;
  }

  addresses(key: string): string[] {
    return this.serviceOf(key).ingress.flatMap(({ ip }) => ip ?? []);
  }

  reason(key: string): string | undefined {
    return this.serviceOf(key).conditions[0]?.reason;
  }

  /** The VirtualIP that has the address. */
  placeOf(address: string): string | undefined {
    return this.virtualIPs.find(({ spec }) => allAddresses(spec).includes(address))?.name;
  }

  /** The node that answers for the address. */
  answers(address: string): string | undefined {
    const place = this.placeOf(address);
    return place === undefined ? undefined : this.active(place);
  }

  poolCondition(name: string, type: string): string | undefined {
    const found = this.pools.find((view) => view.name === name)?.status.conditions?.find((condition) => condition.type === type);
    return found && `${found.status}/${found.reason}`;
  }

  assignments(name: string): Record<string, string> {
    const { assignments = [] } = this.pools.find((view) => view.name === name)?.status ?? {};
    return Object.fromEntries(assignments.map(({ address, services }) => [address, services.join(" ")]));
  }

  question(): ServicesQuestion {
    return {
      pools: this.pools,
      services: this.services,
      endpoints: this.endpoints,
      nodes: this.nodes,
      agents: this.agents,
      virtualIPs: this.virtualIPs,
      virtualServers: this.virtualServers,
      isDefault: this.isDefault,
      namespaces: this.namespaces,
      gone: this.#gone,
      isSettled: this.#generation === undefined,
      memory: this.#memory ?? firstMemory(this.pools),
      wallNow: timeAt(this.nowMs / 1000),
    };
  }

  #plan(): ServicesPlan {
    return planServices(this.question());
  }

  #writePools({ pools }: ServicesPlan): boolean {
    const changes = pools.filter(({ changed, finalizer }) => changed || finalizer !== "keep");
    const byName = new Map(changes.map((planned) => [planned.view.name, planned]));
    this.writes += changes.length;
    this.pools = this.pools.flatMap((view) => {
      const planned = byName.get(view.name);
      if (!planned) return [view];
      this.told.push(...planned.notices.map(({ reason, message }) => `${view.name} ${reason}: ${message}`));
      return planned.finalizer === "remove" ? [] : [{ ...view, status: planned.status, hasFinalizer: true }];
    });
    return changes.length > 0;
  }

  #writeVirtualIPs({ apply, remove }: Generation["virtualIPs"]): void {
    this.writes += apply.length + remove.length;
    const removed = new Set(remove.map(({ name }) => name));
    this.virtualIPs = this.virtualIPs.flatMap((view): VirtualIPView[] => {
      if (!removed.has(view.name)) return [view];
      return view.hasFinalizer ? [{ ...view, deleting: true }] : [];
    });
    for (const { name, labels, spec } of apply) {
      const before = this.virtualIPs.find((view) => view.name === name);
      const recorded = new Set(this.pools.flatMap(({ status }) => (status.assignments ?? []).map(({ address }) => address)));
      const isOwn = before?.generated !== undefined || !before || allAddresses(before.spec).some((address) => recorded.has(address));
      if (!isOwn) throw new Error(`${name} is somebody else's`);
      const generated = { pool: labels["aloft.dev/pool"] ?? "", role: labels["aloft.dev/pool-role"] as "shared" | "local" };
      const { generation = 0, status = {}, hasFinalizer = false } = before ?? {};
      const view = virtualIP(name, spec, { generated, generation: generation + 1, status, hasFinalizer });
      this.virtualIPs = [...this.virtualIPs.filter((each) => each.name !== name), view];
    }
  }

  #writeVirtualServers({ apply, remove }: Generation["virtualServers"]): void {
    this.writes += apply.length + remove.length;
    for (const { key } of remove) this.gone.add(key);
    for (const { key } of apply) this.gone.delete(key);
    const replaced = new Set([...apply, ...remove].map(({ key }) => key));
    const made = apply.map(({ name, namespace, spec, owner }) => ({
      ...virtualServer(name, { virtualIP: "any" }, { namespace, service: owner.name }),
      spec,
    }));
    this.virtualServers = [...(this.virtualServers ?? []).filter(({ key }) => !replaced.has(key)), ...made];
  }

  #writeServices({ services }: ServicesPlan): void {
    const byKey = new Map(services.map((planned) => [planned.view.key, planned]));
    this.services = this.services.flatMap((view) => {
      const planned = byKey.get(view.key);
      if (!planned) return [view];
      const { changed, finalizer, status, notices } = planned;
      this.writes += Number(changed) + Number(finalizer !== "keep");
      this.told.push(...notices.map(({ reason, message }) => `${view.key} ${reason}: ${message}`));
      if (finalizer === "remove" && view.deleting) return [];
      const hasFinalizer = finalizer === "keep" ? view.hasFinalizer : finalizer === "add";
      return [{ ...view, hasFinalizer, ...(changed && { ingress: status.ingress, conditions: status.conditions }) }];
    });
  }

  /** No address on two VirtualIPs, nor with two Services that do not share it; and none is told that is not recorded. */
  #check(): void {
    const owners = new Map<string, string>();
    const claim = (address: string, holder: string, where: string) => {
      const owner = owners.get(address) ?? holder;
      if (owner !== holder) throw new Error(`${address} is on ${owner} and, ${where}, on ${holder}`);
      owners.set(address, holder);
    };
    const routers = this.applied().flatMap(({ node, routers: own }) => own.map((router) => ({ node, ...router })));
    for (const { node, virtualIP: holder, addresses } of routers) {
      for (const { address } of addresses) claim(address.slice(0, address.indexOf("/")), holder, `on ${node}`);
    }
    // One that is refused holds nothing.
    const accepted = this.virtualIPs.filter(({ status }) => findCondition(status.conditions, "Accepted")?.status !== "False");
    for (const { name, spec } of accepted) for (const address of allAddresses(spec)) claim(address, name, "by its specification");
    const recorded = new Map(
      this.pools.flatMap(({ status }) => (status.assignments ?? []).map(({ address, services }) => [address, services])),
    );
    const served = this.services.filter(
      ({ deleting, isLoadBalancer, loadBalancerClass: wanted }) => !deleting && isLoadBalancer && wanted !== "other",
    );
    const told = served.flatMap(({ key, ingress }) => ingress.map(({ ip = "" }) => ({ key, ip })));
    if (this.pools.length === 0) return;
    for (const { key, ip } of told)
      if (!recorded.get(ip)?.includes(key)) throw new Error(`${key} is told ${ip}, which is not recorded for it`);
    for (const { address } of [...recorded.keys()].map((each) => ({ address: each }))) {
      const sharers = told.filter(({ ip }) => ip === address).map(({ key }) => this.serviceOf(key));
      const ports = sharers.flatMap((view) => view.ports.map(({ protocol, port }) => `${protocol}/${port}`));
      if (new Set(ports).size < ports.length) throw new Error(`${address} is given to ${sharers.map(({ key }) => key).join(" and ")}`);
    }
  }
}

function allAddresses(spec: VirtualIPView["spec"]): string[] {
  return [...(spec?.addresses ?? []), ...(spec?.excludedAddresses ?? [])].map(({ address }) => address);
}
