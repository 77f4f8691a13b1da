/** The moves of all VirtualIPs, newest first. Pure. */
import type { Move } from "../../api/virtualIP.ts";
import type { VirtualIPView } from "../plan/cluster.ts";
import { explainMove } from "../plan/moves.ts";

/** What happened to some VirtualIPs for one reason. */
export interface MoveRow extends Pick<Move, "time" | "from" | "to" | "reason"> {
  virtualIPs: string[];
  why?: string;
  /** The shortest and the longest silence, in ms, as far as it was heard. */
  durationsMs: number[];
}

/** So far apart may moves be that a dead node makes. */
const togetherMs = 2_000;

interface NamedMove extends Move {
  virtualIP: string;
}

export function moveRows(virtualIPs: readonly VirtualIPView[]): MoveRow[] {
  const moves = virtualIPs.flatMap(({ name, status }) => (status.history ?? []).map((move): NamedMove => ({ ...move, virtualIP: name })));
  const rows: MoveRow[] = [];
  /** The row that a further move of that kind may belong to. */
  const open = new Map<string, MoveRow>();
  for (const move of moves.sort((a, b) => Date.parse(b.time) - Date.parse(a.time))) {
    const kind = JSON.stringify([move.from, move.to, move.reason]);
    const row = open.get(kind);
    if (row && Date.parse(row.time) - Date.parse(move.time) <= togetherMs && !row.virtualIPs.includes(move.virtualIP)) {
      row.virtualIPs.push(move.virtualIP);
      row.durationsMs = widened(row.durationsMs, move.durationMs);
      continue;
    }
    const { time, from, to, reason, virtualIP, durationMs } = move;
    const added = { time, from, to, reason, virtualIPs: [virtualIP], why: explainMove(move), durationsMs: widened([], durationMs) };
    rows.push(added);
    open.set(kind, added);
  }
  return rows;
}

function widened(range: readonly number[], value: number | undefined): number[] {
  if (value === undefined) return [...range];
  return [Math.min(...range, value), Math.max(...range, value)];
}
