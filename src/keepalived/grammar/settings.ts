/** Short ways to write down a keyword. */
import type { Argument, BlockGrammar, Keyword, LineGrammar, ValueType } from "./types.ts";
import { argument, bool, command, integer, name, text } from "./values.ts";

/** One argument, kept under the name "value". */
export function one(type: ValueType, more: Partial<Keyword> = {}): Keyword {
  return { args: [argument("value", type)], ...more };
}

/** One argument that may be missing. */
export function optional(type: ValueType, more: Partial<Keyword> = {}): Keyword {
  return { args: [argument("value", type, { optional: true })], ...more };
}

/** The word alone. */
export const flag: Keyword = { args: [] };
/** The word alone means yes. */
export const optionalBool: Keyword = optional(bool);

/** A command, then the user and the group that it runs as. */
export const script: Keyword = {
  args: [argument("command", command), argument("user", text, { optional: true }), argument("group", text, { optional: true })],
};

export const userAndGroup: Keyword = { args: [argument("user", name), argument("group", name, { optional: true })] };

/** `weight N [reverse]` */
export function weight(least: number, most: number): Keyword {
  return { args: [argument("value", integer(least, most))], options: { reverse: { args: [] }, noreverse: { args: [] } } };
}

/** A keyword that opens a block and takes no argument. */
export function section(block: BlockGrammar, more: Partial<Keyword> = {}): Keyword {
  return { args: [], block, ...more };
}

/** A keyword that opens a block of that name; two blocks must not have the same. */
export function named(block: BlockGrammar, more: Partial<Keyword> = {}): Keyword {
  return { args: [argument("name", name)], block, repeatable: true, uniqueBy: "name", ...more };
}

/** A block whose lines are items. */
export function list(listName: string, items: LineGrammar, more: Partial<BlockGrammar> = {}): BlockGrammar {
  return { name: listName, keywords: {}, items, ...more };
}

/** A list of names, several on a line allowed. */
export function names(listName: string, item: Argument): BlockGrammar {
  return list(listName, { args: [item] }, { manyPerLine: true });
}

/** A word of older releases. */
export function obsolete(note: string, takenAs?: string): Keyword {
  return { args: [], obsolete: { note, takenAs } };
}
