/**
 * All virtual servers of a node → what the kernel shall have, what is to be checked, what is to be told. Pure, and computed anew at each
 * change: results of checks, endpoints and objects come in as values.
 */
import { canonicalAddress } from "../../api/ipAddress.ts";
import type { NodeVirtualServerStatus } from "../../api/virtualServerStatus.ts";
import type { HealthResult, HealthTarget } from "../healthChecks/healthTarget.ts";
import type { IpvsServiceKey } from "../native/ipvsState.ts";
import { type Judged, judge, type KnownHealth, targetsOf } from "./judgedServers.ts";
import { ownServersOnly } from "./ownServersOnly.ts";
import { type OwnedService, planService } from "./plannedService.ts";
import { type Endpoint, nameOf, type ResolvedVirtualServer } from "./resolvedVirtualServer.ts";
import { changesOf, farewellOf, type VirtualServerChange } from "./serverChanges.ts";
import { judgeQuorum } from "./serverHealth.ts";
import { listServers, type Server } from "./serverList.ts";
import { statusOf } from "./serverStatus.ts";
import { formatServiceKey, serviceKeys } from "./serviceKeys.ts";

/** What is remembered of a VirtualServer from one plan to the next. */
export interface VirtualServerMemory {
  /** What ran: it goes on while nothing is known of the endpoints of what shall run now. */
  virtualServer: ResolvedVirtualServer;
  endpoints: readonly Endpoint[] | undefined;
  quorum: boolean;
  /** By their keys. */
  servers: ReadonlyMap<string, RememberedServer>;
  planned: PlannedVirtualServer;
}

/** What came out for a VirtualServer, and what it was made of. While that is the same, so is this, object by object. */
export interface PlannedVirtualServer {
  causes: Causes;
  services: readonly OwnedService[];
  targets: readonly HealthTarget[];
  /** Of the targets, in their order. */
  results: readonly (HealthResult | undefined)[];
  status: NodeVirtualServerStatus;
}

type Causes = Pick<VirtualServersQuestion, "holds"> & {
  virtualServer: ResolvedVirtualServer;
  endpoints: readonly Endpoint[] | undefined;
  message: string;
  /** What others have of its services. */
  lost: string;
};

export interface RememberedServer {
  server: Server;
  up: boolean;
  /** Times that it came up or went down. */
  transitions: number;
}

/** What an earlier process knew of a VirtualServer. */
export interface RestoredHealth {
  quorum: boolean;
  /** Keys of its servers that were down. */
  down: readonly string[];
}

export interface VirtualServersQuestion {
  virtualServers: readonly ResolvedVirtualServer[];
  /** By nameOf(); undefined where nothing is known yet. */
  endpoints: ReadonlyMap<string, readonly Endpoint[]>;
  /** By nameOf(): why those are not what they should be. */
  doubts: ReadonlyMap<string, string>;
  /** By the key of a target; undefined: not configured yet. */
  result(key: string): HealthResult | undefined;
  /** Whether an address is on the node now. The same function as before while it would answer the same. */
  holds: (address: string) => boolean;
  memory: ReadonlyMap<string, VirtualServerMemory>;
  /** Counts where there is no memory. */
  restored: ReadonlyMap<string, RestoredHealth>;
}

export interface VirtualServersPlan {
  services: OwnedService[];
  /** Of VirtualServers of which so little is known that they are left as they are. */
  waiting: IpvsServiceKey[];
  targets: HealthTarget[];
  statuses: NodeVirtualServerStatus[];
  changes: VirtualServerChange[];
  memory: Map<string, VirtualServerMemory>;
}

export function planVirtualServers(question: VirtualServersQuestion): VirtualServersPlan {
  const plan: VirtualServersPlan = { services: [], waiting: [], targets: [], statuses: [], changes: [], memory: new Map() };
  const taken = new Map<string, string>();
  for (const virtualServer of question.virtualServers) planOne(virtualServer, question, taken, plan);
  const wanted = new Set(question.virtualServers.map(nameOf));
  for (const [name, gone] of question.memory) if (!wanted.has(name)) plan.changes.push(...farewellOf(gone, "Removed"));
  return plan;
}

const notYet = "its endpoints are not known yet";

function planOne(
  wanted: ResolvedVirtualServer,
  question: VirtualServersQuestion,
  taken: Map<string, string>,
  plan: VirtualServersPlan,
): void {
  const name = nameOf(wanted);
  const before = question.memory.get(name);
  const found = question.endpoints.get(name);
  const doubt = question.doubts.get(name);
  const isKnown = !needsEndpoints(wanted) || found !== undefined;
  if (!isKnown && !before) {
    plan.waiting.push(...serviceKeys(wanted));
    plan.statuses.push(statusOf({ virtualServer: wanted, judged: [], quorum: true, message: doubt ?? notYet }));
    return;
  }
  const { virtualServer, endpoints } = isKnown || !before ? { virtualServer: wanted, endpoints: found } : before;
  const { own, lost } = claim(serviceKeys(virtualServer), name, taken);
  const doubts = doubt ? [`${doubt}; what it had goes on`] : isKnown ? [] : [notYet];
  const message = [...doubts, ...lost].join("; ");
  const causes = { virtualServer, endpoints, message, lost: lost.join("; "), holds: question.holds };
  const memory = before && isAsBefore(before.planned, causes, question) ? before : remember(causes, own, question, plan, before);
  const { planned } = memory;
  plan.targets.push(...planned.targets);
  plan.services.push(...planned.services);
  plan.statuses.push(planned.status);
  plan.memory.set(name, memory);
}

function isAsBefore({ causes, targets, results }: PlannedVirtualServer, now: Causes, { result }: VirtualServersQuestion): boolean {
  const isSameCause = (Object.keys(now) as (keyof Causes)[]).every((name) => causes[name] === now[name]);
  return isSameCause && targets.every(({ key }, index) => isSameResult(results[index], result(key)));
}

function isSameResult(before: HealthResult | undefined, now: HealthResult | undefined): boolean {
  if (!before || !now) return before === now;
  const { up, weight, weightChange, since, message } = before;
  return (
    up === now.up &&
    weight === now.weight &&
    weightChange === now.weightChange &&
    since?.getTime() === now.since?.getTime() &&
    message === now.message
  );
}

/** Plans it anew, and tells what has changed. */
function remember(
  causes: Causes,
  own: readonly IpvsServiceKey[],
  question: VirtualServersQuestion,
  plan: VirtualServersPlan,
  before: VirtualServerMemory | undefined,
): VirtualServerMemory {
  const { virtualServer, endpoints, message } = causes;
  const name = nameOf(virtualServer);
  const judged = judge(virtualServer, listServers(virtualServer, endpoints ?? []), knownHealth(name, virtualServer, question));
  const upWeight = judged.reduce((sum, { health }) => sum + (health.up ? health.weight : 0), 0);
  const wasQuorum = before?.quorum ?? question.restored.get(name)?.quorum ?? false;
  const quorum = judgeQuorum(virtualServer.spec, upWeight, wasQuorum);
  plan.changes.push(...changesOf({ virtualServer, judged, quorum, upWeight, before }));
  const targets = judged.flatMap(({ server, isChecked }) => (isChecked ? targetsOf(virtualServer, server) : []));
  const planned: PlannedVirtualServer = {
    causes,
    targets,
    results: targets.map(({ key }) => question.result(key)),
    services: own.map((key) => whereItIs(planService(key, virtualServer, judged, quorum.up), question)),
    status: statusOf({ virtualServer, judged, quorum: quorum.up, message }),
  };
  return { virtualServer, endpoints, quorum: quorum.up, servers: remembered(judged, before), planned };
}

/** What a loopback address names is another server on each node. */
const isLoopback = (address: string) => address.startsWith("127.") || address === "::1";

function whereItIs(service: OwnedService, { holds }: VirtualServersQuestion): OwnedService {
  const { address } = service.key;
  if (address === undefined || holds(address)) return service;
  return ownServersOnly(service, (own) => !isLoopback(own) && holds(own));
}

const needsEndpoints = ({ spec }: ResolvedVirtualServer) => (spec.service ?? spec.nodes) !== undefined;

function remembered(judged: readonly Judged[], before: VirtualServerMemory | undefined): VirtualServerMemory["servers"] {
  return new Map(
    judged.map(({ server, health: { up } }) => {
      const old = before?.servers.get(server.key);
      const transitions = (old?.transitions ?? 0) + (old && old.up !== up ? 1 : 0);
      return [server.key, { server, up, transitions }];
    }),
  );
}

function knownHealth(name: string, { addresses, spec }: ResolvedVirtualServer, question: VirtualServersQuestion): KnownHealth {
  const { memory, restored, result, holds } = question;
  const servers = memory.get(name)?.servers;
  const down = new Set(servers ? undefined : restored.get(name)?.down);
  return {
    result,
    // Of a mark nobody knows whose packets have it.
    isSuspended: spec.suspendWithoutAddress && addresses.length > 0 && !addresses.some((address) => holds(canonicalAddress(address))),
    was: (key) => servers?.get(key)?.up ?? (down.has(key) ? false : undefined),
  };
}

/** Of two that want one service the first has it: the operator has put the older one there. */
function claim(keys: readonly IpvsServiceKey[], name: string, taken: Map<string, string>): { own: IpvsServiceKey[]; lost: string[] } {
  const own: IpvsServiceKey[] = [];
  const lost: string[] = [];
  for (const [text, key] of new Map(keys.map((key) => [formatServiceKey(key), key]))) {
    const holder = taken.get(text) ?? name;
    taken.set(text, holder);
    if (holder === name) own.push(key);
    else lost.push(`${text} is ${holder}'s`);
  }
  return { own, lost };
}
