/** The words of keepalived.conf that do nothing, as docs/keepalived.md lists them. */
import type { Disposition, Dispositions } from "../../../../src/keepalived/plan/disposition.ts";
import { dispositions } from "../../../../src/keepalived/plan/dispositions/configuration.ts";

type Kind = "refused" | "ignored" | "needless";

/** One row a reason: the words that share it, with the block that they stand in. */
export function wordTable(kind: Kind): string {
  const rows = new Map<string, string[]>();
  for (const { place, word, disposition } of allWords(dispositions, "")) {
    if (disposition.kind !== kind) continue;
    const name = place === "" ? `\`${word}\`` : `\`${place} … ${word}\``;
    rows.set(disposition.reason, [...(rows.get(disposition.reason) ?? []), name]);
  }
  const lines = [...rows].map(([reason, words]) => `| ${[...new Set(words)].join(", ")} | ${reason} |`);
  return ["| words | because |", "|---|---|", ...lines].join("\n");
}

/** `global_defs` and the like need not be named: their keywords stand nowhere else. */
const blocks = new Set([
  "static_ipaddress",
  "static_routes",
  "static_rules",
  "virtual_ipaddress",
  "virtual_ipaddress_excluded",
  "virtual_routes",
  "virtual_rules",
]);

function* allWords(table: Dispositions, place: string): Generator<{ place: string; word: string; disposition: Disposition }> {
  for (const [word, disposition] of Object.entries(table)) {
    yield { place, word, disposition };
    yield* allWords(disposition.block ?? {}, "");
    yield* allWords(disposition.options ?? {}, blocks.has(word) ? family(word) : word);
  }
}

/** Lists whose lines have the same options. */
function family(list: string): string {
  return list.endsWith("routes") ? "routes" : list.endsWith("rules") ? "rules" : "addresses";
}
