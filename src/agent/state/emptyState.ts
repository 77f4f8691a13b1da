/** A node that was told to run nothing, and does not, keeps no files either: what was uninstalled leaves no trace. */
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const envelope = z.object({ content: z.unknown() });
/** What holds nothing, of files that say more than what is held. */
const nothing = new Map<string, z.ZodType>([
  ["last-known.json", z.object({ content: z.object({ spec: z.strictObject({ virtualRouters: z.tuple([]) }) }) })],
  ["sysctls.json", z.object({ content: z.object({ before: z.strictObject({}) }) })],
]);

/** Removes the state of an agent that ends, if there is nothing in it that its successor would have to know. */
export async function removeEmptyState(stateDirectory: string): Promise<void> {
  const names = await readdir(stateDirectory);
  const texts = await Promise.all(names.map((name) => readFile(join(stateDirectory, name), "utf8")));
  if (!names.every((name, index) => isNothing(name, texts[index] ?? ""))) return;
  await Promise.all(names.map((name) => rm(join(stateDirectory, name))));
}

function isNothing(name: string, text: string): boolean {
  if (name === "lock") return true;
  try {
    const json: unknown = JSON.parse(text);
    const own = nothing.get(name);
    if (own) return own.safeParse(json).success;
    const parsed = envelope.safeParse(json);
    return parsed.success && isEmpty(parsed.data.content);
  } catch {
    return false;
  }
}

/** Nothing but brackets, and no. */
function isEmpty(value: unknown): boolean {
  if (value === false) return true;
  return typeof value === "object" && value !== null && Object.values(value).every(isEmpty);
}
