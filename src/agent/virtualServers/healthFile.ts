/**
 * Which real servers were down and which quorums were lost, on the disk: the next process does not give connections to a server that this
 * one knows to be down. Written at most once a second, so that what happened within the last one may be missing.
 */
import { join } from "node:path";
import { z } from "zod";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import { DelayedFile } from "../state/delayedFile.ts";
import { StateFile } from "../state/stateFile.ts";
import type { RestoredHealth, VirtualServerMemory } from "./planVirtualServers.ts";

const contentSchema = z.record(z.string(), z.object({ quorum: z.boolean(), down: z.array(z.string()) }));
type Content = z.infer<typeof contentSchema>;

const pauseMs = 1000;

export interface HealthFileOptions {
  stateDirectory: string;
  clock: Clock;
  log: Logger;
}

export class HealthFile {
  readonly #log: Logger;
  readonly #file: DelayedFile<Content>;

  constructor({ stateDirectory, clock, log }: HealthFileOptions) {
    this.#log = log;
    const file = new StateFile(join(stateDirectory, "server-health.json"), 1, contentSchema, () => clock.wallNow());
    const onWrite = (error: unknown) => error && log.error({ error }, "cannot write the file of failed servers");
    this.#file = new DelayedFile({}, { file, delayMs: pauseMs, clock, onWrite });
  }

  /** What an earlier process knew, by nameOf(). A file that cannot be used says nothing: all servers count as their checks say. */
  async read(): Promise<Map<string, RestoredHealth>> {
    const result = await this.#file.read();
    if (result.kind === "damaged") this.#log.warn({ ...result }, "the file of failed servers is damaged and was set aside");
    return new Map(Object.entries(this.#file.value));
  }

  /** Keeps what is known now, soon. `unplanned`: names of those whose record stays. */
  put(memory: ReadonlyMap<string, VirtualServerMemory>, unplanned: readonly string[]): void {
    const kept = unplanned.flatMap((name) => Object.entries(this.#file.value).filter(([known]) => known === name));
    const known = [...memory].map(([name, { quorum, servers }]) => {
      const down = [...servers].flatMap(([key, { up }]) => (up ? [] : [key]));
      return [name, { quorum, down }] as const;
    });
    this.#file.put(Object.fromEntries([...kept, ...known.filter(([, { quorum, down }]) => !quorum || down.length > 0)]));
  }

  /** Resolves when all that is known has been written, or could not be. */
  close(): Promise<void> {
    return this.#file.flush();
  }
}
