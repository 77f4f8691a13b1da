/** A lock between processes: a file that names its holder. A holder that died loses it. */
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Waits until `path` is ours; `onWait` is called once, with the holder's process id, when another has it. Returns the release function. */
export async function acquireLock(path: string, onWait: (holder: number) => void): Promise<() => void> {
  let told = false;
  while (!tryLock(path)) {
    const holder = holderOf(path);
    if (holder !== undefined && !told) {
      told = true;
      onWait(holder);
    }
    await sleep(200);
  }
  return () => rmSync(path, { force: true });
}

/** link(2) is atomic and fails when the name exists, so the file never stands without its holder's number in it. */
function tryLock(path: string): boolean {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if (holderOf(path) === undefined) rmSync(path, { force: true });
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

/** The living process that holds the lock; undefined when the lock is free or its holder is dead. */
function holderOf(path: string): number | undefined {
  try {
    const holder = Number(readFileSync(path, "utf8"));
    process.kill(holder, 0);
    return holder;
  } catch (error) {
    // EPERM: it lives, as another user.
    return (error as NodeJS.ErrnoException).code === "EPERM" ? Number(readFileSync(path, "utf8")) : undefined;
  }
}
