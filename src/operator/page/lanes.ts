/** Which node has held which VirtualIP over the last hours: histories → spans of a picture. Pure. */
import type { Move } from "../../api/virtualIP.ts";
import type { VirtualIPView } from "../plan/cluster.ts";
import { historyLength } from "../plan/moves.ts";

export interface Span {
  /** Empty while nobody did. */
  node: string;
  /** Parts of the picture's width, from 0 to 1. */
  from: number;
  to: number;
}

export interface Lane {
  virtualIP: string;
  spans: Span[];
}

export interface Picture {
  from: Date;
  to: Date;
  lanes: Lane[];
  /** All nodes in it, each in its place. */
  nodes: string[];
}

const minute = 60_000;
/** How far back a picture may go: the shortest that shows all moves, or the longest. */
const windows = [5, 15, 60, 180, 360, 720, 1440].map((minutes) => minutes * minute);
const mostLanes = 8;

/** Of the VirtualIPs that have moved last; undefined while none has. */
export function drawLanes(virtualIPs: readonly VirtualIPView[], now: Date): Picture | undefined {
  const since = now.getTime() - (windows.at(-1) ?? 0);
  const moved = virtualIPs.flatMap(({ name, status: { history = [] } }) => {
    const last = history.find(({ from }) => from !== "");
    return last && Date.parse(last.time) > since ? [{ name, history, at: Date.parse(last.time) }] : [];
  });
  const shown = moved.sort((a, b) => b.at - a.at || (a.name < b.name ? -1 : 1)).slice(0, mostLanes);
  const times = shown.flatMap(({ history }) => history.map(({ time }) => Date.parse(time))).filter((time) => time > since);
  if (times.length === 0) return undefined;
  const oldest = now.getTime() - Math.min(...times);
  const length = windows.find((each) => each >= oldest) ?? windows.at(-1) ?? 0;
  const start = now.getTime() - length;
  const lanes = shown.map(({ name, history }) => ({ virtualIP: name, spans: spansOf(history, start, length) }));
  const nodes = [...new Set(lanes.flatMap(({ spans }) => spans.map(({ node }) => node)))].filter((node) => node !== "").sort();
  return { from: new Date(start), to: now, lanes: lanes.sort((a, b) => (a.virtualIP < b.virtualIP ? -1 : 1)), nodes };
}

/** What was before a history that is full is not known. */
function spansOf(history: readonly Move[], start: number, length: number): Span[] {
  const place = (time: number) => Math.min(1, Math.max(0, (time - start) / length));
  const [oldest] = history.slice(-1);
  const before =
    oldest && history.length < historyLength && oldest.from !== ""
      ? [{ node: oldest.from, from: 0, to: place(Date.parse(oldest.time)) }]
      : [];
  const spans = [...history].reverse().map((move, index, all): Span => {
    const next = all[index + 1];
    return { node: move.to, from: place(Date.parse(move.time)), to: next ? place(Date.parse(next.time)) : 1 };
  });
  return [...before, ...spans].filter(({ from, to }) => to > from);
}
