/**
 * The journal of what may stand in the kernel's IPVS through us, as the journal of held addresses is for addresses: a service is written
 * down before the kernel gets it, and crossed out after the kernel has lost it. What is not in it is somebody else's.
 */
import { join } from "node:path";
import { z } from "zod";
import type { IpvsServiceKey } from "../native/ipvsState.ts";
import { type ReadResult, StateFile } from "./stateFile.ts";

const serviceKeySchema = z.object({
  family: z.enum(["IPv4", "IPv6"]),
  protocol: z.enum(["TCP", "UDP", "SCTP"]).optional(),
  address: z.string().optional(),
  port: z.int().optional(),
  firewallMark: z.int().optional(),
});

const heldSchema = z.object({
  services: z.array(serviceKeySchema),
  /** Whether the daemons of the synchronisation are ours. */
  daemons: z.boolean(),
});
type Held = z.infer<typeof heldSchema>;

const textOf = ({ family, protocol, address, port, firewallMark }: IpvsServiceKey) =>
  JSON.stringify([family, protocol, address, port, firewallMark]);

export class HeldServiceJournal {
  readonly #file: StateFile<Held>;
  #services = new Map<string, IpvsServiceKey>();
  #daemons = false;
  #unsaved = false;

  constructor(stateDirectory: string, now: () => Date) {
    this.#file = new StateFile(join(stateDirectory, "held-services.json"), 1, heldSchema, now);
  }

  /** What an earlier agent wrote. To be called once, before anything else. */
  async open(): Promise<ReadResult<Held>> {
    const result = await this.#file.read();
    if (result.kind === "read") {
      this.#services = new Map(result.value.services.map((key) => [textOf(key), key]));
      this.#daemons = result.value.daemons;
    }
    return result;
  }

  get services(): IpvsServiceKey[] {
    return [...this.#services.values()];
  }

  get daemons(): boolean {
    return this.#daemons;
  }

  /** Writes down `more`; a no-op when all of it stands there. @throws the system's Error when it cannot be written. */
  async add(more: readonly IpvsServiceKey[], daemons: boolean): Promise<void> {
    const before = this.#services.size;
    for (const key of more) this.#services.set(textOf(key), key);
    const isMore = this.#services.size > before || (daemons && !this.#daemons);
    this.#daemons ||= daemons;
    if (isMore || this.#unsaved) await this.#save();
  }

  /** Crosses out everything but `keep`. */
  async shrinkTo(keep: readonly IpvsServiceKey[], daemons: boolean): Promise<void> {
    const before = this.#services.size;
    this.#services = new Map(keep.flatMap((key) => (this.#services.has(textOf(key)) ? [[textOf(key), key] as const] : [])));
    const isLess = this.#services.size < before || (this.#daemons && !daemons);
    this.#daemons &&= daemons;
    if (isLess || this.#unsaved) await this.#save();
  }

  async #save(): Promise<void> {
    this.#unsaved = true;
    await this.#file.write({ services: this.services, daemons: this.#daemons });
    this.#unsaved = false;
  }
}
