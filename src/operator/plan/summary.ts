/** What `kubectl get vip` prints, from the rest of the status. Pure. */
import { isTrue } from "../../api/condition.ts";
import type { VirtualIPStatus } from "../../api/virtualIP.ts";
import type { Holding } from "./holder.ts";
import type { Placement } from "./placements.ts";

type Summary = NonNullable<VirtualIPStatus["summary"]>;

export function summarize(placement: Placement, status: VirtualIPStatus, holding: Holding, addresses: readonly string[]): Summary {
  const { nodes = [], history = [], activeNode } = status;
  const active = nodes.find(({ name }) => name === activeNode);
  const interfaces = placement.candidates.find(({ node }) => node === activeNode)?.interfaces ?? {};
  const backups = nodes.filter(({ name, v4, v6 }) => name !== activeNode && (v4 === "BACKUP" || v6 === "BACKUP"));
  const summary: Summary = {
    addresses: addresses.join(",") || undefined,
    state: stateOf(placement, status, holding),
    interface: [...new Set(Object.values(interfaces))].join(",") || undefined,
    priority: active?.priority,
    backups: backups.map(({ name }) => name).join(",") || undefined,
    lastFailover: history.find(({ from, to }) => from !== "" && to !== "")?.time,
    reason: history[0]?.reason,
  };
  return Object.fromEntries(Object.entries(summary).filter(([, value]) => value !== undefined));
}

function stateOf({ view, verdict }: Placement, { conditions }: VirtualIPStatus, holding: Holding): string {
  if (view.deleting) return "Terminating";
  if (verdict?.accepted === false) return "Rejected";
  if (holding.kind === "contested" || holding.kind === "familySplit") return "Split";
  if (!isTrue(conditions, "Ready")) return "Pending";
  return isTrue(conditions, "Degraded") ? "Degraded" : "Active";
}
