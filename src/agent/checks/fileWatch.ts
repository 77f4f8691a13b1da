/** Tells soon that a file may have changed. It may miss changes, as behind links or on network file systems: who uses it polls as well. */
import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";
import type { Clock, Timer } from "../../runtime/clock.ts";

export interface FileWatch {
  /** Begins to watch, if the directory was not there before. */
  ensure(): void;
  close(): void;
}

/** Several events of one change are one hint. */
const settleMs = 10;

/** The directory is watched, not the file: it need not be there, and may be replaced. */
export function watchFile(path: string, clock: Clock, hint: () => void): FileWatch {
  const [directory, name] = [dirname(path), basename(path)];
  let watcher: FSWatcher | undefined;
  let timer: Timer | undefined;
  let closed = false;
  const end = () => {
    watcher?.close();
    watcher = undefined;
  };
  const onEvent = (event: string, changed: string | null) => {
    // The directory itself went away: the next poll looks for a new one.
    if (event === "rename" && changed === basename(directory)) end();
    if (changed !== null && changed !== name && changed !== basename(directory)) return;
    timer ??= clock.setTimeout(() => {
      timer = undefined;
      hint();
    }, settleMs);
  };
  const ensure = () => {
    if (watcher || closed) return;
    try {
      watcher = watch(directory, { persistent: false }, onEvent);
      watcher.on("error", end);
    } catch {
      // Not there yet, or no watches are left (fs.inotify.max_user_watches).
    }
  };
  ensure();
  return {
    ensure,
    close: () => {
      closed = true;
      timer?.clear();
      end();
    },
  };
}
