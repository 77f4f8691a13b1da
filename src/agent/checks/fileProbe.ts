/** A file that is there or not, or one that holds a number, as keepalived's track_file. */
import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import type { NodeCheck } from "../../api/nodeAgent.ts";
import { type Clock, sleep } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import { type FileWatch, watchFile } from "./fileWatch.ts";
import { type InitialFile, makeInitialFile } from "./initialFile.ts";
import { badOutcome, goodOutcome, type Outcome, type Probe, type ProbeTools } from "./probe.ts";

/** Of the file is read. A number needs no more. */
const readBytes = 128;
/** Who writes a file with `echo 5 > FILE` empties it first. */
const rereadMs = 20;
const int32 = { smallest: -(2 ** 31), greatest: 2 ** 31 - 1 };

export class FileProbe implements Probe {
  readonly #path: string;
  readonly #present: "Up" | "Down" | undefined;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** Until it is made. */
  #initial: InitialFile | undefined;
  #watch: FileWatch | undefined;
  #lastProblem = "";

  constructor({ path, present, create }: NonNullable<NodeCheck["file"]>, tools: Pick<ProbeTools, "clock" | "log" | "initialFiles">) {
    this.#path = path;
    this.#present = present;
    this.#clock = tools.clock;
    this.#log = tools.log;
    if (create && tools.initialFiles !== "None") this.#initial = { ...create, overwrite: create.overwrite && tools.initialFiles === "All" };
  }

  async run(): Promise<Outcome | undefined> {
    if (this.#initial) await this.#make(this.#initial);
    this.#watch?.ensure();
    try {
      return this.#present === undefined ? await this.#readNumber() : await this.#look();
    } catch (error) {
      this.#complain((error as Error).message);
      return undefined;
    }
  }

  watch(hint: () => void): void {
    this.#watch = watchFile(this.#path, this.#clock, hint);
  }

  close(): void {
    this.#watch?.close();
  }

  /** Once, whatever comes of it: somebody may want it gone later. */
  async #make(initial: InitialFile): Promise<void> {
    this.#initial = undefined;
    await makeInitialFile(this.#path, initial).catch(({ message }: Error) => {
      this.#log.warn({ path: this.#path, problem: message }, "a tracked file cannot be made");
    });
  }

  async #look(): Promise<Outcome> {
    const isThere = await stat(this.#path).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (isAbsent(error)) return false;
        throw error;
      },
    );
    if (isThere === (this.#present === "Up")) return goodOutcome;
    return badOutcome(isThere ? `${this.#path} is there` : `${this.#path} is not there`);
  }

  /** A file that is missing or empty holds 0. */
  async #readNumber(): Promise<Outcome | undefined> {
    let text = await readBeginning(this.#path);
    if (text === "") {
      await sleep(this.#clock, rereadMs);
      text = await readBeginning(this.#path);
    }
    const value = parseNumber(text);
    if (value === undefined) {
      this.#complain(`${this.#path} holds a number beyond 32 bits`);
      return undefined;
    }
    this.#lastProblem = "";
    return value === 0 ? { ...goodOutcome, value } : { ...badOutcome(`${this.#path} holds ${value}`), value };
  }

  #complain(problem: string): void {
    if (problem !== this.#lastProblem) this.#log.warn({ path: this.#path, problem }, "a tracked file cannot be read; its result stays");
    this.#lastProblem = problem;
  }
}

function isAbsent({ code }: NodeJS.ErrnoException): boolean {
  return code === "ENOENT" || code === "ENOTDIR";
}

async function readBeginning(path: string): Promise<string> {
  let file: FileHandle;
  try {
    // To open a device may do something; what is put there in this very moment, such as a FIFO, must not hold up a thread.
    if (!(await stat(path)).isFile()) throw new Error(`${path} is not a regular file`);
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isAbsent(error as NodeJS.ErrnoException)) return "";
    throw error;
  }
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(readBytes), 0, readBytes, null);
    return buffer.toString("latin1", 0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * The number at the beginning of a text as strtol(3) with base 0 reads it: blanks, sign, decimal, 0x… or 0…; 0 when there is none;
 * undefined when 32 bits do not hold it. Pure.
 */
export function parseNumber(text: string): number | undefined {
  const [, sign, hexadecimal, octal, decimal] = /^[ \t\n\v\f\r]*([+-]?)(?:0[xX]([0-9a-fA-F]+)|(0[0-7]*)|([1-9][0-9]*))/.exec(text) ?? [];
  const amount =
    hexadecimal !== undefined ? Number.parseInt(hexadecimal, 16) : octal !== undefined ? Number.parseInt(octal, 8) : Number(decimal ?? 0);
  // Adding 0 makes -0 into 0.
  const value = (sign === "-" ? -amount : amount) + 0;
  return value >= int32.smallest && value <= int32.greatest ? value : undefined;
}
