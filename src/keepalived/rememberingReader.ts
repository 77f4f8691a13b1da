/** A reader that knows afterwards whether the files still say what they said. */
import type { ConfigReader, Unreadable } from "./reader.ts";

export class RememberingReader implements ConfigReader {
  readonly #reader: ConfigReader;
  readonly #texts = new Map<string, string | Unreadable>();
  readonly #found = new Map<string, string[]>();

  constructor(reader: ConfigReader) {
    this.#reader = reader;
  }

  read(path: string): string | Unreadable {
    const text = this.#reader.read(path);
    this.#texts.set(path, text);
    return text;
  }

  glob(pattern: string): string[] {
    const found = this.#reader.glob(pattern);
    this.#found.set(pattern, found);
    return found;
  }

  /** Answers what was asked as it was answered last. */
  remembered(): ConfigReader {
    return {
      read: (path) => this.#texts.get(path) ?? { reason: "it was not read" },
      glob: (pattern) => this.#found.get(pattern) ?? [],
    };
  }

  /** Whether all that was asked would be answered the same now. What cannot be read may be for another reason: it is not the same. */
  isCurrent(): boolean {
    const isSame = (files: readonly string[], others: readonly string[]) =>
      files.length === others.length && files.every((file, index) => file === others[index]);
    return (
      [...this.#texts].every(([path, text]) => typeof text === "string" && this.#reader.read(path) === text) &&
      [...this.#found].every(([pattern, found]) => isSame(this.#reader.glob(pattern), found))
    );
  }
}
