/** Lists, numbers and times in messages, which are for a person. Pure. */

/** A cluster may have thousands of nodes. */
export function list(texts: readonly string[], most = 8): string {
  const rest = texts.length - most;
  return [...texts.slice(0, most), ...(rest > 0 ? [`and ${rest} more`] : [])].join("; ");
}

export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

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
