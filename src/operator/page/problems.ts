/** What is wrong in a cluster, worst first: objects → problems. Pure. */
import { type Condition, findCondition } from "../../api/condition.ts";
import { assignedCondition } from "../../api/service.ts";
import type { AgentView, ClusterView } from "../plan/cluster.ts";
import { isOurs } from "../plan/services/claims.ts";
import type { ServiceView } from "../plan/services/views.ts";
import { formatAge } from "../plan/words.ts";
import type { AddressRow } from "./addresses.ts";
import { type Concern, kubectl, named } from "./concern.ts";
import type { PageFacts } from "./facts.ts";

/** The same trouble of one object or of many. */
export interface Problem extends Omit<Concern, "object"> {
  objects: string[];
}

/** All of them. `addresses`: those that the page shows. */
export function findProblems(facts: PageFacts, addresses: readonly AddressRow[]): Problem[] {
  const { cluster, services = [], replica, lease } = facts;
  const concerns = [
    ...(cluster && replica.leader === "" ? [noLeader(lease)] : []),
    ...virtualIPConcerns(cluster),
    ...services.flatMap((service) => serviceConcern(service, facts)),
    ...homeless(services, addresses, facts.now),
    ...(cluster?.agents ?? []).flatMap((agent) => agentConcerns(agent, facts.now)),
    ...poolConcerns(cluster),
    ...serverConcerns(cluster),
  ];
  return merge(concerns);
}

/** Of the same kind and in the same words: one problem. Within a severity the order stays. */
function merge(concerns: readonly Concern[]): Problem[] {
  const groups = [...Map.groupBy(concerns, ({ kind, severity, what }) => `${severity} ${kind} ${what}`).values()];
  const problems = groups.map(([first, ...others]): Problem[] => {
    if (!first) return [];
    const { object, ...rest } = first;
    return [{ ...rest, objects: [object, ...others.map((other) => other.object)] }];
  });
  return problems.flat().sort((a, b) => Number(a.severity === "Warning") - Number(b.severity === "Warning"));
}

const noLeader = ({ namespace, name }: PageFacts["lease"]): Concern => ({
  severity: "Error",
  kind: "Operator",
  object: name,
  what: "No replica leads, as far as this one has seen: nothing is planned, and statuses are as the last leader left them. Elections go on without it.",
  command: kubectl("get", "lease", name, namespace),
});

/** What a condition means when it has that status. */
interface Rule {
  type: string;
  status: Condition["status"];
  severity: Concern["severity"];
  /** Reasons that are none, or that another condition tells of. */
  except?: readonly string[];
}

const notTrue = (type: string, severity: Concern["severity"], except: readonly string[] = []): Rule[] =>
  (["False", "Unknown"] as const).map((status) => ({ type, status, severity, except }));

const virtualIPRules: Rule[] = [
  { type: "Accepted", status: "False", severity: "Error" },
  ...notTrue("Ready", "Error", ["NotAccepted", "Terminating"]),
  { type: "AddressConflict", status: "True", severity: "Error" },
  { type: "Degraded", status: "True", severity: "Warning", except: ["FamilySplit", "MultipleMasters"] },
  { type: "ForeignRouter", status: "True", severity: "Warning" },
];

const poolRules: Rule[] = [
  { type: "Accepted", status: "False", severity: "Error", except: ["Terminating"] },
  { type: "Exhausted", status: "True", severity: "Error" },
  { type: "Exhausted", status: "False", severity: "Warning", except: ["FreeAddresses"] },
  { type: "OutOfRange", status: "True", severity: "Warning" },
];

const serverRules: Rule[] = [
  { type: "Accepted", status: "False", severity: "Error" },
  { type: "Programmed", status: "False", severity: "Error", except: ["NotAccepted", "NoNodes", "Pending"] },
  ...notTrue("Ready", "Error", ["NotAccepted", "NotProgrammed"]),
  { type: "Degraded", status: "True", severity: "Warning" },
];

const agentRules: Rule[] = [
  { type: "Preflight", status: "False", severity: "Error" },
  { type: "ConfigurationApplied", status: "False", severity: "Error", except: ["Waiting"] },
];

function judge(rules: readonly Rule[], conditions: readonly Condition[] = []): Pick<Concern, "severity" | "what" | "since">[] {
  return rules.flatMap(({ type, status, severity, except }) => {
    const condition = findCondition(conditions, type);
    if (condition?.status !== status || except?.includes(condition.reason)) return [];
    return [{ severity, what: `${condition.reason}: ${condition.message}`, since: condition.lastTransitionTime }];
  });
}

function virtualIPConcerns(cluster: ClusterView | undefined): Concern[] {
  return (cluster?.virtualIPs ?? []).flatMap(({ name, status }) =>
    judge(virtualIPRules, status.conditions).map((found) => ({
      ...found,
      ...named("VirtualIP", name),
      command: kubectl("describe", "vip", name),
    })),
  );
}

function poolConcerns(cluster: ClusterView | undefined): Concern[] {
  return (cluster?.pools ?? []).flatMap(({ name, status }) =>
    judge(poolRules, status.conditions).map((found) => ({
      ...found,
      ...named("AddressPool", name),
      command: kubectl("describe", "pool", name),
    })),
  );
}

function serverConcerns(cluster: ClusterView | undefined): Concern[] {
  return (cluster?.virtualServers ?? []).flatMap(({ key, namespace, name, status }) =>
    judge(serverRules, status.conditions).map((found) => ({
      ...found,
      ...named("VirtualServer", key),
      command: kubectl("describe", "vs", name, namespace),
    })),
  );
}

function agentConcerns({ name, silent, status }: AgentView, now: Date): Concern[] {
  const all = { ...named("Node", name) };
  const pod = kubectl("describe", "na", name);
  const away = silenceOf({ silent, status });
  if (away !== undefined) {
    const last = status.lastReportTime;
    if (last === undefined) return [{ ...all, severity: "Warning", what: `${away}: it can hold no address.`, command: pod }];
    const what = `${away}. What it said last is ${formatAge(last, now)} old, and need not be so any more.`;
    return [{ ...all, severity: "Error", what, since: last, command: pod }];
  }
  const findings = (status.findings ?? []).filter(({ severity }) => severity === "Error");
  return [
    ...judge(agentRules, status.conditions).map((found) => ({ ...all, ...found, command: pod })),
    ...findings.map(({ what, why }) => ({ ...all, severity: "Error" as const, what: `${what} ${why}`, command: pod })),
  ];
}

/** Why a node's agent is not there, if it is not. */
export function silenceOf({ silent, status: { state, lastReportTime } }: Pick<AgentView, "silent" | "status">): string | undefined {
  if (state === "Stopped") return "Its agent was stopped";
  if (lastReportTime === undefined) return silent ? "It has no agent that reports" : undefined;
  return silent ? "Its agent no longer reports" : undefined;
}

/** An operator needs a moment for what is new. */
const patienceMs = 5_000;

const isYoung = (since: string | undefined, now: Date) => since !== undefined && now.getTime() - Date.parse(since) < patienceMs;

/** A Service that waits for an address. */
function serviceConcern(service: ServiceView, { isDefault, now }: PageFacts): Concern[] {
  const { key, namespace, name, createdAt, deleting, conditions, ingress } = service;
  if (deleting || !isOurs(service, isDefault)) return [];
  const assigned = findCondition(conditions, assignedCondition);
  if (assigned ? assigned.status === "True" && assigned.reason === "Assigned" : ingress.length > 0 || isYoung(createdAt, now)) return [];
  const why = assigned ? `${assigned.reason}: ${assigned.message}` : "no operator has looked at it yet";
  const isPending = ingress.length === 0;
  return [
    {
      ...named("Service", key),
      severity: isPending ? "Error" : "Warning",
      what: isPending ? `Pending. ${why}` : why,
      since: assigned?.lastTransitionTime ?? createdAt,
      command: kubectl("describe", "service", name, namespace),
    },
  ];
}

/** Services with an address that no VirtualIP holds. */
function homeless(services: readonly ServiceView[], addresses: readonly AddressRow[], now: Date): Concern[] {
  const byKey = new Map(services.map((service) => [service.key, service]));
  return addresses.flatMap(({ virtualIP, owners, address }) => {
    if (virtualIP !== undefined) return [];
    return owners.flatMap((owner) => {
      const service = byKey.get(owner);
      const since = service && findCondition(service.conditions, assignedCondition)?.lastTransitionTime;
      if (!service || service.deleting || isYoung(since, now)) return [];
      const why = service.isLocal
        ? "externalTrafficPolicy is Local, and no node has a ready endpoint, or no VirtualIP is left for those that have"
        : "no VirtualIP holds it yet";
      const command = kubectl("describe", "service", service.name, service.namespace);
      return [{ ...named("Service", owner), severity: "Error" as const, what: `Nobody answers for ${address}: ${why}.`, command }];
    });
  });
}
