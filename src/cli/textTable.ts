/** Tables as kubectl prints them: upper-case titles, three blanks between columns. Pure. */

/** Lines without trailing blanks. Cells hold characters that are one column wide. */
export function formatTextTable(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [titles, ...rows];
  const widths = titles.map((_, column) => Math.max(...lines.map((line) => widthOf(line[column] ?? ""))));
  return lines.map((line) =>
    titles
      .map((_, column) => pad(line[column] ?? "", widths[column] ?? 0))
      .join("   ")
      .trimEnd(),
  );
}

const widthOf = (text: string) => [...text].length;
const pad = (text: string, width: number) => text + " ".repeat(Math.max(0, width - widthOf(text)));

/** "304.8 ms", "4.69 ms", "3.05 s": three significant digits, and no fraction of a microsecond. */
export function formatMilliseconds(milliseconds: number): string {
  if (milliseconds >= 1000) return `${Number((milliseconds / 1000).toPrecision(3))} s`;
  return `${milliseconds >= 100 ? milliseconds.toFixed(1) : Number(milliseconds.toPrecision(3))} ms`;
}
