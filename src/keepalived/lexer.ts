/**
 * Text → lines without comments; a line → words and braces. As keepalived 2.2.7 does it: a statement is a line, braces end it
 * wherever they stand outside double quotes, and only double quotes hide blanks, braces and the comment signs `!` and `#`.
 */
import { CharacterCheck, withoutMarks } from "./characters.ts";
import { type Diagnostics, type Position, quote } from "./diagnostic.ts";
import { PlacedText } from "./placedText.ts";

export type TokenKind = "word" | "open" | "close";

export interface Token {
  kind: TokenKind;
  /** Without the quotes around it; escapes are as written, see command.ts. */
  text: string;
  /** At least a part of it stood in quotes. */
  quoted: boolean;
  position: Position;
}

/** The lines of a file: comments, carriage returns and invisible marks gone, blanks at the end too. Empty lines stay. */
export function readLines(text: string, file: string, diagnostics: Diagnostics): PlacedText[] {
  const characters = new CharacterCheck();
  const lines = text.split("\n").map((raw, index) => {
    const at = { file, line: index + 1, column: 1 };
    const written = withoutComment(limited(raw, at, diagnostics)).trimEnd();
    const clean = characters.clean(written, at);
    const placed = PlacedText.written(clean, at);
    return clean.includes("\0") ? PlacedText.join(withoutMarks(clean).map(({ start, end }) => placed.slice(start, end))) : placed;
  });
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

/** `{% … %}` and `{{ … }}` of Jekyll, Jinja and Helm are never keepalived's. */
function templateTagEnd(text: string, offset: number): number | undefined {
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

/** A word ends at a blank or a brace; outside commands also where a quoted part begins or ends, as in 2.2.7. */
function readWord(text: string, start: number, escaped: boolean): Word {
  const pieces = escaped ? commandPieces : plainPieces;
  const word: Word = { end: start, text: "", quoted: false, unfinished: false };
  for (;;) {
    pieces.lastIndex = word.end;
    const piece = pieces.exec(text)?.[0];
    const sign = piece?.charAt(0);
    const isQuote = sign === '"' || (escaped && sign === "'");
    if (piece === undefined || (isQuote && !escaped && word.end > start)) return word;
    word.end += piece.length;
    if (isQuote) addQuoted(word, piece);
    else word.text += piece;
    if (word.unfinished || (isQuote && !escaped)) return word;
  }
}

function addQuoted(word: Word, piece: string): void {
  word.quoted = true;
  word.unfinished = piece.length === 1 || !piece.endsWith(piece.charAt(0)) || isEscaped(piece, piece.length - 1);
  word.text += word.unfinished ? piece.slice(1) : piece.slice(1, -1);
}

/** A part in double quotes, an undefined `${NAME}` whose braces are no block, an escaped quote, or a run of anything else. */
const plainPieces = /"(?:\\"|[^"])*"?|\$\{[^}]*\}|\\"|[^\t-\r {}"$\\]+|[$\\]/y;
/** The same with both quotes and all escapes. */
const commandPieces = /"(?:\\[\s\S]|[^"\\])*(?:"|\\?$)|'(?:\\[\s\S]|[^'\\])*(?:'|\\?$)|\$\{[^}]*\}|\\[\s\S]|[^\t-\r {}"'$\\]+|[$\\]/y;

/** An odd number of backslashes stands in front. */
function isEscaped(text: string, offset: number): boolean {
  let backslashes = 0;
  while (text[offset - 1 - backslashes] === "\\") backslashes++;
  return backslashes % 2 === 1;
}
