/** Times of keepalived.conf: seconds with six decimals that count. */
import { formatDuration } from "../../../api/duration.ts";

export function durationOf(seconds: number): string {
  return formatDuration(Math.round(seconds * 1e6) / 1e3);
}
