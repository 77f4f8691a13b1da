/**
 * Files → the lines that count: includes followed, conditions decided, parameters replaced, sequences unrolled.
 * In the order of keepalived 2.2.7: a condition or a parameter in front may make a line into anything, also into an include.
 */
import { type Diagnostics, type Position, quote } from "./diagnostic.ts";
import { type Include, readInclude } from "./includes.ts";
import type { BlockReading } from "./keptBlocks.ts";
import { readLines, withoutComment } from "./lexer.ts";
import { Parameters, readDefinition } from "./parameters.ts";
import { PlacedText } from "./placedText.ts";
import { type ConfigReader, directoryOf, hasWildcard, resolveFrom } from "./reader.ts";
import { readSequence, startsSequence } from "./sequences.ts";

type BlockCutter = Pick<BlockReading<unknown>, "cut" | "skippedLines" | "skippedCharacters">;

export interface PreprocessorOptions {
  reader: ConfigReader;
  diagnostics: Diagnostics;
  /** What `@NAME` is compared with: --config-id, or the first label of the node's name. */
  configId: string;
  /** Leaves out the lines of blocks that are known. */
  blocks?: BlockCutter;
}

/** Bounds of one reading, so that no text takes more than a moment: files opened, lines made, lines nested, characters made. */
const mostFiles = 1000;
const mostLines = 200_000;
const deepestNesting = 128;
const mostCharacters = 32_000_000;

export interface PreprocessedLines {
  lines: PlacedText[];
  /** In the order of reading. */
  files: string[];
}

/** Reads `path` and what it includes. A missing file, a circle of includes and the like become diagnostics. */
export function preprocess(path: string, options: PreprocessorOptions): PreprocessedLines {
  const preprocessor = new Preprocessor(options);
  preprocessor.readFile(path, { file: path, line: 1, column: 1 }, "error");
  return preprocessor.result;
}

class Preprocessor {
  readonly result: PreprocessedLines = { lines: [], files: [] };
  readonly #options: PreprocessorOptions;
  readonly #parameters: Parameters;
  readonly #open: string[] = [];
  #opened = 0;
  #characters = 0;
  #exhausted = false;

  constructor(options: PreprocessorOptions) {
    this.#options = options;
    this.#parameters = new Parameters(options.diagnostics);
    const nowhere = { file: "", line: 1, column: 1 };
    const constants = { _INSTANCE: options.configId, _HASH: "#", _BANG: "!" };
    for (const [name, value] of Object.entries(constants)) this.#parameters.define(name, [PlacedText.standingFor(value, nowhere)]);
  }

  /** `from` is where the file is named. */
  readFile(path: string, from: Position, missing: "error" | "warning"): void {
    const { diagnostics, reader, blocks } = this.#options;
    if (this.#open.includes(path)) {
      diagnostics.error("include", from, `${path} includes itself${this.#open.at(-1) === path ? "" : ` by way of ${this.#open.at(-1)}`}`);
      return;
    }
    if (++this.#opened > mostFiles || this.#open.length >= deepestNesting) {
      this.#exhaust(from, `more than ${mostFiles} files are included`);
      return;
    }
    const text = reader.read(path);
    if (typeof text !== "string") {
      diagnostics[missing]("include", from, `${path} cannot be read: ${text.reason}`);
      return;
    }
    if (!this.result.files.includes(path)) this.result.files.push(path);
    this.#open.push(path);
    this.#defineDirectory(path, from);
    this.#readLines(readLines(blocks?.cut(text, path) ?? [{ text, line: 1 }], path, diagnostics));
    this.#open.pop();
    const outer = this.#open.at(-1);
    if (outer !== undefined) this.#defineDirectory(outer, from);
  }

  #defineDirectory(path: string, at: Position): void {
    this.#parameters.define("_PWD", [PlacedText.standingFor(directoryOf(path), at)]);
  }

  #readLines(lines: readonly PlacedText[]): void {
    for (let index = 0; index < lines.length; index++) {
      const line = lines[index]?.trim();
      if (!line || line.text === "") continue;
      if (this.#exhausted) return;
      // A definition takes the lines after it as long as they end with a backslash.
      const body = [line];
      if (/^(?:@\S*\s+)*\$[A-Za-z_]\w*=/.test(line.text)) {
        while (body.at(-1)?.text.endsWith("\\") && index + 1 < lines.length) body.push(lines[++index]?.trim() ?? line);
      }
      this.#readLine(line, body.slice(1), 0);
    }
  }

  /** One line; `continuation` is the rest of a definition of several lines. */
  #readLine(line: PlacedText, continuation: readonly PlacedText[], depth: number): void {
    if (line.text === "" || this.#exhausted) return;
    if (depth > deepestNesting) {
      this.#exhaust(line.positionAt(0), "sequences and parameters are nested too deep");
      return;
    }
    if (!this.#count(line)) return;
    if (line.text.startsWith("@")) {
      this.#readConditional(line, continuation, depth);
      return;
    }
    const definition = readDefinition(line);
    if (definition) {
      this.#define(definition.name, [definition.value, ...continuation]);
      return;
    }
    if (startsSequence(line.text)) {
      this.#repeat(line, depth);
      return;
    }
    if (!line.text.includes("$")) {
      this.#emit(line);
      return;
    }
    const replaced = this.#parameters.replace(line);
    if (!replaced) return;
    const first = this.#cutNewComment(line, replaced.line).trim();
    if (first.text === line.text) this.#emit(first);
    else this.#readLine(first, [], depth + 1);
    for (const following of replaced.following) this.#readLine(following.trim(), [], depth + 1);
  }

  /** `@main x`: only on main; `@^main x`: everywhere else. The word is compared as a whole. */
  #readConditional(line: PlacedText, continuation: readonly PlacedText[], depth: number): void {
    const match = /^@(\^?)(\S*)\s*/.exec(line.text);
    const id = match?.[2] ?? "";
    if (id === "" || /[|&]/.test(id)) {
      const what = id === "" ? "a configuration id is missing after `@`" : `keepalived 2.2.7 compares ${quote(id)} as one name, so`;
      const effect = match?.[1] ? "the line counts everywhere" : "the line never counts";
      this.#options.diagnostics.warning("condition", line.positionAt(0), id === "" ? `${what}: ${effect}` : `${what} ${effect}`);
    }
    const holds = (id === this.#options.configId) !== (match?.[1] === "^");
    if (holds) this.#readLine(line.slice(match?.[0].length ?? 0), continuation, depth + 1);
  }

  #define(name: string, body: readonly PlacedText[]): void {
    const lines = body.map((line) => (line.text.endsWith("\\") ? line.slice(0, -1).trim() : line));
    // Nothing behind `$NAME= \` makes no line of its own.
    const [first, ...rest] = lines;
    this.#parameters.define(name, first?.text === "" && rest.length > 0 ? rest : lines, lines.length > 1);
  }

  #repeat(line: PlacedText, depth: number): void {
    const close = line.text.indexOf(")");
    const head = this.#parameters.replace(close < 0 ? line : line.slice(0, close + 1));
    if (!head) return;
    const sequence = readSequence(head.line, this.#options.diagnostics);
    if (!sequence) return;
    const rest = line.slice(close + 1).trim();
    for (const turn of sequence.turns) {
      for (const [name, value] of turn) this.#parameters.define(name, [PlacedText.standingFor(value, line.positionAt(0))]);
      this.#readLine(rest, [], depth + 1);
      if (this.#exhausted) return;
    }
  }

  /** `${_HASH}` and `${_BANG}` outside quotes start a comment after all, in 2.2.7. */
  #cutNewComment(before: PlacedText, after: PlacedText): PlacedText {
    const kept = withoutComment(after.text);
    if (kept.length === after.text.length) return after;
    const at = before.positionAt(Math.max(0, before.text.indexOf("$")));
    this.#options.diagnostics.warning(
      "parameter",
      at,
      `keepalived 2.2.7 takes ${quote(after.text.slice(kept.length))} for a comment: put it in double quotes`,
    );
    return after.slice(0, kept.length);
  }

  #emit(line: PlacedText): void {
    const include = readInclude(line);
    if (include) this.#include(include);
    else this.result.lines.push(line);
  }

  #include({ pattern, missing, noMatch }: Include): void {
    const at = pattern.positionAt(0);
    const path = resolveFrom(this.#open.at(-1) ?? "", pattern.text);
    if (!hasWildcard(path)) {
      this.readFile(path, at, missing);
      return;
    }
    const found = this.#options.reader.glob(path);
    if (found.length === 0 && noMatch) this.#options.diagnostics[noMatch]("include", at, `no file matches ${path}`);
    for (const file of found) {
      if (this.#exhausted) return;
      this.readFile(file, at, missing);
    }
  }

  #count(line: PlacedText): boolean {
    this.#characters += line.text.length;
    const { skippedLines = 0, skippedCharacters = 0 } = this.#options.blocks ?? {};
    if (this.result.lines.length + skippedLines < mostLines && this.#characters + skippedCharacters < mostCharacters) return true;
    this.#exhaust(line.positionAt(0), "the configuration becomes too large here");
    return false;
  }

  #exhaust(at: Position, message: string): void {
    if (!this.#exhausted) this.#options.diagnostics.error("limit", at, message);
    this.#exhausted = true;
  }
}
