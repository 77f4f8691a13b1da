/** keepalived.conf, release 2.2.7: text → checked configuration and diagnostics. Pure: files come from the reader that is given. */
import { check } from "./check.ts";
import type { CheckedBlock } from "./checkedBlock.ts";
import { type Diagnostic, Diagnostics, sortDiagnostics } from "./diagnostic.ts";
import { configuration, escapedKeywords } from "./grammar/configuration.ts";
import type { BlockReading } from "./keptBlocks.ts";
import { tokenize } from "./lexer.ts";
import { parse } from "./parser.ts";
import { preprocess } from "./preprocessor.ts";
import type { ConfigReader } from "./reader.ts";
import type { Block } from "./syntaxTree.ts";

export interface ReadOptions {
  /** Name of the node; its first label is the configuration id unless `configId` is given. */
  node?: string;
  /** keepalived's --config-id: what `@NAME` in front of a line is compared with. */
  configId?: string;
}

export interface KeepalivedConfiguration {
  /** What was written, with includes, conditions and parameters resolved. */
  tree: Block;
  /** What it means. Lines with an error are left out: do not apply it when there is one. */
  config: CheckedBlock;
  /** In the order of the files and lines. */
  diagnostics: Diagnostic[];
  hasErrors: boolean;
  /** Every file that was read, in the order of reading; the first is the one asked for. */
  files: string[];
}

const rules = { escaped: escapedKeywords(configuration) };

/** Reads `path` and all that it includes, without what `blocks` knows. Never throws, whatever the text. */
export function readKeepalived(
  path: string,
  reader: ConfigReader,
  { node = "", configId }: ReadOptions = {},
  blocks?: BlockReading<unknown>,
): KeepalivedConfiguration {
  const diagnostics = new Diagnostics();
  const id = configId ?? node.split(".")[0] ?? "";
  const { lines, files } = preprocess(path, {
    reader,
    diagnostics,
    configId: id,
    ...(blocks && { blocks }),
  });
  const tree = parse(
    lines.map((line) => tokenize(line, rules, diagnostics)),
    configuration,
    diagnostics,
  );
  const config = check(tree, diagnostics, (at) => blocks?.before(at) !== undefined);
  return { tree, config, diagnostics: sortDiagnostics(diagnostics.all, files), hasErrors: diagnostics.hasErrors, files };
}
