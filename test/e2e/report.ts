/** The table of the drills, and the verdict. Pure. */
import { type Column, formatMs, formatTable } from "../support/table.ts";

export interface FamilyResult {
  family: "IPv4" | "IPv6";
  /** Last advert of the old MASTER to the first of the new one, by the kernel's timestamps at the client; undefined when nobody took over. */
  takeoverMs: number | undefined;
  /** How long the client got no answer. */
  outageMs: number;
  /** How long two nodes answered for the address. */
  doubleAnswerMs: number;
  /** They still did when the client stopped watching. */
  isDoubleAnswerLasting: boolean;
}

export interface DrillResult {
  drill: string;
  from: string;
  to: string;
  /** What the protocol allows with these priorities and this interval. */
  protocolMs: number;
  /** The same with what the machine may add; a takeover beyond it is a failure. */
  boundMs: number;
  families: FamilyResult[];
}

export function isWithinBound(result: DrillResult, family: FamilyResult): boolean {
  return family.takeoverMs !== undefined && family.takeoverMs <= result.boundMs;
}

export function failures(results: readonly DrillResult[]): string[] {
  return results.flatMap((result) =>
    result.families
      .filter((family) => !isWithinBound(result, family))
      .map(({ family, takeoverMs }) =>
        takeoverMs === undefined
          ? `${result.drill}: nobody took over the ${family} address`
          : `${result.drill}: the ${family} takeover took ${formatMs(takeoverMs)} ms, its bound is ${formatMs(result.boundMs)} ms`,
      ),
  );
}

interface Line {
  result: DrillResult;
  family: FamilyResult;
  isFirst: boolean;
}

const doubleAnswer = ({ doubleAnswerMs, isDoubleAnswerLasting }: FamilyResult) =>
  `${isDoubleAnswerLasting ? "> " : ""}${formatMs(doubleAnswerMs)}`;

const columns: Column<Line>[] = [
  { title: "DRILL", cell: ({ result, isFirst }) => (isFirst ? result.drill : "") },
  { title: "FROM → TO", cell: ({ result, isFirst }) => (isFirst ? `${result.from} → ${result.to}` : "") },
  { title: "FAMILY", cell: ({ family }) => family.family },
  { title: "TAKEOVER", cell: ({ family }) => formatMs(family.takeoverMs), align: "right" },
  { title: "PROTOCOL", cell: ({ result }) => formatMs(result.protocolMs), align: "right" },
  { title: "BOUND", cell: ({ result }) => formatMs(result.boundMs), align: "right" },
  { title: "CLIENT OUTAGE", cell: ({ family }) => formatMs(family.outageMs), align: "right" },
  { title: "TWO ANSWERED", cell: ({ family }) => doubleAnswer(family), align: "right" },
  { title: "", cell: ({ result, family }) => (isWithinBound(result, family) ? "ok" : "PAST ITS BOUND") },
];

/** The drills as a table; times in milliseconds. */
export function formatDrills(results: readonly DrillResult[]): string[] {
  const lines = results.flatMap((result) => result.families.map((family, index) => ({ result, family, isFirst: index === 0 })));
  return formatTable(columns, lines);
}

/** What a reader of the table needs to know. */
export function explanation(results: readonly DrillResult[]): string[] {
  const isLasting = results.some(({ families }) => families.some(({ isDoubleAnswerLasting }) => isDoubleAnswerLasting));
  return [
    "Times in ms. Takeover: last advert of the old node to the first of the new one, by the client's kernel. Protocol: what VRRP itself takes",
    "at most with these priorities and this interval. Bound: the same and what the machine may add; a takeover beyond it fails the drill.",
    ...(isLasting ? ['">": still so when the client stopped watching. The kernel of a killed agent answers until the agent is back.'] : []),
  ];
}
