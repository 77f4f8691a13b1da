/** What a scenario measured, and whether Aloft keeps to its bar. Pure. */

import { type Column, formatTable, type Spread, spread } from "../../test/support/table.ts";
import type { Make } from "../make.ts";

export type Unit = "ms" | "µs" | "% of a core" | "MB" | "/s" | "kB/s" | "";

/** What Aloft shall not exceed. */
export interface Bar {
  most: number;
  /** Where it comes from, as the table shows it. */
  text: string;
}

/** One line of the table: something measured of both makes, once per run. */
export interface Measure {
  what: string;
  unit: Unit;
  /** Infinity: it never came. */
  values: Record<Make, number[]>;
  /** Which of the runs the bar is about. */
  judged: "median" | "max";
  /** Absent: told for comparison. */
  bar?: Bar;
}

export interface ScenarioResult {
  name: string;
  title: string;
  /** What of Aloft ran. */
  subject: string;
  measures: Measure[];
  /** What else is worth knowing, a sentence each. */
  notes: string[];
}

export type Verdict = "met" | "MISSED" | "not measured" | "";

export function verdictOf({ values, judged, bar }: Measure): Verdict {
  if (!bar) return "";
  const measured = spread(values.aloft)?.[judged];
  if (measured === undefined) return "not measured";
  return measured <= bar.most ? "met" : "MISSED";
}

/** Whether every bar was met. What was not measured was not. */
export function isMet({ measures }: ScenarioResult): boolean {
  return measures.every((measure) => ["met", ""].includes(verdictOf(measure)));
}

const decimals: Record<Unit, number> = { ms: 2, µs: 0, "% of a core": 1, MB: 1, "/s": 1, "kB/s": 0, "": 0 };

function number(value: number, unit: Unit): string {
  return Number.isFinite(value) ? value.toFixed(decimals[unit]) : "never";
}

function both(value: Spread | undefined, unit: Unit): string {
  if (!value) return "-";
  const [median, max] = [number(value.median, unit), number(value.max, unit)];
  return value.count === 1 ? max : `${median} / ${max}`;
}

/** Aloft's judged value by keepalived's. */
export function ratioOf({ values, judged }: Measure): number | undefined {
  const [ours, theirs] = [spread(values.aloft)?.[judged], spread(values.keepalived)?.[judged]];
  if (ours === undefined || theirs === undefined || theirs === 0 || !Number.isFinite(ours)) return undefined;
  return Number.isFinite(theirs) ? ours / theirs : 0;
}

const columns: Column<Measure>[] = [
  { title: "WHAT", cell: ({ what }) => what },
  { title: "UNIT", cell: ({ unit }) => unit },
  { title: "N", cell: ({ values }) => String(values.aloft.length), align: "right" },
  { title: "KEEPALIVED", cell: ({ values, unit }) => both(spread(values.keepalived), unit), align: "right" },
  { title: "ALOFT", cell: ({ values, unit }) => both(spread(values.aloft), unit), align: "right" },
  { title: "RATIO", cell: (measure) => ratioOf(measure)?.toFixed(3) ?? "-", align: "right" },
  { title: "BAR", cell: ({ bar, judged }) => (bar ? `${judged} ≤ ${bar.text}` : "") },
  { title: "VERDICT", cell: (measure) => verdictOf(measure) },
];

const ofBoth = new Set(["KEEPALIVED", "RATIO"]);

/** Where keepalived has nothing of the kind, no column for it. */
function columnsFor(measures: readonly Measure[]): Column<Measure>[] {
  const isCompared = measures.some(({ values }) => values.keepalived.length > 0);
  return columns.filter(({ title }) => isCompared || !ofBoth.has(title));
}

/** Title, table and notes of one scenario. */
export function formatResult({ name, title, subject, measures, notes }: ScenarioResult): string[] {
  return [`${name}: ${title} (Aloft: ${subject})`, ...formatTable(columnsFor(measures), measures), ...notes];
}

const markdownCell = (text: string) => text.replaceAll("|", "\\|");
const markdownRow = (cells: readonly string[]) => `| ${cells.map(markdownCell).join(" | ")} |`;

/** A section of docs/benchmarks.md. */
export function toMarkdown({ name, title, subject, measures, notes }: ScenarioResult): string {
  const shown = columnsFor(measures).filter((column) => column.title !== "UNIT");
  const titles = shown.map((column) => column.title.toLowerCase());
  const rows = measures.map((measure) => {
    const { what, unit } = measure;
    return shown.map((column) => (column.title === "WHAT" ? `${what}${unit && `, ${unit}`}` : column.cell(measure)));
  });
  const table = [titles, titles.map((_, index) => (shown[index]?.align === "right" ? "---:" : "---")), ...rows].map(markdownRow);
  const text = notes.length > 0 ? ["", notes.join(" ")] : [];
  return [`### ${title}`, `\`--only ${name}\`; of Aloft: ${subject}.`, "", ...table, ...text, ""].join("\n");
}

/** JSON knows no Infinity. */
export function toJson(results: readonly ScenarioResult[]): unknown {
  return results.map((result) => ({
    ...result,
    measures: result.measures.map((measure) => ({
      ...measure,
      values: {
        keepalived: measure.values.keepalived.map((value) => (Number.isFinite(value) ? value : "never")),
        aloft: measure.values.aloft.map((value) => (Number.isFinite(value) ? value : "never")),
      },
      ratio: ratioOf(measure),
      verdict: verdictOf(measure),
    })),
  }));
}
