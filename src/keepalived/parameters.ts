/** `$NAME=VALUE` and its uses. A value may be several lines; it is replaced where it is used, so a later definition counts. */
import { type Diagnostics, quote } from "./diagnostic.ts";
import { PlacedText } from "./placedText.ts";

/** `$NAME` before a blank, a comma, a parenthesis or the end; `${NAME}` anywhere. */
const use = /\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*)(?=[\s,)]|$))/g;
const definition = /^\$([A-Za-z_]\w*)=/;

/** Values refer to values at most this deep; more is a circle. */
const deepest = 64;
/** One line with its parameters replaced, in characters. */
const longestLine = 65_536;

export interface Definition {
  name: string;
  /** What stands on the line of the name. */
  value: PlacedText;
}

export function readDefinition(line: PlacedText): Definition | undefined {
  const match = definition.exec(line.text);
  return match?.[1] === undefined ? undefined : { name: match[1], value: line.slice(match[0].length).trim() };
}

interface Parameter {
  lines: readonly PlacedText[];
  /** Mistakes in the value are shown where it stands, not where it is used: it is as long as a block. */
  ownPlaces: boolean;
}

export class Parameters {
  readonly #values = new Map<string, Parameter>();
  readonly #diagnostics: Diagnostics;

  constructor(diagnostics: Diagnostics) {
    this.#diagnostics = diagnostics;
  }

  define(name: string, lines: readonly PlacedText[], ownPlaces = false): void {
    this.#values.set(name, { lines, ownPlaces });
  }

  /**
   * The line with its parameters replaced until none is left, and the lines that values of several lines leave behind it:
   * those are to be processed on their own, for they may define, include or depend on a condition.
   * Undefined when the values refer to each other in a circle.
   */
  replace(line: PlacedText): { line: PlacedText; following: PlacedText[] } | undefined {
    let current = line;
    let following: PlacedText[] = [];
    for (let round = 0; round < deepest; round++) {
      const step = this.#replaceOnce(current);
      if (!step) {
        this.#reportUndefined(current);
        return { line: current, following };
      }
      current = step.line;
      following = [...step.following, ...following];
      if (current.text.length > longestLine) break;
    }
    const at = line.positionAt(Math.max(0, line.text.indexOf("$")));
    this.#diagnostics.error("parameter", at, "the parameters of this line refer to each other without end");
    return undefined;
  }

  #replaceOnce(line: PlacedText): { line: PlacedText; following: PlacedText[] } | undefined {
    for (const match of line.text.matchAll(use)) {
      const value = this.#values.get(match[1] ?? match[2] ?? "");
      if (value && value.lines.length > 1) return splitAround(line, match.index, match[0].length, value.lines);
    }
    const parts: PlacedText[] = [];
    let done = 0;
    for (const match of line.text.matchAll(use)) {
      const value = this.#values.get(match[1] ?? match[2] ?? "");
      if (!value) continue;
      const written = value.lines[0] ?? PlacedText.join([]);
      const replacement = value.ownPlaces ? written : PlacedText.standingFor(written.text, line.positionAt(match.index));
      parts.push(line.slice(done, match.index), replacement);
      done = match.index + match[0].length;
    }
    return parts.length === 0 ? undefined : { line: PlacedText.join([...parts, line.slice(done)]), following: [] };
  }

  /** keepalived would take the braces of an undefined `${NAME}` for a block; within quotes it may be a program's own. */
  #reportUndefined(line: PlacedText): void {
    if (!line.text.includes("${")) return;
    for (const match of line.text.matchAll(/\$\{([^}\s]*)([^}]*)\}?/g)) {
      if (insideQuotes(line.text, match.index)) continue;
      const name = match[1] ?? "";
      this.#diagnostics.error("parameter", line.positionAt(match.index), undefinedParameter(name));
    }
  }
}

function undefinedParameter(name: string): string {
  if (name === "_RANDOM") return `${quote(`\${${name}}`)} would make every node and every reload differ: write the number`;
  if (name.startsWith("_ENV")) return `${quote(`\${${name}}`)} is not defined: keepalived 2.2.7 does not read the environment`;
  return `${quote(`\${${name}}`)} is not defined`;
}

/** A value of several lines puts its first line behind what stands before the use, and what follows the use behind its last line. */
function splitAround(line: PlacedText, start: number, length: number, value: readonly PlacedText[]) {
  const [first, ...rest] = value;
  const head = PlacedText.join([line.slice(0, start), ...(first ? [first] : [])]);
  const last = rest.pop();
  const tail = line.slice(start + length);
  return { line: head, following: [...rest, PlacedText.join([...(last ? [last] : []), tail])] };
}

function insideQuotes(text: string, offset: number): boolean {
  let inside = false;
  for (let at = 0; at < offset; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') inside = !inside;
  }
  return inside;
}
