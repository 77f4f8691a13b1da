/** Characters that cannot be seen, or look like others, and what becomes of them. */
import { codePointName, type Diagnostics, type Position } from "./diagnostic.ts";

type Treatment = "blank" | "dropped" | "refused";

const table: readonly [treatment: Treatment, characters: string, name: string][] = [
  ["blank", "\u00a0", "no-break space"],
  ["blank", "\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u205f", "a space that is not ASCII"],
  ["blank", "\u202f", "narrow no-break space"],
  ["blank", "\u3000", "ideographic space"],
  ["blank", "\u0085\u2028\u2029", "a line separator that is not ASCII"],
  ["dropped", "\ufeff", "byte order mark"],
  ["dropped", "\u200b", "zero-width space"],
  ["dropped", "\u200c\u200d\u2060", "zero-width joiner"],
  ["dropped", "\u00ad", "soft hyphen"],
  ["dropped", "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", "a mark of writing direction"],
  ["refused", "\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019", "a quotation mark of a word processor, not \" or '"],
  ["refused", "\ufffd", "a byte that is not UTF-8"],
];

const known = new Map(
  table.flatMap(([treatment, characters, name]) => [...characters].map((character) => [character, { treatment, name }])),
);

/** Every character that the table or the range of control characters holds; tab, \v, \f and \r are blanks. */
const suspect =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  /[\u0000-\u0008\u000e-\u001f\u007f-\u00a0\u00ab\u00ad\u00bb\u1680\u2000-\u200f\u2018-\u201e\u2028-\u202f\u205f-\u2069\u3000\ufeff\ufffd]/g;

const effects: Record<Treatment, string> = { blank: "taken as a blank", dropped: "left out", refused: "not understood" };

/** Collects what one file holds, so that a page full of no-break spaces makes one message and not a thousand. */
export class CharacterCheck {
  readonly #found = new Map<string, { at: Position; count: number; quoted: boolean }>();

  /**
   * The line as it is read: odd blanks outside double quotes are blanks, marks that take no room are U+0000 (see dropMarks).
   * The length stays, so columns stay.
   */
  clean(line: string, at: Position): string {
    if (line.search(suspect) < 0) return line;
    let inQuotes = false;
    let result = "";
    for (let index = 0; index < line.length; index++) {
      const character = line.charAt(index);
      if (character === '"' && line[index - 1] !== "\\") inQuotes = !inQuotes;
      result += this.#replacement(character, inQuotes, { ...at, column: at.column + index });
    }
    return result;
  }

  #replacement(character: string, quoted: boolean, at: Position): string {
    suspect.lastIndex = 0;
    if (!suspect.test(character)) return character;
    const treatment = known.get(character)?.treatment ?? "refused";
    const key = `${character}${quoted}`;
    const seen = this.#found.get(key);
    if (seen) seen.count++;
    else this.#found.set(key, { at, count: 1, quoted });
    if (quoted && character !== "\0") return character;
    return treatment === "refused" ? "?" : treatment === "blank" ? " " : "\0";
  }

  /** One message per character of the file. */
  report(diagnostics: Diagnostics): void {
    for (const [key, { at, count, quoted }] of this.#found) {
      const character = key.charAt(0);
      const { treatment, name } = known.get(character) ?? { treatment: "refused" as const, name: "a control character" };
      const more = count === 1 ? "" : `, here and in ${count - 1} more place${count === 2 ? "" : "s"}`;
      const severity = treatment === "refused" && !quoted ? "error" : "warning";
      const effect = quoted ? "kept, because it stands in quotes" : effects[treatment];
      diagnostics[severity]("character", at, `${codePointName(character)} (${name}) ${effect}${more}`);
    }
  }
}

/** Offsets of the marks that `clean` made U+0000. */
export function withoutMarks(text: string): { start: number; end: number }[] {
  const parts: { start: number; end: number }[] = [];
  let start = 0;
  for (let at = text.indexOf("\0"); at >= 0; at = text.indexOf("\0", start)) {
    if (at > start) parts.push({ start, end: at });
    start = at + 1;
  }
  if (start < text.length) parts.push({ start, end: text.length });
  return parts;
}
