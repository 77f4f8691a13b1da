/** How much memory V8 takes before it looks for what is no longer used. */
import { setFlagsFromString } from "node:v8";

/**
 * V8 lets a heap that it finds easy to clear grow to four times what is in use. With this it is so many percent more than what is in use,
 * for a little more of the time of its own threads.
 */
export function limitGarbage(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}
