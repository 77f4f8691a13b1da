/** What the runs of `lanbench` share. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { BackgroundProcess } from "../../test/support/backgroundProcess.ts";
import { hopeless, until } from "../../test/support/waiting.ts";

export const benchProgram = fileURLToPath(new URL("../../build/native/lanbench", import.meta.url));

/** Nanoseconds of CLOCK_MONOTONIC, as process.hrtime.bigint() has them. */
export const timeField = z.int().transform(BigInt);

/** Lines of JSON. */
export function records<T>(text: string, schema: z.ZodType<T>): T[] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => schema.parse(JSON.parse(line)));
}

/** Waits until the instrument has written that it listens. */
export async function begun(process: BackgroundProcess, file: string): Promise<void> {
  const isBegun = () => {
    if (!process.running) throw hopeless(`it ended with status ${process.status?.code}: ${process.logTail()}`);
    return readFileSync(file, "utf8").includes("\n");
  };
  await until(`the start of ${process.name}`, isBegun, { everyMs: 5 });
}
