/** What test files take of the machine, so that those which wait run at the same time. A new file needs no line here. */
import { availableParallelism } from "node:os";
import type { Job } from "./pool.ts";

export interface Weight extends Pick<Job, "load" | "bears"> {
  /** What takes long begins first. */
  seconds: number;
}

/** Of all processors. More than four have not been tried. */
export const percent = 100 * Math.min(availableParallelism(), 4);

/** The first line that fits a file. The loads are those on a quiet machine with two processors, and some for the bursts in which they come. */
export const weights: [RegExp, Weight][] = [
  [/\/unit\//, { load: 65, seconds: 1 }],
  // Busy processors are what one of its tests is about.
  [/\/netns\/faults\./, { load: 100, bears: 100, seconds: 60 }],
  // They measure time more finely than others may disturb it: each alone, or two that leave more than half of a processor each.
  [/\/netns\/interop\./, { load: 65, bears: 65, seconds: 50 }],
  [/\/netns\/(agentStandalone|core)\./, { load: 33, bears: 33, seconds: 20 }],
  [/\/netns\/(agentStandaloneFeatures|coreGate|coreTransport)\./, { load: 33, bears: 66, seconds: 20 }],
  // Starts five pairs at a time: beside one other.
  [/\/netns\/keepalivedConfPairs\./, { load: 100, seconds: 60 }],
  [/\/netns\/keepalivedConfTracking\./, { load: 66, seconds: 60 }],
  [/\/netns\//, { load: 66, seconds: 20 }],
  // User-Mode Linux has one processor. Two that work and one that waits: with more of them agents and checks are late.
  [/\/ipvs\/agentCheckers\./, { load: 40, seconds: 90 }],
  [/\/ipvs\/agentOutage\./, { load: 40, seconds: 65 }],
  [/\/ipvs\/pairSettings\./, { load: 40, seconds: 50 }],
  [/\/ipvs\/(agentSamples|reconcile)\./, { load: 80, seconds: 70 }],
  [/\/ipvs\//, { load: 80, seconds: 40 }],
  [/\/apiserver\/operator\/leadership\./, { load: 50, seconds: 65 }],
  [/\/apiserver\/agent\./, { load: 50, seconds: 50 }],
  [/\/apiserver\/kube\/leaderElection\./, { load: 50, bears: 115, seconds: 15 }],
  [/\/apiserver\/operator\/(nodes|reconcile|services)\./, { load: 85, seconds: 60 }],
  [/\/apiserver\/operator\//, { load: 65, seconds: 30 }],
  [/\/apiserver\//, { load: 65, seconds: 15 }],
  // Their drills are timed, in a cluster that takes all there is to begin.
  [/\/(e2e|cluster)\//, { load: percent, seconds: 60 }],
];

const others: Weight = { load: 100, seconds: 20 };

export function weightOf(file: string): Weight {
  return weights.find(([files]) => files.test(file))?.[1] ?? others;
}

/** Those that bear little come last, when others have ended; of the rest, what takes longest comes first. */
export function inOrder(a: Weight, b: Weight): number {
  return (b.bears ?? percent) - (a.bears ?? percent) || b.seconds - a.seconds;
}
