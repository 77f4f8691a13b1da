/** The last NodeAgent.spec that this node was given, so that the agent starts without the API server. */
import { join } from "node:path";
import { z } from "zod";
import { StateFile } from "./stateFile.ts";

/** As it came from the API server, not as this version understands it: a later version may understand more. */
const lastKnownSchema = z.object({
  node: z.string(),
  uid: z.string().optional(),
  generation: z.int().optional(),
  spec: z.record(z.string(), z.unknown()),
});
export type LastKnown = z.infer<typeof lastKnownSchema>;

export type LastKnownResult =
  | { kind: "absent" }
  | { kind: "read"; value: LastKnown; savedAt: Date }
  | { kind: "damaged"; reason: string; movedTo?: string };

export class LastKnownFile {
  readonly #file: StateFile<LastKnown>;
  readonly #node: string;

  constructor(stateDirectory: string, node: string, now: () => Date) {
    this.#file = new StateFile(join(stateDirectory, "last-known.json"), 1, lastKnownSchema, now);
    this.#node = node;
  }

  get path(): string {
    return this.#file.path;
  }

  /** A file of another node is as bad as a damaged one: a cloned machine would run its twin's priorities. */
  async read(): Promise<LastKnownResult> {
    const result = await this.#file.read();
    if (result.kind !== "read" || result.value.node === this.#node) return result;
    return this.#file.setAside(`belongs to node ${result.value.node}, this is ${this.#node}`);
  }

  write(value: Omit<LastKnown, "node">): Promise<Date> {
    return this.#file.write({ node: this.#node, ...value });
  }
}
