/** Flags of a command as a table: parsed with node:util, checked value by value, printed as help. */
import { parseArgs } from "node:util";

export interface Flag<T> {
  /** What stands for the value in the help text ("FILE"); undefined for a switch. */
  placeholder?: string;
  help: string;
  /** The value of a parsed text. @throws UsageError, or any Error whose message ends the sentence "--flag …". */
  parse?: (text: string) => T;
  /** One letter for `-o`. */
  short?: string;
  /** May be given more than once; the value is then the list of all, empty for none. */
  repeatable?: boolean;
  /** Shown in the help and parsed when the flag is absent. */
  default?: string;
}

/** A mistake of the caller: one sentence on standard error, exit status 2. */
export class UsageError extends Error {
  readonly code = "ALOFT_USAGE";
}

// biome-ignore lint/suspicious/noExplicitAny: the table holds flags of all value types.
export type FlagTable = Record<string, Flag<any>>;

/** The values of a table's flags: `true | undefined` for a switch, the parsed value or undefined otherwise. */
export type FlagValues<Table extends FlagTable> = {
  [Name in keyof Table]: Table[Name]["repeatable"] extends true
    ? string[]
    : Table[Name]["placeholder"] extends string
      ?
          | (Table[Name]["parse"] extends (text: string) => infer Value ? Value : string)
          | (Table[Name]["default"] extends string ? never : undefined)
      : boolean;
};

/** Of a command that takes nothing but flags. @throws UsageError */
export function parseFlags<const Table extends FlagTable>(table: Table, args: string[]): FlagValues<Table> {
  return readValues(table, parse(table, args, false).values);
}

/** Of a command that takes names or files, too, before, between or behind its flags. @throws UsageError */
export function parseArguments<const Table extends FlagTable>(table: Table, args: string[]): { flags: FlagValues<Table>; words: string[] } {
  const { values, positionals } = parse(table, args, true);
  return { flags: readValues(table, values), words: positionals };
}

function readValues<const Table extends FlagTable>(table: Table, values: Record<string, unknown>): FlagValues<Table> {
  const parsed = Object.entries(table).map(([name, flag]) => [name, flagValue(name, flag, values[name])]);
  return Object.fromEntries(parsed) as FlagValues<Table>;
}

function parse(table: FlagTable, args: string[], allowPositionals: boolean) {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, { placeholder, short, repeatable }]) => [
      name,
      { type: placeholder ? ("string" as const) : ("boolean" as const), ...(short && { short }), ...(repeatable && { multiple: true }) },
    ]),
  );
  try {
    return parseArgs({ args, options, allowPositionals, strict: true });
  } catch (error) {
    throw new UsageError(firstSentence(error));
  }
}

/** Node adds hints about "--" and a second sentence after the first. */
function firstSentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split(/\.\s|\n/)[0] ?? message).replace(/\.$/, "");
}

// biome-ignore lint/suspicious/noExplicitAny: as in FlagTable.
function flagValue(name: string, flag: Flag<any>, given: unknown): unknown {
  if (flag.placeholder === undefined) return given === true;
  if (flag.repeatable) return given ?? [];
  const text = typeof given === "string" ? given : flag.default;
  if (text === undefined || !flag.parse) return text;
  try {
    return flag.parse(text);
  } catch (error) {
    throw new UsageError(`--${name} ${text}: ${error instanceof Error ? error.message : error}`);
  }
}

/** The help of a table, one flag a line. */
export function flagHelp(table: FlagTable): string {
  const rows = Object.entries(table).map(([name, flag]) => [
    `  ${flag.short ? `-${flag.short}, ` : ""}--${name}${flag.placeholder ? ` ${flag.placeholder}` : ""}`,
    flag.default === undefined ? flag.help : `${flag.help} (default ${flag.default})`,
  ]);
  const width = Math.max(...rows.map(([left = ""]) => left.length));
  return rows.map(([left = "", right = ""]) => `${left.padEnd(width)}  ${right}`).join("\n");
}
