/** Tables for people: columns aligned, numbers to the right. Pure. */

export interface Column<Row> {
  title: string;
  cell: (row: Row) => string;
  align?: "left" | "right";
}

/** Lines of a table with its titles; no trailing white space. Cells may hold any characters that are one column wide. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ cell }) => cell(row)))];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => width(line[index] ?? ""))));
  return cells.map((line) =>
    line
      .map((text, index) => pad(text, widths[index] ?? 0, columns[index]?.align ?? "left"))
      .join("   ")
      .trimEnd(),
  );
}

const width = (text: string) => [...text].length;

function pad(text: string, columns: number, align: "left" | "right"): string {
  const fill = " ".repeat(Math.max(0, columns - width(text)));
  return align === "left" ? text + fill : fill + text;
}

/** Milliseconds with one decimal (or as many as asked for), "-" for what was not measured. */
export function formatMs(value: number | undefined, decimals = 1): string {
  return value === undefined ? "-" : value.toFixed(decimals);
}

export interface Spread {
  count: number;
  min: number;
  median: number;
  max: number;
}

/** Least, middle and greatest of the values; undefined for none. An even number of values has the mean of the two in the middle. */
export function spread(values: readonly number[]): Spread | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [min, max] = [sorted[0], sorted.at(-1)];
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (min === undefined || max === undefined || low === undefined || high === undefined) return undefined;
  return { count: sorted.length, min, median: (low + high) / 2, max };
}
