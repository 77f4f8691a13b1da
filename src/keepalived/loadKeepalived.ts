/** keepalived.conf, release 2.2.7: file → what this node runs, and diagnostics. Pure: files come from the reader that is given. */
import { type Diagnostic, sortDiagnostics } from "./diagnostic.ts";
import { BlockReading, type KeptBlocks } from "./keptBlocks.ts";
import { type KeepalivedPlan, planKeepalived } from "./plan/planKeepalived.ts";
import type { MadeServers } from "./plan/virtualServers/planVirtualServers.ts";
import type { ConfigReader } from "./reader.ts";
import { type KeepalivedConfiguration, type ReadOptions, readKeepalived } from "./readKeepalived.ts";

export interface LoadedKeepalived extends KeepalivedPlan, Pick<KeepalivedConfiguration, "tree" | "config"> {
  /** Of the reading and the planning, in the order of the files and lines. */
  diagnostics: Diagnostic[];
  /** Every file that was read; the first is the one asked for. */
  files: string[];
}

const nothing = {
  spec: { virtualRouters: [] },
  virtualServers: [],
  secrets: [],
  agent: {},
  unsupported: [],
  places: () => new Map(),
} satisfies Partial<KeepalivedPlan>;

/**
 * Reads `path` with all that it includes and plans it. Never throws, whatever the text. A file that cannot be understood is not planned:
 * what follows from one mistake would hide it among messages.
 */
export function loadKeepalived(
  path: string,
  reader: ConfigReader,
  options: ReadOptions = {},
  blocks?: BlockReading<MadeServers>,
): LoadedKeepalived {
  const read = readKeepalived(path, reader, options, blocks);
  if (read.hasErrors) return { ...nothing, ...read };
  const plan = planKeepalived(read.config, options, blocks);
  return { ...read, ...plan, diagnostics: sortDiagnostics([...read.diagnostics, ...plan.diagnostics], read.files) };
}

/** What a reading gives that may leave out what was read before: neither the words nor their places. */
export type ReloadedKeepalived = Omit<LoadedKeepalived, "tree" | "config" | "places">;

/** Reads the same path again and again. What comes out is what a first reading would give. */
export class KeepalivedLoader {
  readonly #path: string;
  readonly #options: ReadOptions;
  #kept: KeptBlocks<MadeServers> | undefined;

  constructor(path: string, options: ReadOptions) {
    this.#path = path;
    this.#options = options;
  }

  load(reader: ConfigReader): ReloadedKeepalived {
    return (this.#kept && this.#read(reader, this.#kept)) ?? this.#readAll(reader);
  }

  /** Undefined where it could differ from a first reading. Mistakes are rare, and a missing brace is found by what is around it. */
  #read(reader: ConfigReader, kept: KeptBlocks<MadeServers>): ReloadedKeepalived | undefined {
    const blocks = new BlockReading(kept);
    const loaded = loadKeepalived(this.#path, reader, this.#options, blocks);
    if (loaded.hasErrors || !blocks.isSameOutside()) return undefined;
    this.#kept = blocks.kept(loaded.diagnostics);
    return loaded;
  }

  #readAll(reader: ConfigReader): ReloadedKeepalived {
    const blocks = new BlockReading<MadeServers>();
    const loaded = loadKeepalived(this.#path, reader, this.#options, blocks);
    if (!loaded.hasErrors) this.#kept = blocks.kept(loaded.diagnostics);
    return loaded;
  }
}
