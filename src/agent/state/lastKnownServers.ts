/** The VirtualServers that this node served last, and their endpoints, so that the agent starts without the API server. */
import { join } from "node:path";
import { z } from "zod";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import { StateFile } from "./stateFile.ts";

const endpointSchema = z.object({
  address: z.string(),
  port: z.int().optional(),
  node: z.string().optional(),
  zone: z.string().optional(),
  ready: z.boolean(),
  serving: z.boolean(),
  terminating: z.boolean(),
});

const contentSchema = z.object({
  /** As they came, not as this version understands them. */
  virtualServers: z.array(z.unknown()),
  /** By namespace/name; `of`: what they were found for. */
  endpoints: z.record(z.string(), z.object({ of: z.string(), list: z.array(endpointSchema) })),
});
export type LastKnownContent = z.infer<typeof contentSchema>;

const saveAfterMs = 1000;

export class LastKnownServers {
  readonly #file: StateFile<LastKnownContent>;
  readonly #clock: Clock;
  readonly #log: Logger;
  #saved = "";
  #wanted: LastKnownContent = { virtualServers: [], endpoints: {} };
  #timer: Timer | undefined;
  #saving: Promise<void> = Promise.resolve();
  #problem: string | undefined;

  constructor(stateDirectory: string, clock: Clock, log: Logger) {
    this.#file = new StateFile(join(stateDirectory, "last-known-servers.json"), 1, contentSchema, () => clock.wallNow());
    this.#clock = clock;
    this.#log = log;
  }

  /** A sentence about the file; undefined when all is well. */
  get problem(): string | undefined {
    return this.#problem;
  }

  async read(): Promise<LastKnownContent> {
    const result = await this.#file.read();
    if (result.kind === "read") this.#wanted = result.value;
    if (result.kind === "read") this.#saved = JSON.stringify(result.value);
    if (result.kind === "damaged") {
      this.#problem = `${this.#file.path} was damaged (${result.reason}).`;
      this.#log.error({ ...result }, "the last-known virtual servers are damaged and were set aside");
    }
    return this.#wanted;
  }

  /** Keeps it, soon; a no-op when all of it stands there. */
  put(content: LastKnownContent): void {
    this.#wanted = content;
    if (JSON.stringify(content) !== this.#saved) this.#timer ??= this.#clock.setTimeout(() => this.#save(), saveAfterMs);
  }

  /** Resolves when all that is known has been written, or could not be. */
  saved(): Promise<void> {
    if (this.#timer) this.#save();
    return this.#saving;
  }

  #save(): void {
    this.#timer?.clear();
    this.#timer = undefined;
    const content = this.#wanted;
    this.#saving = this.#saving.then(async () => {
      try {
        await this.#file.write(content);
        this.#saved = JSON.stringify(content);
        this.#problem = undefined;
      } catch (error) {
        this.#problem = `The last-known virtual servers cannot be written: ${(error as Error).message}.`;
        this.#log.error({ error }, "cannot write the last-known virtual servers");
      }
    });
  }
}
