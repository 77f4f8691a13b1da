import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { configuration } from "../../../../src/keepalived/grammar/configuration.ts";
import type { BlockGrammar, Keyword, LineGrammar } from "../../../../src/keepalived/grammar/types.ts";
import type { Disposition, Dispositions } from "../../../../src/keepalived/plan/disposition.ts";
import { dispositions } from "../../../../src/keepalived/plan/dispositions/configuration.ts";
import { topics } from "../../../../src/keepalived/plan/dispositionWalk.ts";
import { wordTable } from "./wordList.ts";

/** Spellings of another word have the answer of that word; what 2.2.7 does not know is told of by the check. */
function ownKeywords({ keywords }: BlockGrammar): [string, Keyword][] {
  return Object.entries(keywords).filter(([, { sameAs, obsolete }]) => !sameAs && !obsolete);
}

function optionNames({ options = {} }: LineGrammar): string[] {
  return [...new Set(Object.entries(options).map(([word, { name }]) => name ?? word))];
}

/** Words of the grammar without an answer, and answers to words that the grammar does not know. */
function* unanswered(grammar: BlockGrammar, table: Dispositions, path: string): Generator<string> {
  const known = ownKeywords(grammar);
  const names = new Set(known.map(([word]) => word));
  for (const word of Object.keys(table)) if (!names.has(word)) yield `${path}.${word}: not in the grammar`;
  for (const [word, keyword] of known) {
    const disposition = Object.hasOwn(table, word) ? table[word] : undefined;
    if (disposition) yield* unansweredWithin(keyword, disposition, `${path}.${word}`);
    else yield `${path}.${word}: no answer`;
  }
}

function* unansweredWithin(keyword: Keyword, disposition: Disposition, path: string): Generator<string> {
  // The answer to the whole block is the answer to each of its lines.
  if (disposition.kind === "later" || disposition.kind === "refused") return;
  const { block } = keyword;
  const options = [...optionNames(keyword), ...(block?.items ? optionNames(block.items) : [])];
  const table = disposition.options ?? {};
  for (const word of options) if (!Object.hasOwn(table, word)) yield `${path} … ${word}: no answer`;
  for (const word of Object.keys(table)) if (!options.includes(word)) yield `${path} … ${word}: not in the grammar`;
  if (block) yield* unanswered(block, disposition.block ?? {}, path);
}

test("every word of the grammar has an answer, and no other word has", () => {
  assert.deepEqual([...unanswered(configuration, dispositions, "keepalived.conf")], []);
});

test("a word that is in no table is found", () => {
  const { keywords } = configuration;
  const more = { ...configuration, keywords: { ...keywords, new_keyword: { args: [] } } };
  assert.deepEqual([...unanswered(more, dispositions, "c")], ["c.new_keyword: no answer"]);
  const { vrrp_instance: instance, ...fewer } = dispositions;
  assert.deepEqual([...unanswered(configuration, fewer, "c")], ["c.vrrp_instance: no answer"]);
  assert.ok(instance);
  assert.deepEqual(
    [...unanswered(configuration, { ...dispositions, gone: { kind: "later", topic: "BFD" } }, "c")],
    ["c.gone: not in the grammar"],
  );
});

function* everyDisposition(table: Dispositions): Generator<Disposition> {
  for (const disposition of Object.values(table)) {
    yield disposition;
    yield* everyDisposition(disposition.block ?? {});
    yield* everyDisposition(disposition.options ?? {});
  }
}

test("reasons are sentences without an end, fields name a kind, topics have a message", () => {
  const kinds = new Set(["VirtualIP", "VirtualServer", "AgentConfig", "Secret", "Agent"]);
  for (const disposition of everyDisposition(dispositions)) {
    if (disposition.kind === "becomes") assert.ok(kinds.has(disposition.field.split(" ")[0] ?? ""), disposition.field);
    else if (disposition.kind === "later") assert.ok(topics[disposition.topic], disposition.topic);
    else assert.match(disposition.reason, /^[a-zA-Z].{8,110}[^.]$/);
  }
});

for (const kind of ["refused", "ignored", "needless"] as const)
  test(`docs/keepalived.md lists what is ${kind}`, () => {
    const text = readFileSync(new URL("../../../../docs/keepalived.md", import.meta.url), "utf8");
    assert.ok(text.includes(wordTable(kind)), `put this into docs/keepalived.md:\n${wordTable(kind)}`);
  });
