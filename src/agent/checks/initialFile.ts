/**
 * Makes a tracked file at the start, as keepalived's init_file. The agent is root: an existing file is written to only where nobody can
 * have put another one in its place, and no link is followed at its end.
 */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { NodeCheck } from "../../api/nodeAgent.ts";

/** What to write into a file that is missing, or with `overwrite` into one that is there. */
export type InitialFile = NonNullable<NonNullable<NodeCheck["file"]>["create"]>;

const creationMode = 0o644;

/** @throws Error with a sentence */
export async function makeInitialFile(path: string, { value, overwrite }: InitialFile): Promise<void> {
  const file = (await create(path)) ?? (overwrite ? await openExisting(path) : undefined);
  if (!file) return;
  try {
    await file.truncate(0);
    await file.write(`${value}\n`);
  } finally {
    await file.close();
  }
}

/** Undefined when there is something of that name. */
async function create(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, creationMode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return undefined;
    throw error;
  }
}

async function openExisting(path: string): Promise<FileHandle> {
  // A FIFO that somebody put there must not hold up a thread.
  const file = await open(path, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const status = await file.stat();
  if (status.isFile() && status.nlink === 1) return file;
  await file.close();
  throw new Error(`${path} is not a regular file of one name`);
}
