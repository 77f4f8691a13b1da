/**
 * The journal of the IPVS services that may stand in the kernel through us, as the journal of held addresses is for addresses: a service is
 * written down before the kernel gets it, and crossed out after the kernel has lost it. What is not in it is somebody else's.
 */
import { join } from "node:path";
import { z } from "zod";
import type { IpvsServiceKey } from "./native.ts";
import { type ReadResult, StateFile } from "./stateFile.ts";

const serviceKeySchema = z.object({
  family: z.enum(["IPv4", "IPv6"]),
  protocol: z.enum(["TCP", "UDP", "SCTP"]).optional(),
  address: z.string().optional(),
  port: z.int().optional(),
  firewallMark: z.int().optional(),
});

const textOf = ({ family, protocol, address, port, firewallMark }: IpvsServiceKey) =>
  JSON.stringify([family, protocol, address, port, firewallMark]);

export class HeldServiceJournal {
  readonly #file: StateFile<IpvsServiceKey[]>;
  #held = new Map<string, IpvsServiceKey>();
  #unsaved = false;

  constructor(stateDirectory: string, now: () => Date) {
    this.#file = new StateFile(join(stateDirectory, "held-services.json"), 1, z.array(serviceKeySchema), now);
  }

  /** What an earlier agent wrote. To be called once, before anything else. */
  async open(): Promise<ReadResult<IpvsServiceKey[]>> {
    const result = await this.#file.read();
    if (result.kind === "read") this.#held = new Map(result.value.map((key) => [textOf(key), key]));
    return result;
  }

  get services(): IpvsServiceKey[] {
    return [...this.#held.values()];
  }

  /** Writes down `more`; a no-op when all of it stands there. @throws the system's Error when it cannot be written. */
  async add(more: readonly IpvsServiceKey[]): Promise<void> {
    const before = this.#held.size;
    for (const key of more) this.#held.set(textOf(key), key);
    if (this.#held.size > before || this.#unsaved) await this.#save();
  }

  /** Crosses out everything but `keep`. */
  async shrinkTo(keep: readonly IpvsServiceKey[]): Promise<void> {
    const before = this.#held.size;
    this.#held = new Map(keep.flatMap((key) => (this.#held.has(textOf(key)) ? [[textOf(key), key] as const] : [])));
    if (this.#held.size < before || this.#unsaved) await this.#save();
  }

  async #save(): Promise<void> {
    this.#unsaved = true;
    await this.#file.write(this.services);
    this.#unsaved = false;
  }
}
