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
  /** Who adverted, in the order in which one took over from the other. */
  masters: string[];
  /** How long a node that went on after a pause looked before its first advert; absent when it did not come back. */
  lookedMs?: number;
}

export interface DrillResult {
  drill: string;
  from: string;
  to: string;
  /** What the protocol allows with these priorities and this interval. */
  protocolMs: number;
  /** The same with what the machine may add; a takeover beyond it is a failure. */
  boundMs: number;
  /** How long a node that comes back must look before it adverts; absent when the drill brings none back. */
  looksMs?: number;
  families: FamilyResult[];
}

interface Requirement {
  /** Short, for the table. */
  title: string;
  isMissed(result: DrillResult, family: FamilyResult): boolean;
  describe(result: DrillResult, family: FamilyResult): string;
}

const requirements: Requirement[] = [
  {
    title: "NOBODY TOOK OVER",
    isMissed: (_, { takeoverMs }) => takeoverMs === undefined,
    describe: (_, { family }) => `nobody took over the ${family} address`,
  },
  {
    title: "PAST ITS BOUND",
    isMissed: ({ boundMs }, { takeoverMs = 0 }) => takeoverMs > boundMs,
    describe: ({ boundMs }, { family, takeoverMs }) =>
      `the ${family} takeover took ${formatMs(takeoverMs)} ms, its bound is ${formatMs(boundMs)} ms`,
  },
  {
    title: "TWO ANSWERED",
    isMissed: (_, { doubleAnswerMs }) => doubleAnswerMs > 0,
    describe: (_, { family, doubleAnswerMs }) => `two nodes answered for the ${family} address for ${formatMs(doubleAnswerMs)} ms`,
  },
  {
    title: "MORE THAN ONE MASTER",
    isMissed: ({ from, to, looksMs }, { takeoverMs, masters }) =>
      takeoverMs !== undefined && masters.join() !== (looksMs === undefined ? [from, to] : [from, to, from]).join(),
    describe: (_, { family, masters }) => `the ${family} adverts came from ${masters.join(", then ")}`,
  },
  {
    title: "DID NOT LOOK",
    isMissed: ({ looksMs = 0 }, { lookedMs = Infinity }) => lookedMs < looksMs,
    describe: ({ from, looksMs }, { family, lookedMs }) =>
      `${from} looked for ${formatMs(lookedMs)} ms before its first ${family} advert, not ${formatMs(looksMs)} ms`,
  },
];

const missedBy = (result: DrillResult, family: FamilyResult) => requirements.find(({ isMissed }) => isMissed(result, family));

export function failures(results: readonly DrillResult[]): string[] {
  return results.flatMap((result) =>
    result.families.flatMap((family) =>
      requirements.filter(({ isMissed }) => isMissed(result, family)).map(({ describe }) => `${result.drill}: ${describe(result, family)}`),
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
  { title: "", cell: ({ result, family }) => missedBy(result, family)?.title ?? "ok" },
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
    "at most with these priorities and this interval. Bound: the same and what the machine may add. Client outage: lost pings, one each ms.",
    "Two answered: how long two nodes answered for the address. A drill fails past its bound, and when two nodes answer or advert.",
    ...(isLasting ? ['">": still so when the client stopped watching.'] : []),
  ];
}
