/** Elections as they stand: what is recorded of them, and what the nodes run. Pure. */
import type { VirtualRouterSpec } from "../../api/nodeAgent.ts";
import type { VirtualIPStatus } from "../../api/virtualIP.ts";
import type { InterfaceChoice } from "../../plan/interfaces.ts";
import type { VirtualIPView } from "./cluster.ts";
import { highestFirst } from "./priorities.ts";

export interface Election {
  view: VirtualIPView;
  /** Of the nodes that still exist, highest first. */
  priorities: Map<string, number>;
  /** The same without what spec.nodes.preferred has changed. */
  assigned: Map<string, number>;
  interfaces: Map<string, InterfaceChoice>;
}

export type RoutersByNode = ReadonlyMap<string, readonly VirtualRouterSpec[]> | undefined;

/**
 * The election as it stands: from the status, and where that says nothing, from what the NodeAgents run. Nodes that were removed are
 * left out, also of a recorded election. Of `lost` nodes, whose NodeAgent somebody deleted, the status alone says what they go on running:
 * a new NodeAgent that asked for less would take the addresses away.
 */
export function presentElection(
  view: VirtualIPView,
  routers: RoutersByNode,
  existing: ReadonlySet<string>,
  lost: ReadonlySet<string>,
): Election {
  const { status } = view;
  const priorities = new Map<string, number>();
  const assigned = new Map<string, number>();
  const interfaces = new Map<string, InterfaceChoice>();
  for (const [node, specs] of routers ?? []) {
    const [first] = specs;
    if (!first || !existing.has(node)) continue;
    priorities.set(node, first.priority);
    interfaces.set(node, Object.fromEntries(specs.map((spec) => [spec.family, spec.interface])));
  }
  for (const node of status.nodes ?? []) {
    if (!existing.has(node.name)) continue;
    priorities.set(node.name, node.priority);
    if (node.assignedPriority !== undefined) assigned.set(node.name, node.assignedPriority);
    if (lost.has(node.name)) interfaces.set(node.name, recordedInterfaces(node));
  }
  const ordered = highestFirst(priorities);
  return {
    view,
    priorities: ordered,
    assigned: highestFirst(new Map([...ordered, ...assigned])),
    interfaces: new Map([...ordered.keys()].map((node) => [node, interfaces.get(node) ?? {}])),
  };
}

type RecordedInterfaces = Pick<NonNullable<VirtualIPStatus["nodes"]>[number], "interface" | "v6Interface">;

/** The interfaces of a candidate as its status tells them; one name for both families where they share it. */
export function recordInterfaces({ IPv4, IPv6 }: InterfaceChoice): RecordedInterfaces {
  return { interface: IPv4 ?? IPv6, v6Interface: IPv4 === undefined || IPv6 === IPv4 ? undefined : IPv6 };
}

/** The inverse, as far as it goes: also names the interface of a family that the VirtualIP has no address of. */
function recordedInterfaces({ interface: name, v6Interface = name }: RecordedInterfaces): InterfaceChoice {
  return name === undefined ? {} : { IPv4: name, IPv6: v6Interface };
}
