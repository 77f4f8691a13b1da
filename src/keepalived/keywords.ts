/** What a word at the beginning of a line is, in the block where it stands. Pure. */
import { allBlocks, configuration } from "./grammar/configuration.ts";
import type { BlockGrammar, Keyword } from "./grammar/types.ts";
import { nearest } from "./similarity.ts";
import type { Statement } from "./syntaxTree.ts";

export type Resolution =
  | { kind: "known"; name: string; keyword: Keyword }
  /** A line of a list. */
  | { kind: "item" }
  /** Meant to be a keyword of this block; `suggestion` is what to write. */
  | { kind: "misspelt"; suggestion: string; keyword: Keyword }
  /** `A|B` out of a summary of the syntax. */
  | { kind: "alternatives"; words: string[]; keyword: Keyword }
  /** A keyword of another block. */
  | { kind: "misplaced"; belongsTo: string[]; keyword: Keyword }
  | { kind: "unknown" };

/** Which blocks know a word. */
const homes = new Map<string, { block: string; keyword: Keyword }[]>();
for (const { name, keywords } of allBlocks(configuration)) {
  for (const [word, keyword] of Object.entries(keywords)) {
    if (!keyword.obsolete) homes.set(word, [...(homes.get(word) ?? []), { block: name, keyword }]);
  }
}

/** The keyword of that name; not what every object inherits. */
export function lookUp(grammar: BlockGrammar, word: string): Keyword | undefined {
  return Object.hasOwn(grammar.keywords, word) ? grammar.keywords[word] : undefined;
}

export function resolveKeyword(grammar: BlockGrammar, { keyword: { text: word } }: Statement): Resolution {
  const keyword = lookUp(grammar, word);
  if (keyword) return { kind: "known", name: keyword.sameAs ?? word, keyword };
  if (grammar.items) return { kind: "item" };
  return findAlternatives(grammar, word) ?? findMisspelt(grammar, word) ?? findHome(word) ?? { kind: "unknown" };
}

function findAlternatives(grammar: BlockGrammar, word: string): Resolution | undefined {
  const words = word.split("|");
  const keyword = lookUp(grammar, words[0] ?? "");
  return words.length > 1 && keyword ? { kind: "alternatives", words, keyword } : undefined;
}

/** A typing mistake, or the blank left out between a keyword and its value: `lb_algorr`. */
function findMisspelt(grammar: BlockGrammar, word: string): Resolution | undefined {
  for (const [known, keyword] of Object.entries(grammar.keywords)) {
    const type = keyword.args[0]?.type;
    if (!word.startsWith(known) || !type || keyword.block || keyword.obsolete) continue;
    const value = word.slice(known.length);
    if (isDistinct(type.read({ kind: "word", text: value, quoted: false, position: { file: "", line: 1, column: 1 } }), value))
      return { kind: "misspelt", suggestion: `${known} ${value}`, keyword };
  }
  const suggestion = homes.has(word) ? undefined : nearest(word, Object.keys(grammar.keywords));
  const keyword = suggestion === undefined ? undefined : lookUp(grammar, suggestion);
  return keyword && suggestion !== undefined ? { kind: "misspelt", suggestion, keyword } : undefined;
}

/** A value that says something about its keyword: any text is a name, but not any text is a scheduler. */
function isDistinct(reading: object, value: string): boolean {
  return (
    "value" in reading &&
    (typeof reading.value === "number" || (/^[A-Za-z]/.test(value) && reading.value === value && value.length < 8 && isClosed(value)))
  );
}

const closedWords = new Set([
  "rr",
  "wrr",
  "lc",
  "wlc",
  "lblc",
  "lblcr",
  "dh",
  "sh",
  "mh",
  "sed",
  "nq",
  "fo",
  "ovf",
  "twos",
  "NAT",
  "DR",
  "TUN",
  "TCP",
  "UDP",
  "SCTP",
  "MASTER",
  "BACKUP",
  "PASS",
  "AH",
]);
const isClosed = (value: string) => closedWords.has(value);

function findHome(word: string): Resolution | undefined {
  const found = homes.get(word);
  const first = found?.[0];
  return found && first
    ? { kind: "misplaced", belongsTo: [...new Set(found.map(({ block }) => block))], keyword: first.keyword }
    : undefined;
}

/** The grammar of the block that a statement opens, also when its keyword is misspelt or misplaced: its lines shall not be lost. */
export function innerGrammar(resolution: Resolution): BlockGrammar | undefined {
  return "keyword" in resolution ? resolution.keyword.block : undefined;
}
