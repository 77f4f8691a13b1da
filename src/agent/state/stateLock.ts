/** One agent per state directory. */
import { accessSync, constants, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface StateLock {
  release(): void;
}

const sqliteBusy = 5;

/**
 * Locks `directory` (made when missing) until the process ends, however it ends. Node has no flock(); an exclusive transaction on an empty
 * database is a POSIX record lock on its file, which also holds between processes of different PID, mount and network namespaces.
 * @throws Error with code ALOFT_STATE_LOCKED when another agent has it, ALOFT_STATE_DIRECTORY when the directory cannot be used.
 */
export function lockStateDirectory(directory: string): StateLock {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o750 });
    accessSync(directory, constants.W_OK); // names the error; SQLite only says that it cannot
    const database = new DatabaseSync(join(directory, "lock"), { timeout: 0 });
    // The rollback journal stays in memory: the file is never written.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return { release: () => database.close() };
  } catch (cause) {
    const locked = (cause as { errcode?: number }).errcode === sqliteBusy;
    const message = locked
      ? `another agent is running with the state directory ${directory}`
      : `cannot use the state directory ${directory}: ${(cause as Error).message}`;
    throw Object.assign(new Error(message, { cause }), { code: locked ? "ALOFT_STATE_LOCKED" : "ALOFT_STATE_DIRECTORY" });
  }
}
