/**
 * NodeAgent.spec → what the core shall run. Pure. An entry that cannot run is refused with its reason and the others go on: the spec may
 * come from a newer operator, or from a file that outlived a change of the machine.
 */
import { parseDuration } from "../api/duration.ts";
import { priorityField } from "../api/fields.ts";
import { fitsInterval, intervalRanges } from "../api/interval.ts";
import { formatAddress, parsePrefix } from "../api/ipAddress.ts";
import { type VirtualRouterSpec, virtualRouterSpecSchema } from "../api/nodeAgent.ts";
import type { DesiredRouter, DesiredState } from "./native.ts";

/** An entry of spec.virtualRouters that does not run, or not as written. */
export interface EntryProblem {
  /** Place in spec.virtualRouters. */
  index: number;
  virtualIP: string;
  family: string;
  /** The priority asked for, if the entry has a valid one. */
  priority?: number;
  /** One sentence. */
  message: string;
}

export interface Plan {
  desired: DesiredState;
  rejected: EntryProblem[];
  /** Entries that run with another value than the one written. */
  adjusted: EntryProblem[];
}

export interface PlanOptions {
  /** Whether the core's timers run in real time; without it intervals below `intervalFloorMs` are raised to it. */
  realTime: boolean;
}

/** What a thread without real-time scheduling can keep on a busy node. */
export const intervalFloorMs = 100;

export const routerKey = (virtualIP: string, family: string) => `${virtualIP}/${family}`;

/** Plans the raw `spec.virtualRouters`; anything but an array counts as none. */
export function planDesired(spec: { virtualRouters?: unknown }, options: PlanOptions): Plan {
  const entries = Array.isArray(spec.virtualRouters) ? spec.virtualRouters : [];
  const plan: Plan = { desired: { routers: [] }, rejected: [], adjusted: [] };
  const taken = new Map<string, string>();
  for (const [index, entry] of entries.entries()) {
    const problem = (message: string): EntryProblem => ({ index, ...identityOf(entry), message });
    const parsed = virtualRouterSpecSchema.safeParse(entry);
    const router = parsed.success ? toRouter(parsed.data) : schemaMessage(parsed.error.issues);
    const refusal = typeof router === "string" ? router : claim(router, taken);
    if (refusal !== undefined || typeof router === "string") {
      plan.rejected.push(problem(refusal ?? String(router)));
      continue;
    }
    if (!options.realTime && router.advertisementIntervalMs < intervalFloorMs) {
      plan.adjusted.push(problem(floorMessage(router.advertisementIntervalMs)));
      router.advertisementIntervalMs = intervalFloorMs;
    }
    plan.desired.routers.push(router);
  }
  return plan;
}

function floorMessage(intervalMs: number): string {
  return `advertisementInterval raised from ${intervalMs}ms to ${intervalFloorMs}ms: the agent has no real-time scheduling`;
}

function identityOf(entry: unknown): Pick<EntryProblem, "virtualIP" | "family" | "priority"> {
  const { virtualIP, family, priority } = (entry ?? {}) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  return { virtualIP: text(virtualIP), family: text(family), priority: priorityField.safeParse(priority).data };
}

function schemaMessage(issues: { path: PropertyKey[]; message: string }[]): string {
  return issues.map(({ path, message }) => (path.length > 0 ? `${path.join(".")}: ${message}` : message)).join("; ");
}

/** The core's form of an entry, or why it cannot run. */
function toRouter(entry: VirtualRouterSpec): DesiredRouter | string {
  if (entry.family === "IPv6" && entry.version === 2) return "version: IPv6 needs VRRP version 3";
  const interval = parseDuration(entry.advertisementInterval) ?? Number.NaN;
  if (!fitsInterval(entry.version, interval)) {
    const { allowed } = intervalRanges[entry.version];
    return `advertisementInterval: version ${entry.version} allows ${allowed}, not ${entry.advertisementInterval}`;
  }
  const preemptDelayMs = parseDuration(entry.preemptDelay) ?? Number.NaN;
  if (!(preemptDelayMs <= 1_000_000)) return `preemptDelay: must be at most 1000s, not ${entry.preemptDelay}`;
  const addresses = canonicalAddresses(entry);
  if (typeof addresses === "string") return addresses;
  return {
    key: routerKey(entry.virtualIP, entry.family),
    family: entry.family,
    interface: entry.interface,
    virtualRouterID: entry.virtualRouterID,
    version: entry.version,
    priority: entry.priority,
    advertisementIntervalMs: interval,
    preempt: entry.preempt,
    preemptDelayMs,
    checksum: entry.checksum,
    addresses,
  };
}

function canonicalAddresses({ addresses, family }: VirtualRouterSpec): string[] | string {
  const canonical: string[] = [];
  for (const text of addresses) {
    const prefix = parsePrefix(text);
    if (!prefix) return `addresses: "${text}" is not an address`;
    if (prefix.family !== family) return `addresses: ${text} is ${prefix.family}, the virtual router is ${family}`;
    canonical.push(`${formatAddress(prefix)}/${prefix.prefixLength}`);
  }
  return [...new Set(canonical)];
}

/** Marks what only one virtual router of a node may have; the first one keeps it. */
function claim(router: DesiredRouter, taken: Map<string, string>): string | undefined {
  const { key, family, interface: name, virtualRouterID: vrid } = router;
  const claims: [string, string][] = [
    [key, "is listed twice"],
    [`${name} ${family} ${vrid}`, `virtualRouterID: ${vrid} on ${name} is used by`],
    ...router.addresses.map((address): [string, string] => [address.split("/")[0] ?? address, `addresses: ${address} belongs to`]),
  ];
  for (const [claimed, message] of claims) {
    const owner = taken.get(claimed);
    if (owner !== undefined) return claimed === key ? message : `${message} ${owner}`;
  }
  for (const [claimed] of claims) taken.set(claimed, key);
  return undefined;
}
