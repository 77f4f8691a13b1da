/**
 * All virtual servers of a node → what the kernel shall have, what is to be checked, what is to be told. Pure, and computed anew at each
 * change: results of checks, endpoints and objects come in as values.
 */
import type { NodeVirtualServerStatus, RealServerStatus } from "../../api/virtualServerStatus.ts";
import type { HealthResult, HealthTarget } from "../healthChecks/healthTarget.ts";
import type { IpvsDestination, IpvsDestinationKey, IpvsService, IpvsServiceKey } from "../native.ts";
import type { Endpoint, ResolvedVirtualServer } from "./resolvedVirtualServer.ts";
import { judgeQuorum, judgeServer, type ServerHealth } from "./serverHealth.ts";
import { canonicalAddress, forwardingOf, listServers, type Server } from "./serverList.ts";
import { familyOf, formatServiceKey, serviceKeys } from "./serviceKeys.ts";
import { durationSeconds, persistenceOf, schedulerFlagsOf } from "./serviceSettings.ts";

/** What is remembered of a VirtualServer from one plan to the next. */
export interface VirtualServerMemory {
  quorum: boolean;
  /** Of its servers, by their keys: whether they were up. */
  up: ReadonlyMap<string, boolean>;
}

export interface VirtualServersQuestion {
  virtualServers: readonly ResolvedVirtualServer[];
  /** By nameOf(); undefined where nothing is known yet. */
  endpoints: ReadonlyMap<string, readonly Endpoint[]>;
  /** By the key of a target; undefined: not configured yet. */
  result(key: string): HealthResult | undefined;
  /** Whether the node holds the addresses of a VirtualIP; for suspendWithoutAddress. */
  isActive(virtualIP: string): boolean;
  memory: ReadonlyMap<string, VirtualServerMemory>;
}

/** Something to tell: a server or a quorum that changed. */
export interface VirtualServerChange {
  virtualServer: ResolvedVirtualServer;
  /** Absent: it is the quorum that changed. */
  server?: Server;
  up: boolean;
  message: string;
}

/** A service, and the VirtualServer that it belongs to. */
export type OwnedService = IpvsService & { owner: string };

export interface VirtualServersPlan {
  services: OwnedService[];
  targets: HealthTarget[];
  statuses: NodeVirtualServerStatus[];
  changes: VirtualServerChange[];
  memory: Map<string, VirtualServerMemory>;
}

export const nameOf = ({ namespace, name }: Pick<ResolvedVirtualServer, "namespace" | "name">) => `${namespace}/${name}`;

export function planVirtualServers(question: VirtualServersQuestion): VirtualServersPlan {
  const plan: VirtualServersPlan = { services: [], targets: [], statuses: [], changes: [], memory: new Map() };
  const taken = new Map<string, string>();
  for (const virtualServer of question.virtualServers) planOne(virtualServer, question, taken, plan);
  return plan;
}

interface Judged {
  server: Server;
  health: ServerHealth;
}

function planOne(
  virtualServer: ResolvedVirtualServer,
  question: VirtualServersQuestion,
  taken: Map<string, string>,
  plan: VirtualServersPlan,
): void {
  const name = nameOf(virtualServer);
  const { spec } = virtualServer;
  const servers = listServers(spec, question.endpoints.get(name));
  // Nothing is known of its endpoints: it is not programmed yet, and what an earlier process left is adopted once it is.
  if (!servers) {
    plan.statuses.push({ ...statusOf(virtualServer, [], true, false), message: "its endpoints are not known yet" });
    return;
  }
  const isChecking = !spec.suspendWithoutAddress || virtualServer.virtualIP === undefined || question.isActive(virtualServer.virtualIP);
  const judged = servers.map((server): Judged => {
    const targets = targetsOf(virtualServer, server);
    if (isChecking) plan.targets.push(...targets);
    return {
      server,
      health: judgeServer(server, isChecking ? targets.map((target) => question.result(target.key) ?? initialResult(target)) : []),
    };
  });
  const before = question.memory.get(name);
  const upWeight = judged.reduce((sum, { health }) => sum + (health.up ? health.weight : 0), 0);
  const quorum = judgeQuorum(spec, upWeight, before?.quorum);
  const { own, lost } = claim(serviceKeys(virtualServer), name, taken);
  plan.services.push(...own.map((key) => serviceOf(key, virtualServer, judged, quorum)));
  plan.changes.push(...changesOf(virtualServer, judged, quorum, before));
  plan.statuses.push({ ...statusOf(virtualServer, judged, quorum, !quorum && spec.sorryServer !== undefined), ...lost });
  plan.memory.set(name, { quorum, up: new Map(judged.map(({ server, health }) => [server.key, health.up])) });
}

/** Of two that want one service the first has it: the operator has put the older one there. */
function claim(
  keys: readonly IpvsServiceKey[],
  name: string,
  taken: Map<string, string>,
): { own: IpvsServiceKey[]; lost: { message?: string } } {
  const own: IpvsServiceKey[] = [];
  const lost: string[] = [];
  for (const key of keys) {
    const text = formatServiceKey(key);
    const holder = taken.get(text) ?? name;
    taken.set(text, holder);
    if (holder === name) own.push(key);
    else lost.push(`${text} is ${holder}'s`);
  }
  return { own, lost: lost.length > 0 ? { message: lost.join("; ").slice(0, 1024) } : {} };
}

/** Its port is asked for where it has one, else the first of the service. */
function targetsOf(virtualServer: ResolvedVirtualServer, { key, address, port, healthChecks }: Server): HealthTarget[] {
  const checkedPort = port || virtualServer.spec.ports?.[0]?.port || 0;
  return healthChecks.map((check, index) => ({ key: `${nameOf(virtualServer)}/${key}/${index}`, address, port: checkedPort, check }));
}

const initialResult = ({ key, check }: HealthTarget): HealthResult => {
  const up = check.initial === "Up";
  return { key, up, message: up ? "" : "not checked yet" };
};

function serviceOf(key: IpvsServiceKey, virtualServer: ResolvedVirtualServer, judged: readonly Judged[], quorum: boolean): OwnedService {
  const { spec } = virtualServer;
  const sorry = quorum ? undefined : spec.sorryServer;
  const fitting = judged.filter(({ server }) => server.forwarding === "TUN" || familyOf(server.address) === key.family);
  const standing = fitting.filter((one) => isKept(one, sorry));
  const destinations = standing.map(({ server, health }) => destinationOf(key, server, sorry || !health.up ? 0 : health.weight));
  if (sorry && familyOf(sorry.address) === key.family) {
    const address = canonicalAddress(sorry.address);
    destinations.push({
      address,
      port: portOn(key, sorry.port),
      weight: 1,
      ...forwardingOf(sorry.forwarding ?? spec.forwarding, sorry.tunnel ?? spec.tunnel),
    });
  }
  const present = new Set(destinations.map(({ address, port }) => `${address} ${port}`));
  const failed = fitting.map(({ server }): IpvsDestinationKey => ({ address: server.address, port: portOn(key, server.port) }));
  return {
    owner: nameOf(virtualServer),
    key,
    scheduler: spec.scheduler,
    schedulerFlags: schedulerFlagsOf(spec),
    onePacket: spec.onePacket,
    persistence: persistenceOf(spec, key.family),
    destinations,
    failed: failed.filter(({ address, port }) => !present.has(`${address} ${port}`)),
    drainSeconds: durationSeconds(spec.drainTimeout),
  };
}

/** A failed server, and each server while the sorry server serves, is removed or stays with weight 0. */
function isKept({ server, health }: Judged, sorry: { onFailure: "Remove" | "Drain" } | undefined): boolean {
  if (!health.up) return server.onFailure === "Drain";
  return !sorry || sorry.onFailure === "Drain";
}

function destinationOf(key: IpvsServiceKey, server: Server, weight: number): IpvsDestination {
  const { address, port, forwarding, tunnel, upperThreshold, lowerThreshold } = server;
  return {
    address,
    port: portOn(key, port),
    forwarding,
    weight,
    ...(tunnel && { tunnel }),
    ...(upperThreshold !== undefined && { upperThreshold, lowerThreshold }),
  };
}

/** A service of a mark has no port, and its servers keep that of the packet unless they are given one. */
function portOn({ port = 0 }: IpvsServiceKey, own: number | undefined): number {
  return own ?? port;
}

function changesOf(
  virtualServer: ResolvedVirtualServer,
  judged: readonly Judged[],
  quorum: boolean,
  before: VirtualServerMemory | undefined,
): VirtualServerChange[] {
  const changes: VirtualServerChange[] = judged.flatMap(({ server, health }) => {
    const was = before?.up.get(server.key) ?? true;
    return was === health.up ? [] : [{ virtualServer, server, up: health.up, message: health.message }];
  });
  if ((before?.quorum ?? true) !== quorum) changes.push({ virtualServer, up: quorum, message: "" });
  return changes;
}

const mostServers = 64;

function statusOf(
  { namespace, name, generation }: ResolvedVirtualServer,
  judged: readonly Judged[],
  quorum: boolean,
  sorry: boolean,
): NodeVirtualServerStatus {
  const isUp = ({ health }: Judged) => health.up;
  const ordered = judged.length <= mostServers ? judged : [...judged.filter((one) => !isUp(one)), ...judged.filter(isUp)];
  const servers = ordered.slice(0, mostServers).map(({ server, health }): RealServerStatus => {
    const { up, weight, since, message } = health;
    return {
      address: server.address,
      port: server.port ?? 0,
      up,
      weight: up && !sorry ? weight : 0,
      ...(since && { since: since.toISOString() }),
      ...(message && { message: message.slice(0, 256) }),
    };
  });
  return {
    namespace,
    name,
    ...(generation !== undefined && { observedGeneration: generation }),
    // What the kernel has is not known here: the caller knows.
    programmed: false,
    up: judged.filter(isUp).length,
    total: judged.length,
    quorum,
    ...(sorry && { sorryServer: true }),
    servers,
  };
}
