/** What is wrong with a configuration, and where. Pure. */

/** A place in a file. Line and column count from 1; a column is one UTF-16 unit, so a tab counts once. */
export interface Position {
  file: string;
  line: number;
  column: number;
}

export type Severity = "error" | "warning";

/** What happened, for code that reacts to it; the message is for people and may change. */
export type DiagnosticCode =
  | "character"
  | "quote"
  | "parameter"
  | "condition"
  | "sequence"
  | "include"
  | "limit"
  | "brace"
  | "template"
  | "unknown-keyword"
  | "misplaced-keyword"
  | "obsolete-keyword"
  | "newer-keyword"
  | "duplicate"
  | "missing-argument"
  | "extra-argument"
  | "value"
  | "missing-setting"
  | "conflict"
  | "reference"
  | "default"
  | "ignored"
  | "not-offered"
  | "later"
  | "difference"
  | "programs";

export interface Diagnostic {
  severity: Severity;
  code: DiagnosticCode;
  position: Position;
  message: string;
}

/** `FILE:LINE:COLUMN: error|warning: MESSAGE` */
export function formatDiagnostic({ severity, position, message }: Diagnostic): string {
  return `${position.file}:${position.line}:${position.column}: ${severity}: ${message}`;
}

/** Beyond this many errors the rest says nothing new; a garbage file must not make a garbage log. */
export const mostDiagnostics = 1000;

/** Collects the diagnostics of one reading. */
export class Diagnostics {
  readonly all: Diagnostic[] = [];
  /** How often something was said, also what is kept once or not at all. */
  count = 0;

  error(code: DiagnosticCode, position: Position, message: string): void {
    this.#add({ severity: "error", code, position, message });
  }

  warning(code: DiagnosticCode, position: Position, message: string): void {
    this.#add({ severity: "warning", code, position, message });
  }

  get hasErrors(): boolean {
    return this.#hasErrors;
  }

  #hasErrors = false;
  readonly #told = new Set<string>();

  /** The same is said once. The first error is kept, however many warnings came before. */
  #add(diagnostic: Diagnostic): void {
    this.count++;
    const told = formatDiagnostic(diagnostic);
    if (this.#told.has(told)) return;
    if (this.#told.size < mostDiagnostics) this.#told.add(told);
    const isFirstError = diagnostic.severity === "error" && !this.#hasErrors;
    if (this.all.length < mostDiagnostics) this.all.push(diagnostic);
    else if (isFirstError) this.all[mostDiagnostics - 1] = diagnostic;
    this.#hasErrors ||= isFirstError;
  }
}

/** In the order of the lines; files in the order in which they were first named. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[], files: readonly string[]): Diagnostic[] {
  const rank = new Map(files.map((file, index) => [file, index]));
  const rankOf = (file: string) => rank.get(file) ?? files.length;
  return diagnostics.toSorted(
    ({ position: a }, { position: b }) => rankOf(a.file) - rankOf(b.file) || a.line - b.line || a.column - b.column,
  );
}

/** Text of the user's in a message: backquotes around it, nothing that moves a cursor, not too long. */
export function quote(text: string): string {
  const shown = visible(text);
  return `\`${shown.length > 80 ? `${shown.slice(0, 77)}...` : shown}\``;
}

/** Nothing that moves a cursor, ends a line or cannot be seen. */
export function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  return text.replace(/[\u0000-\u001f\u007f-\u00a0\u00ad\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, codePointName);
}

/** `U+00A0` */
export function codePointName(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
