/** The VirtualServers that this node served last, and their endpoints, so that the agent starts without the API server. */
import { join } from "node:path";
import { z } from "zod";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import { DelayedFile } from "./delayedFile.ts";
import { StateFile } from "./stateFile.ts";

const endpointSchema = z.object({
  address: z.string(),
  port: z.int().optional(),
  node: z.string().optional(),
  zone: z.string().optional(),
  isHere: z.boolean().optional(),
  pods: z.int().optional(),
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
  readonly #path: string;
  readonly #file: DelayedFile<LastKnownContent>;
  readonly #log: Logger;
  #problem: string | undefined;

  constructor(stateDirectory: string, clock: Clock, log: Logger) {
    this.#path = join(stateDirectory, "last-known-servers.json");
    const file = new StateFile(this.#path, 1, contentSchema, () => clock.wallNow());
    const onWrite = (error: unknown) => this.#onWrite(error);
    this.#file = new DelayedFile({ virtualServers: [], endpoints: {} }, { file, delayMs: saveAfterMs, clock, onWrite });
    this.#log = log;
  }

  /** A sentence about the file; undefined when all is well. */
  get problem(): string | undefined {
    return this.#problem;
  }

  async read(): Promise<LastKnownContent> {
    const result = await this.#file.read();
    if (result.kind === "damaged") {
      this.#problem = `${this.#path} was damaged (${result.reason}).`;
      this.#log.error({ ...result }, "the last-known virtual servers are damaged and were set aside");
    }
    return this.#file.value;
  }

  /** Keeps it, soon; a no-op when all of it stands there. */
  put(content: LastKnownContent): void {
    this.#file.put(content);
  }

  /** Resolves when all that is known has been written, or could not be. */
  saved(): Promise<void> {
    return this.#file.flush();
  }

  #onWrite(error: unknown): void {
    this.#problem = error ? `The last-known virtual servers cannot be written: ${(error as Error).message}.` : undefined;
    if (error) this.#log.error({ error }, "cannot write the last-known virtual servers");
  }
}
