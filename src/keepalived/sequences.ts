/** `~SEQ(NAME, START, STEP, END)`, `~SEQx` and `~LST(NAME, VALUE, …)`: one line made into several. Pure. */
import type { Diagnostics } from "./diagnostic.ts";
import type { PlacedText } from "./placedText.ts";

/** One turn: the parameters that hold during it. */
export type Turn = readonly (readonly [name: string, value: string])[];

export interface Sequence {
  turns: Turn[];
  /** Where in the line the part begins that is repeated. */
  rest: number;
}

const parameterName = /^[A-Za-z_]\w*$/;
const mostTurns = 100_000;

/** Whether a line begins with a sequence or a list. */
export function startsSequence(text: string): boolean {
  return /^~(?:SEQx?|LST)\(/.test(text);
}

/** The sequence at the beginning of a line whose parameters are replaced; undefined, and an error, when it is malformed. */
export function readSequence(line: PlacedText, diagnostics: Diagnostics): Sequence | undefined {
  const match = /^~(SEQx?|LST)\(([^()]*)\)/.exec(line.text);
  const problem = (text: string) => diagnostics.error("sequence", line.positionAt(0), text);
  if (!match?.[1] || match[2] === undefined) {
    problem("expected `)` at the end of the sequence");
    return undefined;
  }
  const turns = match[1] === "LST" ? listTurns(match[2]) : sequenceTurns(match[2], match[1] === "SEQx");
  if (typeof turns === "string") {
    problem(turns);
    return undefined;
  }
  return { turns, rest: match[0].length };
}

function sequenceTurns(specification: string, hexadecimal: boolean): Turn[] | string {
  const [name = "", ...texts] = specification.split(",").map((part) => part.trim());
  if (!parameterName.test(name) || texts.length < 1 || texts.length > 3)
    return "expected ~SEQ(NAME, START, STEP, END), START and STEP may be left out";
  const numbers = texts.map(readNumber);
  if (numbers.some(Number.isNaN)) return `expected whole numbers in ~SEQ, got ${texts.join(", ")}`;
  const end = numbers.at(-1) ?? 0;
  const start = numbers.length > 1 ? (numbers[0] ?? 0) : end > 0 ? 1 : -1;
  const step = numbers.length > 2 ? (numbers[1] ?? 0) : end >= start ? 1 : -1;
  if (step === 0 || (end - start) * step < 0) return `~SEQ from ${start} by ${step} never reaches ${end}`;
  const count = Math.floor((end - start) / step) + 1;
  if (count > mostTurns) return `~SEQ makes ${count} lines; at most ${mostTurns} are taken`;
  return Array.from({ length: count }, (_, index) => [[name, formatNumber(start + index * step, hexadecimal)] as const]);
}

/** Decimal, or hexadecimal with 0x. */
function readNumber(text: string): number {
  const match = /^([+-]?)(0[xX][0-9a-fA-F]{1,12}|[0-9]{1,15})$/.exec(text);
  return match?.[2] === undefined ? Number.NaN : Number(match[2]) * (match[1] === "-" ? -1 : 1);
}

function formatNumber(value: number, hexadecimal: boolean): string {
  return hexadecimal ? value.toString(16) : String(value);
}

function listTurns(specification: string): Turn[] | string {
  const [first, ...items] = splitList(specification);
  if (first === undefined || items.length === 0) return "expected ~LST(NAME, VALUE, ...)";
  const names = first.group ?? [first.text];
  const wrong = names.find((name) => !parameterName.test(name));
  if (wrong !== undefined) return `${wrong === "" ? "an empty name" : wrong} is no name of a parameter`;
  const long = items.find(({ group }) => (group?.length ?? 1) > names.length);
  if (long) return `{${long.group?.join(",")}} has more values than there are names`;
  return items.map(({ text, group }) => names.map((name, index) => [name, (group ?? [text])[index] ?? ""] as const));
}

interface ListItem {
  text: string;
  /** The parts of `{a,b}`. */
  group?: string[];
}

/** At the commas that are not in braces. */
function splitList(text: string): ListItem[] {
  const parts = text.match(/\s*(?:\{[^{}]*\}|[^,{}]*)\s*(?:,|$)/g) ?? [];
  // The expression also matches the nothing behind the last item.
  const items = text.trimEnd().endsWith(",") || parts.at(-1) !== "" ? parts : parts.slice(0, -1);
  return items.map((part) => {
    const item = part.replace(/,$/, "").trim();
    return item.startsWith("{")
      ? {
          text: item,
          group: item
            .slice(1, -1)
            .split(",")
            .map((value) => value.trim()),
        }
      : { text: item };
  });
}
