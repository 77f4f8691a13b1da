/** Many writes of one pass: side by side, and one that fails keeps none of the others. */
import { isKubeError } from "../../kube/kubeError.ts";

export interface Outcome {
  /** How many had something to write, and wrote it. */
  done: number;
  failures: unknown[];
}

const writesAtOnce = 8;

export async function forEach<T>(items: readonly T[], write: (item: T) => Promise<boolean>): Promise<Outcome> {
  const outcome: Outcome = { done: 0, failures: [] };
  const left = items.values();
  const worker = async () => {
    for (const item of left) {
      try {
        if (await write(item)) outcome.done += 1;
      } catch (error) {
        outcome.failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: writesAtOnce }, worker));
  return outcome;
}

/** Conflicts are the usual way in which a cache that is behind shows; they are thrown only when nothing worse happened. */
export function throwIfAny(outcomes: readonly Outcome[]): void {
  const failures = outcomes.flatMap((outcome) => outcome.failures);
  const serious = failures.filter((error) => !isKubeError(error, "Conflict"));
  if (serious.length > 1) throw new AggregateError(serious, `${serious.length} objects could not be written`);
  const [error] = serious.length > 0 ? serious : failures;
  if (error !== undefined) throw error;
}
