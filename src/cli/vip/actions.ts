/** What `kubectl vip` changes: where a VirtualIP shall be, and which nodes shall hold nothing. */
import { drainAnnotation } from "../../api/group.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { Resource } from "../../kube/object.ts";
import { type Clock, sleep } from "../../runtime/clock.ts";
import { nodeAgents, pickVirtualIP, toNodeAgent, toVirtualIP, type VirtualIPState, virtualIPs } from "./clusterState.ts";

const nodes: Resource = { apiVersion: "v1", kind: "Node", plural: "nodes", namespaced: false };
const options = { fieldManager: "kubectl-vip" };

/** How often is looked whether it is done. */
const pollMs = 100;

export interface MoveResult {
  name: string;
  from?: string;
  to: string;
  /** Whether the node answers now. */
  done: boolean;
  message: string;
}

export interface Patience {
  clock: Clock;
  waitMs: number;
}

/**
 * Writes the preference and waits until the node answers for the addresses. The members of a sync group move together, so all of them get
 * it. @throws Error for a node that cannot have them.
 */
export async function moveVirtualIP(client: KubeClient, name: string, to: string, patience: Patience): Promise<MoveResult> {
  const known = (await client.list(virtualIPs)).items.map(toVirtualIP);
  const before = pickVirtualIP(known, name);
  const candidates = (before.status.nodes ?? []).map((node) => node.name);
  if (!candidates.includes(to)) {
    throw new Error(`${to} is no candidate of ${name}; candidates are ${candidates.join(", ") || "not known yet"}`);
  }
  const from = before.status.activeNode;
  for (const member of groupOf(before, known)) {
    await client.patch(virtualIPs, { name: member }, { spec: { nodes: { preferred: to } } }, options);
  }
  const done = await waitUntil(patience, async () => toVirtualIP(await client.get(virtualIPs, { name })).status.activeNode === to);
  return { name, from, to, done, message: done ? arrived(name, from, to) : late(name, to) };
}

function groupOf({ name, spec }: VirtualIPState, known: readonly VirtualIPState[]): string[] {
  if (spec?.group === undefined) return [name];
  return known.flatMap((other) => (other.spec?.group === spec.group ? other.name : []));
}

const arrived = (name: string, from: string | undefined, to: string) =>
  from === to ? `${name} is on ${to} already` : `${name}: ${from ?? "nobody"} → ${to}`;
const late = (name: string, to: string) =>
  `${name} is not on ${to} yet: "kubectl vip explain ${name}" says why. The preference stands, and the move will be made when it can.`;

export interface DrainResult {
  node: string;
  drained: boolean;
  /** VirtualIPs that no other node has taken yet. */
  stillHeld: string[];
  message: string;
}

/** Takes the node out of all elections, hand-over first, and waits until it holds nothing. */
export async function drainNode(client: KubeClient, node: string, patience: Patience): Promise<DrainResult> {
  await annotate(client, node, "true");
  let stillHeld: string[] = [];
  const drained = await waitUntil(patience, async () => {
    stillHeld = await heldBy(client, node);
    return stillHeld.length === 0;
  });
  const message = drained ? `${node} holds nothing any more` : stillHolds(node, stillHeld);
  return { node, drained, stillHeld, message };
}

const stillHolds = (node: string, held: string[]) =>
  `${node} still holds ${held.join(", ")}: "kubectl vip explain ${held[0]}" says why. The drain stands, and goes on when another node can take over.`;

/** Lets the node take part again. */
export async function undrainNode(client: KubeClient, node: string): Promise<void> {
  await annotate(client, node, null);
}

async function annotate(client: KubeClient, node: string, value: "true" | null): Promise<void> {
  await client.patch(nodes, { name: node }, { metadata: { annotations: { [drainAnnotation]: value } } }, options);
}

/** Names of the VirtualIPs of which the node is MASTER. */
async function heldBy(client: KubeClient, node: string): Promise<string[]> {
  const agent = await client.find(nodeAgents, { name: node });
  const routers = (agent && toNodeAgent(agent).status.virtualRouters) ?? [];
  return [...new Set(routers.filter(({ state }) => state === "MASTER").map(({ virtualIP }) => virtualIP))];
}

/** False when the time is over first. */
async function waitUntil({ clock, waitMs }: Patience, isTrue: () => Promise<boolean>): Promise<boolean> {
  const deadline = clock.now() + waitMs;
  while (!(await isTrue())) {
    if (clock.now() >= deadline) return false;
    await sleep(clock, pollMs);
  }
  return true;
}
