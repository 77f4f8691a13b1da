/** Where in a text the blocks of virtual_server stand, as far as that can be told without reading them. Pure. */

/** Offsets and numbers of lines, counted from 0 and 1. */
export interface ServerBlock {
  start: number;
  /** The line of its closing brace ends here. */
  end: number;
  /** The lines between the braces, without the line break at either end. */
  bodyStart: number;
  bodyEnd: number;
  line: number;
  lastLine: number;
}

const plain = 0;
const open = 1;
const close = 2;
const quotation = 3;
const comment = 4;
const lineBreak = 5;
const refused = 6;

/**
 * What may have a meaning beyond its block, or hide a brace, is refused: parameters, conditions, sequences, escapes, single quotes, and
 * whatever is not ASCII.
 */
const kinds = Uint8Array.from({ length: 128 }, (_, code) => (code < 32 ? refused : plain));
for (const [characters, kind] of [
  ["\t\r", plain],
  ["{", open],
  ["}", close],
  ['"', quotation],
  ["#!", comment],
  ["\n", lineBreak],
  ["\\'$@~%\u007f", refused],
] as const)
  for (const character of characters) kinds[character.charCodeAt(0)] = kind;

const kindAt = (text: string, at: number) => kinds[text.charCodeAt(at)] ?? refused;

/** Those that hold nothing but plain lines between `virtual_server … {` and `}` on lines of their own. */
export function* findServerBlocks(text: string): Generator<ServerBlock> {
  const heads = /^[ \t]*virtual_server[ \t]/gm;
  let line = 1;
  let counted = 0;
  for (let head = heads.exec(text); head; head = heads.exec(text)) {
    line += lineBreaks(text, counted, head.index);
    counted = head.index;
    const found = readBlock(text, head.index);
    if (!found || text.slice(found.start, found.end).includes("include")) continue;
    yield { ...found, line, lastLine: line + lineBreaks(text, found.start, found.end) };
    heads.lastIndex = found.end;
  }
}

function lineBreaks(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

type Bounds = Pick<ServerBlock, "start" | "end" | "bodyStart" | "bodyEnd">;

function readBlock(text: string, start: number): Bounds | undefined {
  let depth = 0;
  let opening = 0;
  for (let at = start; at >= 0 && at < text.length; at = next(text, at)) {
    const kind = kindAt(text, at);
    if (kind === open && depth++ === 0) opening = at;
    if (kind === close && --depth <= 0) return depth === 0 ? boundsOf(text, start, opening, at) : undefined;
    if (kind === refused || (kind === lineBreak && depth === 0)) return undefined;
  }
  return undefined;
}

/** Over what hides braces; negative where that cannot be told. */
function next(text: string, at: number): number {
  const kind = kindAt(text, at);
  return kind === quotation ? behindQuotation(text, at) : kind === comment ? endOfLine(text, at) : at + 1;
}

function behindQuotation(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const kind = kindAt(text, at);
    if (kind === quotation) return at + 1;
    if (kind === lineBreak || kind === refused) return -1;
  }
  return -1;
}

function boundsOf(text: string, start: number, opening: number, closing: number): Bounds | undefined {
  const bodyStart = endOfLine(text, opening);
  const lineStart = text.lastIndexOf("\n", closing) + 1;
  const end = endOfLine(text, closing);
  const isAlone = [text.slice(opening + 1, bodyStart), text.slice(lineStart, closing), text.slice(closing + 1, end)].every(isBlank);
  return isAlone && lineStart > bodyStart ? { start, end, bodyStart, bodyEnd: lineStart - 1 } : undefined;
}

const isBlank = (text: string) => text.trim() === "";

function endOfLine(text: string, from: number): number {
  const at = text.indexOf("\n", from);
  return at < 0 ? text.length : at;
}
