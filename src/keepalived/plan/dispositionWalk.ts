/** What becomes of each line of a configuration, and the messages about what does not become anything. */
import type { CheckedBlock, CheckedOption, CheckedStatement } from "../checkedBlock.ts";
import { type Diagnostics, type Position, quote } from "../diagnostic.ts";
import type { BlockReading } from "../keptBlocks.ts";
import type { Disposition, Dispositions } from "./disposition.ts";
import { dispositions as allDispositions } from "./dispositions/configuration.ts";

export interface DisposedWord {
  word: string;
  position: Position;
  disposition: Disposition;
  /** The line that it stands on; for a line of a list the line, not the list. */
  statement: CheckedStatement;
  /** In the middle of the line. */
  option?: CheckedOption;
  /** The outermost block around it: `vrrp_instance VI_1`. Itself, when it is that. */
  section: CheckedStatement;
}

type Visit = (word: DisposedWord) => void;

/** Every word of the configuration that the grammar names, in the order of the lines. */
export function walkDispositions(config: CheckedBlock, visit: Visit): void {
  for (const statement of config.statements) walkStatement(statement, allDispositions, statement, visit);
}

function walkStatement(statement: CheckedStatement, table: Dispositions, section: CheckedStatement, visit: Visit): void {
  const disposition = table[statement.keyword];
  if (!disposition) return;
  visit({ word: statement.keyword, position: statement.position, disposition, statement, section });
  walkOptions(statement, disposition, section, visit);
  if (!statement.block || disposition.kind === "later") return;
  for (const inner of statement.block.statements) {
    if (inner.keyword !== "") walkStatement(inner, disposition.block ?? {}, section, visit);
    else walkItem(inner, statement.keyword, disposition, section, visit);
  }
}

function walkItem(statement: CheckedStatement, word: string, disposition: Disposition, section: CheckedStatement, visit: Visit): void {
  const { options: _, block: __, ...own } = disposition;
  visit({ word, position: statement.position, disposition: own, statement, section });
  walkOptions(statement, disposition, section, visit);
}

function walkOptions(statement: CheckedStatement, { options = {} }: Disposition, section: CheckedStatement, visit: Visit): void {
  for (const option of statement.options) {
    const disposition = options[option.name];
    if (disposition) visit({ word: option.name, position: option.position, disposition, statement, option, section });
  }
}

export const topics: Record<string, string> = {
  BFD: "BFD follows: its instances and their tracking are read, and not run yet",
};

/** Values that say what is so anyway; off and 0 are such for every word but these. */
const inertValues: Record<string, unknown> = { old_unicast_checksum: "never" };

function isInert({ word, statement, option }: DisposedWord): boolean {
  if (option) return false;
  const value = statement.value();
  return Object.hasOwn(inertValues, word) ? value === inertValues[word] : value === false || value === 0;
}

/** Reports what is ignored, refused, or not run yet. */
export function reportDispositions(config: CheckedBlock, diagnostics: Diagnostics, blocks?: Pick<BlockReading<unknown>, "forget">): void {
  const told = new Set<string>();
  walkDispositions(config, (disposed) => {
    const { disposition, position, word, statement, section } = disposed;
    const isItem = statement.keyword === "" && !disposed.option;
    if (disposition.kind === "later") {
      reportOnce(disposition.topic, position, told, diagnostics);
      blocks?.forget(section.position);
    } else if (disposition.kind === "refused")
      diagnostics.error("not-offered", position, `${quote(word)} is not offered: ${disposition.reason}`);
    else if (disposition.kind === "ignored" && !isItem && !isInert(disposed))
      diagnostics.warning("ignored", position, `${quote(word)} is ignored: ${disposition.reason}`);
  });
}

function reportOnce(topic: string, position: Position, told: Set<string>, diagnostics: Diagnostics): void {
  const key = `${topic} ${position.file}`;
  if (!told.has(key)) diagnostics.warning("later", position, topics[topic] ?? topic);
  told.add(key);
}
