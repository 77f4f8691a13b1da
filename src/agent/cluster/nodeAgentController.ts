/**
 * The NodeAgent object → the last-known file → the core. Missing is not empty: only an explicit empty list of virtual routers, a
 * deletionTimestamp or the removal of the node withdraws; an object that is gone, or that cannot be read, keeps what runs.
 */
import { z } from "zod";
import type { Logger } from "../../runtime/log.ts";
import type { SpecRunner } from "../specRunner.ts";
import type { LastKnown, LastKnownFile } from "../state/lastKnown.ts";

const objectSchema = z.object({
  metadata: z.object({ uid: z.string().optional(), generation: z.int().optional(), deletionTimestamp: z.string().optional() }),
  spec: z.looseObject({ virtualRouters: z.array(z.unknown()).optional() }).optional(),
});

export interface ControllerOptions {
  lastKnown: LastKnownFile;
  runner: SpecRunner;
  log: Logger;
  /** Something that the status tells has changed. */
  onChange(): void;
}

interface Configuration extends Omit<LastKnown, "node"> {
  /** Differs whenever the configuration may differ. */
  key: string;
}

export class NodeAgentController {
  readonly #options: ControllerOptions;
  #current = "";
  #next: Configuration | undefined;
  #working = false;
  #savedAt: Date | undefined;
  #saveError: string | undefined;
  #missing = false;

  constructor(options: ControllerOptions) {
    this.#options = options;
  }

  /** When the last-known file was written; undefined while there is none. */
  get savedAt(): Date | undefined {
    return this.#savedAt;
  }

  /** Why the last-known file cannot be written; undefined while it can. */
  get saveError(): string | undefined {
    return this.#saveError;
  }

  /** Applies what the last-known file holds; what is wrong with the file comes back as a sentence. */
  async start(): Promise<string | undefined> {
    const { lastKnown, runner, log } = this.#options;
    const result = await lastKnown.read();
    if (result.kind === "read") {
      this.#savedAt = result.savedAt;
      log.info(
        { path: lastKnown.path, savedAt: result.savedAt, generation: result.value.generation },
        "starting from the last-known configuration",
      );
      await runner.apply(result.value.spec, { generation: result.value.generation });
      return undefined;
    }
    runner.startEmpty();
    if (result.kind === "absent") return undefined;
    const { reason, movedTo } = result;
    log.error({ path: lastKnown.path, reason, movedTo }, "the last-known configuration is damaged and was set aside");
    return `${lastKnown.path} was damaged (${reason})${movedTo ? ` and is now ${movedTo}` : ""}`;
  }

  onObject(object: unknown): void {
    this.#missing = false;
    const configuration = readConfiguration(object);
    if (typeof configuration === "string") {
      this.#options.log.warn({ reason: configuration }, "the NodeAgent cannot be used; what runs goes on");
      return;
    }
    this.#take(configuration);
  }

  onNodeRemoved(): void {
    this.#take({ key: "removed", spec: { virtualRouters: [] } });
  }

  #take(configuration: Configuration): void {
    if (configuration.key === this.#current) return;
    this.#current = configuration.key;
    this.#next = configuration;
    if (!this.#working) void this.#work();
  }

  onMissing(): void {
    if (!this.#missing) this.#options.log.warn({}, "there is no NodeAgent of this node; what runs goes on");
    this.#missing = true;
    this.#options.onChange();
  }

  /** Applies the newest configuration until there is no newer one. */
  async #work(): Promise<void> {
    this.#working = true;
    for (let next = this.#next; next; next = this.#next) {
      this.#next = undefined;
      await this.#save(next);
      await this.#options.runner.apply(next.spec, { generation: next.generation });
      this.#options.onChange();
    }
    this.#working = false;
  }

  async #save({ uid, generation, spec }: Configuration): Promise<void> {
    try {
      this.#savedAt = await this.#options.lastKnown.write({ uid, generation, spec });
      this.#saveError = undefined;
    } catch (error) {
      this.#saveError = `the last-known configuration cannot be written: ${(error as Error).message}`;
      this.#options.log.error({ error }, "cannot write the last-known configuration");
    }
  }
}

/** The configuration in an object, or why there is none. */
function readConfiguration(object: unknown): Configuration | string {
  const parsed = objectSchema.safeParse(object);
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  const { metadata, spec } = parsed.data;
  const { uid, generation } = metadata;
  // The generation alone does not tell: an API server that was restored from a backup counts anew.
  const key = JSON.stringify([uid, generation, metadata.deletionTimestamp !== undefined, spec]);
  if (metadata.deletionTimestamp !== undefined) return { key, uid, generation, spec: { virtualRouters: [] } };
  if (!spec?.virtualRouters) return "spec.virtualRouters: is missing";
  return { key, uid, generation, spec };
}
