/**
 * What became of the blocks of virtual_server in the reading before, by their text: of thousands hardly any change. Only those are kept of
 * which there was nothing to say, and only while all else in the files is as it was, so that whatever they refer to is.
 */
import { hash } from "node:crypto";
import { type Diagnostic, mostDiagnostics, type Position } from "./diagnostic.ts";
import { findServerBlocks, type ServerBlock } from "./serverBlocks.ts";

/** A part of a file. */
export interface Section {
  text: string;
  /** Of its first line. */
  line: number;
}

/** What one reading leaves to the next. */
export interface KeptBlocks<Made> {
  /** All of the files but the blocks. */
  outside: string;
  /** By the digest of a block's text. */
  made: ReadonlyMap<string, Made>;
}

interface PlacedBlock {
  digest: string;
  file: string;
  line: number;
  lastLine: number;
}

const digestOf = (text: string) => hash("sha256", text, "base64");

/** One reading. */
export class BlockReading<Made> {
  /** Of what was left out, comments and empty lines among it. */
  skippedLines = 0;
  skippedCharacters = 0;
  readonly #before: KeptBlocks<Made> | undefined;
  readonly #outside: string[] = [];
  /** By file and first line. */
  readonly #blocks = new Map<string, Map<number, PlacedBlock>>();
  readonly #made = new Map<string, Made>();

  /** Without `before` everything is read. */
  constructor(before?: KeptBlocks<Made>) {
    this.#before = before;
  }

  /** The file without the lines inside the blocks that are known. */
  cut(text: string, file: string): Section[] {
    const sections: Section[] = [];
    const blocks = this.#blocks.get(file) ?? new Map<number, PlacedBlock>();
    this.#blocks.set(file, blocks);
    const outside = [file];
    let next = { start: 0, line: 1 };
    let end = 0;
    for (const block of findServerBlocks(text)) {
      const digest = digestOf(text.slice(block.start, block.end));
      blocks.set(block.line, { digest, file, line: block.line, lastLine: block.lastLine });
      // How many follow each other does not count.
      const between = text.slice(end, block.start).trim();
      if (between !== "" || end === 0) outside.push(between);
      end = block.end;
      if (!this.#before?.made.has(digest)) continue;
      sections.push({ text: text.slice(next.start, block.bodyStart), line: next.line });
      next = { start: block.bodyEnd + 1, line: block.lastLine };
      this.#skip(block);
    }
    this.#outside.push(digestOf(JSON.stringify([...outside, text.slice(end)])));
    return [...sections, { text: text.slice(next.start), line: next.line }];
  }

  #skip({ bodyStart, bodyEnd, line, lastLine }: ServerBlock): void {
    this.skippedLines += lastLine - line;
    this.skippedCharacters += bodyEnd - bodyStart;
  }

  /** What became of the block that begins there, if its lines were left out. */
  before(at: Position): Made | undefined {
    if (!this.#before) return undefined;
    const digest = this.#blocks.get(at.file)?.get(at.line)?.digest;
    return digest === undefined ? undefined : this.#before.made.get(digest);
  }

  /** Of a block without a message of its own. */
  keep(at: Position, made: Made): void {
    const digest = this.#blocks.get(at.file)?.get(at.line)?.digest;
    if (digest !== undefined) this.#made.set(digest, made);
  }

  /** Something about it depends on the other blocks. */
  forget(at: Position): void {
    this.#blocks.get(at.file)?.delete(at.line);
  }

  /** Whether what was left out would be read as before. */
  isSameOutside(): boolean {
    return this.#joined() === this.#before?.outside;
  }

  #joined(): string {
    return this.#outside.join(" ");
  }

  /** @param diagnostics all that there was to say in the end. */
  kept(diagnostics: readonly Diagnostic[]): KeptBlocks<Made> {
    const made = new Map(diagnostics.length < mostDiagnostics ? this.#made : []);
    const blocks = diagnostics.length > 0 ? [...this.#blocks.values()].flatMap((blocks) => [...blocks.values()]) : [];
    for (const { position } of diagnostics) {
      const said = blocks.find(({ file, line, lastLine }) => file === position.file && line <= position.line && position.line <= lastLine);
      if (said) made.delete(said.digest);
    }
    return { outside: this.#joined(), made };
  }
}
