/** A JSON file that survives a power cut: written whole or not at all, versioned, with a checksum; a damaged one is set aside. */
import { createHash } from "node:crypto";
import { open, readFile, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";

export type ReadResult<T> =
  | { kind: "absent" }
  | { kind: "read"; value: T; savedAt: Date }
  /** `movedTo` is undefined when the file could not even be renamed. */
  | { kind: "damaged"; reason: string; movedTo?: string };

const envelopeSchema = z.object({
  version: z.int(),
  savedAt: z.iso.datetime(),
  sha256: z.string(),
  content: z.unknown(),
});

export class StateFile<T> {
  readonly path: string;
  readonly #version: number;
  readonly #schema: z.ZodType<T>;
  readonly #now: () => Date;
  readonly #mode: number;

  constructor(path: string, version: number, schema: z.ZodType<T>, now: () => Date, mode = 0o640) {
    this.path = path;
    this.#version = version;
    this.#schema = schema;
    this.#now = now;
    this.#mode = mode;
  }

  /** A damaged file is renamed to PATH.damaged-TIME, so that it can be looked at and never read again. */
  async read(): Promise<ReadResult<T>> {
    let text: string;
    try {
      text = await readFile(this.path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return { kind: "absent" };
      return { kind: "damaged", reason: (error as Error).message };
    }
    const result = this.#parse(text);
    return typeof result === "string" ? this.setAside(result) : { kind: "read", ...result };
  }

  /** Renames the file as one that must not be used. */
  async setAside(reason: string): Promise<ReadResult<T>> {
    const movedTo = `${this.path}.damaged-${this.#now().toISOString()}`;
    try {
      await rename(this.path, movedTo);
      return { kind: "damaged", reason, movedTo };
    } catch (error) {
      return { kind: "damaged", reason: `${reason}; it cannot be set aside: ${(error as Error).message}` };
    }
  }

  /** @throws the system's Error, with the old content still in place. */
  async write(value: T): Promise<Date> {
    const savedAt = this.#now();
    const envelope = { version: this.#version, savedAt: savedAt.toISOString(), sha256: digest(value), content: value };
    await writeAtomically(this.path, `${JSON.stringify(envelope, undefined, 1)}\n`, this.#mode);
    return savedAt;
  }

  #parse(text: string): { value: T; savedAt: Date } | string {
    const json = parseJson(text);
    if (json instanceof Error) return `not JSON: ${json.message}`;
    const envelope = envelopeSchema.safeParse(json);
    if (!envelope.success) return firstIssue(envelope.error);
    const { version, savedAt, sha256, content } = envelope.data;
    if (version !== this.#version) return `has version ${version}, this agent reads version ${this.#version}`;
    if (sha256 !== digest(content)) return "does not match its checksum";
    const value = this.#schema.safeParse(content);
    return value.success ? { value: value.data, savedAt: new Date(savedAt) } : firstIssue(value.error);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error;
  }
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue ? `${issue.path.join(".") || "the file"}: ${issue.message}` : error.message;
}

/** Writes beside `path`, flushes, renames over it and flushes the directory: after a power cut there is the old file or the new one. */
async function writeAtomically(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.new`;
  try {
    // A file that a crash left behind would keep its own mode.
    await unlink(temporary).catch(() => {});
    const file = await open(temporary, "wx", mode);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
  const directory = await open(dirname(path), "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
