/**
 * Settings of the kernel that are ours for a while: what they were is on disk before the first change, somebody else's changes are undone,
 * and in the end they are what they were. After a SIGKILL the next agent puts back what is no longer wanted.
 */
import { join } from "node:path";
import { z } from "zod";
import type { KernelSettings } from "../../plan/realServer.ts";
import { type ReadResult, StateFile } from "../state/stateFile.ts";
import { describeSetting, moduleOf, type SettingFiles } from "./settingFiles.ts";

/** What is to be done, in this order. */
export interface SettingSteps {
  /** To be written down before anything is changed: what is changed first, as it is now. */
  record: KernelSettings;
  write: KernelSettings;
  /** Written down, and wanted no more: to be crossed out after `write`. */
  forget: string[];
  /** Wanted, and not there: its module or link may come. */
  missing: string[];
}

/** @param current what there is of those that are wanted or recorded. Pure. */
export function planSettings(wanted: KernelSettings, recorded: KernelSettings, current: KernelSettings): SettingSteps {
  const steps: SettingSteps = { record: {}, write: {}, forget: [], missing: [] };
  for (const [path, value] of Object.entries(wanted)) {
    const now = current[path];
    if (now === undefined) steps.missing.push(path);
    else if (now !== value) {
      steps.write[path] = value;
      if (recorded[path] === undefined) steps.record[path] = now;
    }
  }
  for (const [path, before] of Object.entries(recorded)) {
    if (wanted[path] !== undefined) continue;
    steps.forget.push(path);
    // One that has gone and comes back begins with the kernel's own value.
    if (current[path] !== undefined && current[path] !== before) steps.write[path] = before;
  }
  return steps;
}

/** A change by somebody else. */
export interface SettingChange {
  path: string;
  /** What it was set to. */
  found: string;
  wanted: string;
  times: number;
  at: Date;
}

const journalSchema = z.object({ boot: z.string(), before: z.record(z.string(), z.string()) });
type Journal = z.infer<typeof journalSchema>;

export class OwnedSysctls {
  readonly #journal: StateFile<Journal>;
  readonly #files: SettingFiles;
  readonly #now: () => Date;
  #wanted: KernelSettings = {};
  /** As they were before us. */
  #recorded: KernelSettings = {};
  /** What has been seen as wanted since it is: who changes it after that is somebody else. */
  readonly #settled = new Map<string, string>();
  readonly #changes = new Map<string, SettingChange>();
  #failures = new Map<string, string>();
  #missing: string[] = [];
  #journalProblem: string | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(stateDirectory: string, files: SettingFiles, now: () => Date) {
    this.#journal = new StateFile(join(stateDirectory, "sysctls.json"), 1, journalSchema, now);
    this.#files = files;
    this.#now = now;
  }

  /** What an earlier agent wrote. To be called once, before anything else. Nothing is put back before the first `configure`. */
  async open(): Promise<ReadResult<Journal>> {
    const result = await this.#journal.read();
    if (result.kind === "read" && result.value.boot === this.#files.boot) this.#recorded = result.value.before;
    return result;
  }

  /** Owns exactly these from now on; others that it had are as they were when this resolves. Never rejects. */
  configure(values: KernelSettings): Promise<void> {
    return this.#inTurn(() => {
      this.#wanted = Object.fromEntries(Object.entries(values).map(([path, value]) => [path, normal(value)]));
      return this.#reconcile();
    });
  }

  /** Undoes what others did since, and sets what could not be set. To be called every second; a few reads when all is well. */
  check(): Promise<void> {
    return this.#inTurn(() => this.#reconcile());
  }

  /** Everything as it was before. */
  restore(): Promise<void> {
    return this.configure({});
  }

  /** Sentences about what could not be set. */
  get problems(): string[] {
    const missing = [...Map.groupBy(this.#missing, moduleOf)].map(([module, paths]) => missingProblem(module, paths));
    const journal = this.#journalProblem === undefined ? [] : [`${this.#journalProblem}.`];
    return [...missing, ...[...this.#failures.values()].map((failure) => `${failure}.`), ...journal];
  }

  /** What others changed and was set again, the last one of each. */
  get changes(): SettingChange[] {
    return [...this.#changes.values()];
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => {});
    return result;
  }

  async #reconcile(): Promise<void> {
    const current = this.#read();
    const { record, write, forget, missing } = planSettings(this.#wanted, this.#recorded, current);
    this.#missing = missing;
    this.#failures = new Map();
    this.#notice(current);
    // What cannot be written down is not changed: nobody could put it back.
    const isKept = await this.#keep({ ...this.#recorded, ...record });
    for (const [path, value] of Object.entries(write)) if (isKept || this.#recorded[path] !== undefined) this.#write(path, value);
    const gone = new Set(forget.filter((path) => !this.#failures.has(path)));
    if (gone.size > 0) await this.#keep(Object.fromEntries(Object.entries(this.#recorded).filter(([path]) => !gone.has(path))));
  }

  #read(): KernelSettings {
    const paths = new Set([...Object.keys(this.#wanted), ...Object.keys(this.#recorded)]);
    const values = [...paths].flatMap((path) => {
      const value = this.#files.read(path);
      return value === undefined ? [] : [[path, normal(value)] as const];
    });
    return Object.fromEntries(values);
  }

  /** Tells changes by others from those of a new configuration, and from a module that has just been loaded. */
  #notice(current: KernelSettings): void {
    for (const path of this.#settled.keys())
      if (this.#wanted[path] === undefined || current[path] === undefined) this.#settled.delete(path);
    for (const [path, wanted] of Object.entries(this.#wanted)) {
      const found = current[path];
      if (found === undefined) continue;
      if (found !== wanted && this.#settled.get(path) === wanted) {
        const times = (this.#changes.get(path)?.times ?? 0) + 1;
        this.#changes.set(path, { path, found, wanted, times, at: this.#now() });
      }
      if (found === wanted) this.#settled.set(path, wanted);
    }
  }

  #write(path: string, value: string): void {
    try {
      this.#files.write(path, value);
      if (this.#wanted[path] === value) this.#settled.set(path, value);
    } catch (error) {
      this.#failures.set(path, `${describeSetting(path)} cannot be set to ${value}: ${(error as Error).message}`);
    }
  }

  /** Writes the journal when it differs; whether it says this now. */
  async #keep(next: KernelSettings): Promise<boolean> {
    const isSame = JSON.stringify(next) === JSON.stringify(this.#recorded);
    if (isSame && this.#journalProblem === undefined) return true;
    try {
      await this.#journal.write({ boot: this.#files.boot, before: next });
      this.#recorded = next;
      this.#journalProblem = undefined;
      return true;
    } catch (error) {
      this.#journalProblem = `the journal of settings cannot be written: ${(error as Error).message}`;
      return false;
    }
  }
}

/** The kernel separates the numbers of one setting by tabs. */
const normal = (value: string) => value.trim().replace(/\s+/g, " ");

/** One sentence for all that a module brings. */
function missingProblem(module: string | undefined, paths: string[]): string {
  const hint = module === undefined ? "the kernel does not know it" : `load its module ("modprobe ${module}")`;
  const others = paths.length > 1 ? ` (and ${paths.length - 1} more)` : "";
  return `${describeSetting(paths[0] ?? "")}${others} is not there: ${hint}.`;
}
