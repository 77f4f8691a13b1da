/**
 * Text → lines without comments; a line → words and braces. As keepalived 2.2.7 does it: a statement is a line, braces end it
 * wherever they stand outside double quotes, and only double quotes hide blanks, braces and the comment signs `!` and `#`.
 */
import { CharacterCheck, withoutMarks } from "./characters.ts";
import { decodeEscapes } from "./command.ts";
import { type Diagnostics, type Position, quote } from "./diagnostic.ts";
import type { Section } from "./keptBlocks.ts";
import { PlacedText } from "./placedText.ts";

export type TokenKind = "word" | "open" | "close";

export interface Token {
  kind: TokenKind;
  /** Without the quotes around it; on the line of a command also with its escapes replaced. */
  text: string;
  /** At least a part of it stood in quotes. */
  quoted: boolean;
  position: Position;
}

/** The lines of a file, or of its parts: comments, carriage returns and invisible marks gone, blanks at the end too. Empty lines stay. */
export function readLines(sections: readonly Section[], file: string, diagnostics: Diagnostics): PlacedText[] {
  const characters = new CharacterCheck();
  const read = (raw: string, at: Position): PlacedText => {
    const clean = characters.clean(withoutComment(limited(raw, at, diagnostics)).trimEnd(), at);
    const placed = PlacedText.written(clean, at);
    return clean.includes("\0") ? PlacedText.join(withoutMarks(clean).map(({ start, end }) => placed.slice(start, end))) : placed;
  };
  const lines = sections.flatMap(({ text, line }) =>
    text.split("\n").map((raw, index) => read(raw, { file, line: line + index, column: 1 })),
  );
  characters.report(diagnostics);
  return lines;
}

/** No line of a configuration is longer; expressions that walk through a line must not run out of stack. */
const longestLine = 65_536;

function limited(line: string, at: Position, diagnostics: Diagnostics): string {
  if (line.length <= longestLine) return line;
  diagnostics.error("limit", at, `the line has more than ${longestLine} characters`);
  return "";
}

/** Cuts at the first `!` or `#` that is not inside double quotes. A backslash takes the meaning off a quote. */
export function withoutComment(line: string): string {
  if (!/[!#]/.test(line)) return line;
  let inQuotes = false;
  for (let index = 0; index < line.length; index++) {
    const character = line[index];
    if (character === "\\") index++;
    else if (character === '"') inQuotes = !inQuotes;
    else if (!inQuotes && (character === "#" || character === "!")) return line.slice(0, index);
  }
  return line;
}

/** What makes a line's words end where they do. */
export interface TokenRules {
  /** Keywords whose line knows single quotes and escapes, too: those that take a command. */
  escaped: ReadonlySet<string>;
}

/** The words and braces of one line. */
export function tokenize(line: PlacedText, rules: TokenRules, diagnostics: Diagnostics): Token[] {
  const tokens: Token[] = [];
  let keyword: string | undefined;
  let offset = skipBlanks(line.text, 0);
  while (offset < line.text.length) {
    const tagEnd = templateTagEnd(line.text, offset);
    const position = line.positionAt(offset);
    if (tagEnd !== undefined) {
      reportTemplateTag(line.text.slice(offset, tagEnd), position, diagnostics);
      offset = tagEnd;
    } else if (line.text[offset] === "{" || line.text[offset] === "}") {
      const text = line.text.charAt(offset);
      tokens.push({ kind: text === "{" ? "open" : "close", text, quoted: false, position });
      keyword = undefined;
      offset++;
    } else {
      const { end, text, quoted, unfinished } = readWord(line.text, offset, keyword !== undefined && rules.escaped.has(keyword));
      if (unfinished) diagnostics.error("quote", position, `the quote of ${quote(text)} is not closed on this line`);
      tokens.push({ kind: "word", text, quoted, position });
      keyword ??= text;
      offset = end;
    }
    offset = skipBlanks(line.text, offset);
  }
  return tokens;
}

function reportTemplateTag(tag: string, position: Position, diagnostics: Diagnostics): void {
  diagnostics.error("template", position, `${quote(tag)} is a tag of a template: give the page or file that it is made into`);
}

function skipBlanks(text: string, offset: number): number {
  let at = offset;
  while (at < text.length && isBlank(text.charCodeAt(at))) at++;
  return at;
}

/** Tab to carriage return, and the space: C's isspace. */
function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

const openingBrace = "{".charCodeAt(0);

/** `{% … %}` and `{{ … }}` of Jekyll, Jinja and Helm are never keepalived's. */
function templateTagEnd(text: string, offset: number): number | undefined {
  if (text.charCodeAt(offset) !== openingBrace) return undefined;
  const ends = text.startsWith("{%", offset) ? "%}" : text.startsWith("{{", offset) ? "}}" : undefined;
  if (ends === undefined) return undefined;
  const end = text.indexOf(ends, offset + 2);
  return end < 0 ? text.length : end + 2;
}

interface Word {
  end: number;
  text: string;
  quoted: boolean;
  unfinished: boolean;
}

function readWord(text: string, start: number, escaped: boolean): Word {
  const word: Word = { end: start, text: "", quoted: false, unfinished: false };
  if (escaped) readCommandWord(word, text);
  else readPlainWord(word, text);
  return word;
}

/** Ends at a blank or a brace, and where a quoted part begins or ends, as in 2.2.7. */
function readPlainWord(word: Word, text: string): void {
  for (let piece = nextPiece(plainPieces, text, word.end); piece !== undefined; piece = nextPiece(plainPieces, text, word.end)) {
    const isQuoted = piece.startsWith('"');
    if (isQuoted && word.text !== "") return;
    word.end += piece.length;
    word.text += isQuoted ? unquote(word, piece) : piece;
    if (isQuoted) return;
  }
}

/** Ends at a blank or a brace; quotes may begin and end within it. */
function readCommandWord(word: Word, text: string): void {
  for (let piece = nextPiece(commandPieces, text, word.end); piece !== undefined; piece = nextPiece(commandPieces, text, word.end)) {
    word.end += piece.length;
    word.text += decodeEscapes(/^["']/.test(piece) ? unquote(word, piece) : piece);
    if (word.unfinished) return;
  }
}

function nextPiece(pieces: RegExp, text: string, at: number): string | undefined {
  pieces.lastIndex = at;
  return pieces.exec(text)?.[0];
}

function unquote(word: Word, piece: string): string {
  word.quoted = true;
  word.unfinished = piece.length === 1 || !piece.endsWith(piece.charAt(0)) || isEscaped(piece, piece.length - 1);
  return word.unfinished ? piece.slice(1) : piece.slice(1, -1);
}

/** A part in double quotes, an undefined `${NAME}` whose braces are no block, an escaped quote, or a run of anything else. */
const plainPieces = /"(?:\\"|[^"])*"?|\$\{[^}]*\}|\\"|[^\t-\r {}"$\\]+|[$\\]/y;
/** The same with both quotes and all escapes. */
const commandPieces =
  /"(?:\\[\s\S]|[^"\\])*(?:"|\\?$)|'(?:\\[\s\S]|[^'\\])*(?:'|\\?$)|\$\{[^}]*\}|\\(?:[0-7]{1,3}|x[0-9a-fA-F]+|c.|[\s\S])|[^\t-\r {}"'$\\]+|[$\\]/y;

/** An odd number of backslashes stands in front. */
function isEscaped(text: string, offset: number): boolean {
  let backslashes = 0;
  while (text[offset - 1 - backslashes] === "\\") backslashes++;
  return backslashes % 2 === 1;
}
