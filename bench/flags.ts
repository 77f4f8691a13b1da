/** Command line of the benchmarks: values are checked, a mistake is a sentence and exit status 2. */
import { parseArgs } from "node:util";

/** String flags with their defaults; "" for none. */
export function readFlags<Name extends string>(usage: string, defaults: Record<Name, string>): Record<Name, string> {
  const options = Object.fromEntries(
    Object.entries<string>(defaults).map(([name, value]) => [name, { type: "string" as const, default: value }]),
  );
  try {
    return parseArgs({ options }).values as Record<Name, string>;
  } catch (error) {
    return misused(error instanceof Error ? error.message : String(error), usage);
  }
}

/** Whole numbers of a comma-separated list, each from `least` on and a multiple of `step`. */
export function numbers(text: string, name: string, usage: string, least = 1, step = 1): number[] {
  const values = text.split(",").map(Number);
  if (values.every((value) => Number.isInteger(value) && value >= least && value % step === 0)) return values;
  return misused(`--${name} ${text}: expected whole numbers from ${least} on${step > 1 ? ` in steps of ${step}` : ""}`, usage);
}

/** Words of a comma-separated list, each one of `known`. */
export function words<Word extends string>(text: string, name: string, usage: string, known: readonly Word[]): Word[] {
  const values = text.split(",");
  if (values.every((value): value is Word => known.some((word) => word === value))) return values as Word[];
  return misused(`--${name} ${text}: expected some of ${known.join(", ")}`, usage);
}

function misused(message: string, usage: string): never {
  process.stderr.write(`${message}\n${usage}\n`);
  process.exit(2);
}
