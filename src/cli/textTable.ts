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

/** How long ago as kubectl says it: "12s", "5m40s", "3h", "2d4h"; "-" for a time that is not known. */
export function formatAge(since: string | undefined, now: Date): string {
  const milliseconds = since === undefined ? Number.NaN : now.getTime() - Date.parse(since);
  if (Number.isNaN(milliseconds)) return "-";
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3600), Math.floor(seconds / 86_400)];
  if (minutes < 2) return `${seconds}s`;
  if (minutes < 10) return pair(minutes, "m", seconds % 60, "s");
  if (hours < 3) return `${minutes}m`;
  if (hours < 8) return pair(hours, "h", minutes % 60, "m");
  if (days < 2) return `${hours}h`;
  return days < 8 ? pair(days, "d", hours % 24, "h") : `${days}d`;
}

const pair = (big: number, bigUnit: string, small: number, smallUnit: string) =>
  small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`;

/** "304.8 ms", "4.69 ms", "3.05 s": three significant digits, and no fraction of a microsecond. */
export function formatMilliseconds(milliseconds: number): string {
  if (milliseconds >= 1000) return `${Number((milliseconds / 1000).toPrecision(3))} s`;
  return `${milliseconds >= 100 ? milliseconds.toFixed(1) : Number(milliseconds.toPrecision(3))} ms`;
}
