/** What becomes of owned settings, for the log. */
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import { describeSetting } from "./settingFiles.ts";
import type { OwnedSysctls } from "./sysctls.ts";

/** Of somebody who changes a setting again and again the log tells so often. */
const tellAgainMs = 60_000;

/** Returns what is to be called after each look: it logs each problem when it begins, and changes by others. */
export function settingLog(settings: Pick<OwnedSysctls, "problems" | "changes">, clock: Clock, log: Logger): () => void {
  let known = new Set<string>();
  const told = new Map<string, { times: number; at: number }>();
  return () => {
    const problems = settings.problems;
    for (const problem of problems) if (!known.has(problem)) log.warn({ problem }, "a setting of the kernel is not as it should be");
    known = new Set(problems);
    for (const { path, found, wanted, times } of settings.changes) {
      const last = told.get(path);
      if (times === last?.times || (last && clock.now() - last.at < tellAgainMs)) continue;
      told.set(path, { times, at: clock.now() });
      log.warn({ setting: describeSetting(path), found, wanted, times }, "somebody else has changed a setting; it is set again");
    }
  };
}
