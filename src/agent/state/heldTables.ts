/** Whether a table of nf_tables may stand in the kernel through us: written down before the kernel gets it, crossed out after it has gone. */
import { join } from "node:path";
import { z } from "zod";
import { type ReadResult, StateFile } from "./stateFile.ts";

/** A list, so that what holds nothing is empty. */
const heldSchema = z.object({ tables: z.array(z.string()) });
type Held = z.infer<typeof heldSchema>;

const own = "inet aloft";

export class HeldTableJournal {
  readonly #file: StateFile<Held>;
  #holds = false;
  /** What the file says. */
  #saved = false;

  constructor(stateDirectory: string, now: () => Date) {
    this.#file = new StateFile(join(stateDirectory, "held-tables.json"), 1, heldSchema, now);
  }

  /** What an earlier agent wrote. To be called once, before anything else. */
  async open(): Promise<ReadResult<Held>> {
    const result = await this.#file.read();
    this.#saved = result.kind === "read" && result.value.tables.length > 0;
    // What cannot be read may have named it: it is looked for.
    this.#holds = this.#saved || result.kind === "damaged";
    return result;
  }

  get holds(): boolean {
    return this.#holds;
  }

  /** Writes what the file does not say yet. @throws the system's Error when it cannot be written: it counts as long as this process runs. */
  async set(holds: boolean): Promise<void> {
    this.#holds = holds;
    if (holds === this.#saved) return;
    await this.#file.write({ tables: holds ? [own] : [] });
    this.#saved = holds;
  }
}
