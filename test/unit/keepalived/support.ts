/** Short ways to read a text in a test. */
import { type Diagnostic, formatDiagnostic } from "../../../src/keepalived/diagnostic.ts";
import { memoryReader } from "../../../src/keepalived/reader.ts";
import { type KeepalivedConfiguration, type ReadOptions, readKeepalived } from "../../../src/keepalived/readKeepalived.ts";
import { type Block, walk } from "../../../src/keepalived/syntaxTree.ts";

/** Reads `text` as /etc/k.conf, with `files` beside it. */
export function read(text: string, options: ReadOptions & { files?: Record<string, string> } = {}): KeepalivedConfiguration {
  return readKeepalived("/etc/k.conf", memoryReader({ ...options.files, "/etc/k.conf": text }), { node: "main.example.com", ...options });
}

/** `LINE:COLUMN: error|warning: MESSAGE`; of another file with its name in front. */
export function messages(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map((diagnostic) => formatDiagnostic(diagnostic).replace(/^\/etc\/k\.conf:/, ""));
}

/** Every statement as its words, in the order of the tree, blocks opened with `{`. */
export function statements(tree: Block): string[] {
  return [...walk(tree)].map(({ keyword, args, block }) => [keyword, ...args].map(({ text }) => text).join("|") + (block ? "{" : ""));
}

/** The values of the lines `state VALUE`, whatever else there is. */
export function states(text: string, options: Parameters<typeof read>[1] = {}): string[] {
  return [...walk(read(`vrrp_instance V {\n${text}\n}`, options).tree)].flatMap(({ keyword, args }) =>
    keyword.text === "state" ? args.map((arg) => arg.text).join("|") : [],
  );
}
