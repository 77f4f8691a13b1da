/** Runs jobs at the same time, as many as the machine bears. Loads are in percent of one processor. */

export interface Job {
  /** What it keeps busy, on average. */
  load: number;
  /** The load that there may be while it runs, its own included: little for one that measures finely. Default: the capacity. */
  bears?: number;
  run(): Promise<void>;
}

/**
 * Starts them in the order given; one that does not fit beside those that run lets others go first. Alone, each fits. Ends when all have
 * ended; after an interrupt, when those have that run.
 */
export async function runJobs(jobs: readonly Job[], capacity: number, signal: AbortSignal): Promise<void> {
  const waiting = [...jobs];
  const running = new Map<Job, Promise<void>>();
  const fits = (job: Job) => {
    const together = [job, ...running.keys()];
    const load = together.reduce((sum, one) => sum + one.load, 0);
    return running.size === 0 || together.every(({ bears = capacity }) => load <= bears);
  };
  for (;;) {
    for (let next = waiting.findIndex(fits); next >= 0 && !signal.aborted; next = waiting.findIndex(fits)) {
      const [job] = waiting.splice(next, 1) as [Job];
      const ended = job.run().finally(() => running.delete(job));
      running.set(job, ended);
    }
    if (running.size === 0) return;
    await Promise.race(running.values());
  }
}
