/** keepalived.conf, release 2.2.7: file → what this node runs, and diagnostics. Pure: files come from the reader that is given. */
import { type Diagnostic, sortDiagnostics } from "./diagnostic.ts";
import { type KeepalivedPlan, planKeepalived } from "./plan/planKeepalived.ts";
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
  places: new Map(),
} satisfies Partial<KeepalivedPlan>;

/**
 * Reads `path` with all that it includes and plans it. Never throws, whatever the text. A file that cannot be understood is not planned:
 * what follows from one mistake would hide it among messages.
 */
export function loadKeepalived(path: string, reader: ConfigReader, options: ReadOptions = {}): LoadedKeepalived {
  const read = readKeepalived(path, reader, options);
  if (read.hasErrors) return { ...nothing, ...read };
  const plan = planKeepalived(read.config, options);
  return { ...read, ...plan, diagnostics: sortDiagnostics([...read.diagnostics, ...plan.diagnostics], read.files) };
}
