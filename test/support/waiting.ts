/** Waiting for something that cannot be awaited, with a limit and a sentence for when it does not come. */
import { setTimeout as sleep } from "node:timers/promises";

export interface UntilOptions {
  timeoutMs?: number;
  everyMs?: number;
  /** Added to the message when the time is up: what was seen last, or which log to read. */
  hint?: () => string;
}

/** For a probe that knows that waiting longer is no use. */
export function hopeless(message: string): Error {
  return Object.assign(new Error(message), { code: "HOPELESS" });
}

/**
 * Calls `probe` until it returns something other than undefined, null or false, and returns that. What it throws counts as "not yet",
 * but for what hopeless() made: that ends the waiting.
 * @throws Error with code TIMED_OUT that names `what`; its cause is what the probe threw last.
 */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  options: UntilOptions = {},
): Promise<Exclude<T, undefined | null | false>> {
  const { timeoutMs = 10_000, everyMs = 50, hint } = options;
  const deadline = performance.now() + timeoutMs;
  const more = () => (hint ? `; ${hint()}` : "");
  let cause: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined && value !== null && value !== false) return value as Exclude<T, undefined | null | false>;
      cause = undefined;
    } catch (error) {
      if ((error as { code?: unknown }).code === "HOPELESS")
        throw new Error(`${what}: ${(error as Error).message}${more()}`, { cause: error });
      cause = error;
    }
    if (performance.now() >= deadline) break;
    await sleep(everyMs);
  }
  const because = cause instanceof Error ? `; the last attempt failed: ${cause.message}` : "";
  throw Object.assign(new Error(`${what} did not happen within ${timeoutMs / 1000} s${because}${more()}`, { cause }), {
    code: "TIMED_OUT",
  });
}
