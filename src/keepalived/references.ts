/** Names that one block gives and another uses. */
import type { Reference } from "./checkLine.ts";
import { type Diagnostics, quote } from "./diagnostic.ts";
import { nearest } from "./similarity.ts";
import type { Block } from "./syntaxTree.ts";

/** keepalived drops a tracked script that does not exist and says so in its log; the protection is gone, so here it is an error. */
export function checkReferences(tree: Block, references: readonly Reference[], diagnostics: Diagnostics): void {
  const defined = definedNames(tree);
  for (const { name, position, to } of references) {
    const candidates = to.flatMap((keyword) => [...(defined.get(keyword) ?? [])]);
    if (candidates.includes(name)) continue;
    const meant = nearest(name, candidates);
    const advice = meant === undefined ? "" : `, did you mean ${meant}?`;
    diagnostics.error("reference", position, `there is no ${to[0]} ${quote(name)}${advice}`);
  }
}

/** Also of blocks that are wrong otherwise: one mistake, one message. */
function definedNames(tree: Block): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  for (const { keyword, args } of tree.statements) {
    const name = args[0]?.text;
    if (name === undefined) continue;
    const known = names.get(keyword.text) ?? new Set();
    names.set(keyword.text, known.add(name));
  }
  return names;
}
