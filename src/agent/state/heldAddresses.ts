/**
 * The journal of the addresses that may stand in the kernel through us. An address is written down before the core may add it and crossed
 * out only after the core has given it up, so that whatever a killed agent leaves behind is known to the next one.
 */
import { join } from "node:path";
import { z } from "zod";
import type { HeldAddress } from "../native/core.ts";
import type { DesiredAddress, DesiredState } from "../native/desiredState.ts";
import type { Snapshot } from "../native/snapshot.ts";
import { type ReadResult, StateFile } from "./stateFile.ts";

const heldAddressSchema = z.object({ interface: z.string(), address: z.string() });

const keyOf = ({ interface: name, address }: HeldAddress) => `${name} ${address}`;

export class HeldAddressJournal {
  readonly #file: StateFile<HeldAddress[]>;
  #held = new Map<string, HeldAddress>();
  /** The file may say less than `#held`: a write failed, and the next call writes again whatever it is asked. */
  #unsaved = false;

  constructor(stateDirectory: string, now: () => Date) {
    this.#file = new StateFile(join(stateDirectory, "held-addresses.json"), 1, z.array(heldAddressSchema), now);
  }

  /** What an earlier agent wrote. To be called once, before anything else. */
  async open(): Promise<ReadResult<HeldAddress[]>> {
    const result = await this.#file.read();
    if (result.kind === "read") this.#held = new Map(result.value.map((held) => [keyOf(held), held]));
    return result;
  }

  /** Whether the last write failed. */
  get isUnsaved(): boolean {
    return this.#unsaved;
  }

  get addresses(): HeldAddress[] {
    return [...this.#held.values()];
  }

  /** Writes down `more`; a no-op when all of it stands there. @throws the system's Error when it cannot be written. */
  async add(more: HeldAddress[]): Promise<void> {
    const fresh = more.filter((held) => !this.#held.has(keyOf(held)));
    for (const held of fresh) this.#held.set(keyOf(held), held);
    if (fresh.length > 0 || this.#unsaved) await this.#save();
  }

  /** Crosses out everything but `keep`. */
  async shrinkTo(keep: HeldAddress[]): Promise<void> {
    const kept = new Set(keep.map(keyOf));
    const remaining = this.addresses.filter((held) => kept.has(keyOf(held)));
    const isSmaller = remaining.length < this.#held.size;
    this.#held = new Map(remaining.map((held) => [keyOf(held), held]));
    if (isSmaller || this.#unsaved) await this.#save();
  }

  async #save(): Promise<void> {
    this.#unsaved = true;
    await this.#file.write(this.addresses);
    this.#unsaved = false;
  }
}

/**
 * The addresses that `desired` may add, without those that stand on the interface by somebody else's hand: they are never ours to remove.
 * An address of a virtual router stands on the interface that it names, else on the router's macvlan, else on its interface.
 */
export function mayHold({ routers, static: always }: DesiredState, links: Snapshot["links"]): HeldAddress[] {
  const foreign = new Set(links.flatMap(({ name, addresses }) => addresses.map((address) => keyOf({ interface: name, address }))));
  const place = ({ address, interface: own }: DesiredAddress, device = "") => ({ interface: own ?? device, address });
  const moving = routers.flatMap((router) =>
    router.addresses.map((address) => place(address, router.virtualMACInterface ?? router.interface)),
  );
  const standing = (always?.addresses ?? []).map((address) => place(address));
  return [...moving, ...standing].filter((held) => !foreign.has(keyOf(held)));
}

/** What must stay in the journal: what is desired, what the core still holds, and what still stands in the kernel. */
export function stillHeld(
  journal: HeldAddress[],
  desired: DesiredState,
  snapshot: Snapshot,
  inKernel: (held: HeldAddress) => boolean,
): HeldAddress[] {
  const wanted = new Set(mayHold(desired, []).map(keyOf));
  const held = new Set(snapshot.routers.flatMap((router) => router.addressesHeld));
  return journal.filter((entry) => wanted.has(keyOf(entry)) || held.has(entry.address) || inKernel(entry));
}

/** Whether the journal has addresses that are not desired. */
export function hasLeftovers(journal: HeldAddress[], desired: DesiredState): boolean {
  const wanted = new Set(mayHold(desired, []).map(keyOf));
  return journal.some((held) => !wanted.has(keyOf(held)));
}
