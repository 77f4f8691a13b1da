/**
 * Which real servers were down and which quorums were lost, on the disk: the next process does not give connections to a server that this
 * one knows to be down. Written at most once a second, so that what happened within the last one may be missing.
 */
import { join } from "node:path";
import { z } from "zod";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
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
  readonly #options: HealthFileOptions;
  readonly #file: StateFile<Content>;
  #saved = "";
  #wanted: Content = {};
  #timer: Timer | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: HealthFileOptions) {
    const { stateDirectory, clock } = options;
    this.#options = options;
    this.#file = new StateFile(join(stateDirectory, "server-health.json"), 1, contentSchema, () => clock.wallNow());
  }

  /** What an earlier process knew, by nameOf(). A file that cannot be used says nothing: all servers count as their checks say. */
  async read(): Promise<Map<string, RestoredHealth>> {
    const result = await this.#file.read();
    if (result.kind === "damaged") this.#options.log.warn({ ...result }, "the file of failed servers is damaged and was set aside");
    if (result.kind !== "read") return new Map();
    this.#wanted = result.value;
    this.#saved = JSON.stringify(result.value);
    return new Map(Object.entries(result.value));
  }

  /** Keeps what is known now, soon. `unplanned`: names of those whose record stays. */
  put(memory: ReadonlyMap<string, VirtualServerMemory>, unplanned: readonly string[]): void {
    const kept = unplanned.flatMap((name) => Object.entries(this.#wanted).filter(([known]) => known === name));
    const known = [...memory].map(([name, { quorum, servers }]) => {
      const down = [...servers].flatMap(([key, { up }]) => (up ? [] : [key]));
      return [name, { quorum, down }] as const;
    });
    this.#wanted = Object.fromEntries([...kept, ...known.filter(([, { quorum, down }]) => !quorum || down.length > 0)]);
    if (JSON.stringify(this.#wanted) === this.#saved) return;
    this.#timer ??= this.#options.clock.setTimeout(() => this.#save(), pauseMs);
  }

  /** Resolves when all that is known has been written, or could not be. */
  async close(): Promise<void> {
    if (this.#timer) this.#save();
    await this.#saving;
  }

  #save(): void {
    this.#timer?.clear();
    this.#timer = undefined;
    const content = this.#wanted;
    this.#saving = this.#saving.then(async () => {
      try {
        await this.#file.write(content);
        this.#saved = JSON.stringify(content);
      } catch (error) {
        this.#options.log.error({ error }, "cannot write the file of failed servers");
      }
    });
  }
}
