/** `kubectl vip timeline`: the moves of a VirtualIP, oldest first, and how long it was nobody's. Pure. */
import type { Move } from "../../api/virtualIP.ts";
import { describeMove, historyLength } from "../../operator/plan/moves.ts";
import { formatAge } from "../../operator/plan/words.ts";
import { formatTextTable } from "../textTable.ts";
import type { VirtualIPState } from "./clusterState.ts";

export interface TimelineEntry extends Move {
  /** "n1 → n2 in 312 ms: n1 fell silent (AdvertTimeout)" */
  text: string;
}

export interface Timeline {
  name: string;
  activeNode?: string;
  transitions: number;
  moves: TimelineEntry[];
}

export function timelineOf({ name, status }: VirtualIPState): Timeline {
  const moves = [...(status.history ?? [])].reverse().map((move) => ({ ...move, text: describeMove(move) }));
  return { name, activeNode: status.activeNode, transitions: status.transitions ?? 0, moves };
}

export function timelineLines({ name, moves, activeNode }: Timeline, now: Date): string[] {
  if (moves.length === 0) return [`${name} has not been held by any node yet`];
  const rows = moves.map(({ time, text }) => [time, `${formatAge(time, now)} ago`, text]);
  const head = moves.length >= historyLength ? ["(earlier moves are not kept)"] : [];
  return [...head, ...formatTextTable(["TIME", "AGE", "WHAT HAPPENED"], rows), "", `now: ${activeNode ?? "no node"}`];
}
