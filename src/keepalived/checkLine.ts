/** The words behind a keyword → values with types, or what is wrong with them. */
import type { CheckedOption, PlacedValue } from "./checkedBlock.ts";
import { type Diagnostics, type Position, quote } from "./diagnostic.ts";
import type { Argument, LineGrammar, Option } from "./grammar/types.ts";
import type { Token } from "./lexer.ts";
import { nearest } from "./similarity.ts";

export interface CheckedLine {
  args: Map<string, PlacedValue[]>;
  options: CheckedOption[];
  /** Every word was right. */
  ok: boolean;
}

/** What other blocks must define. */
export interface Reference {
  name: string;
  position: Position;
  to: readonly string[];
}

export interface LineContext {
  diagnostics: Diagnostics;
  references: Reference[];
}

/** `subject` names the line in messages; `position` is where it begins. */
export function checkLine(
  tokens: readonly Token[],
  grammar: LineGrammar,
  subject: string,
  position: Position,
  context: LineContext,
): CheckedLine {
  return new LineCheck(tokens, subject, position, context).run(grammar);
}

/** `<IPADDR>`, `...`: left from a summary of the syntax. */
export function isPlaceholder({ text, quoted }: Token): boolean {
  return !quoted && ".<…".includes(text.charAt(0)) && (/^\.{3,}$|^…$/.test(text) || /^<[A-Za-z][^<>]*>/.test(text));
}

class LineCheck {
  readonly #tokens: readonly Token[];
  readonly #subject: string;
  readonly #position: Position;
  readonly #context: LineContext;
  readonly #line: CheckedLine = { args: new Map(), options: [], ok: true };
  #next = 0;

  constructor(tokens: readonly Token[], subject: string, position: Position, context: LineContext) {
    this.#tokens = tokens;
    this.#subject = subject;
    this.#position = position;
    this.#context = context;
  }

  run(grammar: LineGrammar): CheckedLine {
    const placeholder = this.#tokens.find(isPlaceholder);
    if (placeholder) {
      this.#fail("value", placeholder.position, `${quote(placeholder.text)} is a placeholder: write the value`);
      return this.#line;
    }
    const first = this.#tokens[0];
    const variant =
      first && !first.quoted && grammar.variants && Object.hasOwn(grammar.variants, first.text) ? grammar.variants[first.text] : undefined;
    if (variant) this.#next = 1;
    const used = variant ?? grammar;
    if (used.args.every((argument) => this.#readArgument(argument, this.#line.args))) this.#readOptions(used);
    return this.#line;
  }

  /** False when the rest of the line cannot be understood. */
  #readArgument(argument: Argument, into: Map<string, PlacedValue[]>): boolean {
    const token = this.#tokens[this.#next];
    if (!token) {
      if (argument.optional || argument.skippable) return true;
      this.#fail("missing-argument", this.#end(), `${this.#subject} needs ${argument.type.expected} here`);
      return false;
    }
    const reading = argument.type.read(token);
    if ("error" in reading) {
      if (argument.skippable) return true;
      this.#fail("value", token.position, `${this.#subject}: ${reading.error}`);
      return false;
    }
    this.#next++;
    if (reading.warning !== undefined) this.#context.diagnostics.warning("value", token.position, `${this.#subject}: ${reading.warning}`);
    if (argument.refersTo) this.#context.references.push({ name: token.text, position: token.position, to: argument.refersTo });
    const values = into.get(argument.name) ?? [];
    values.push({ value: reading.value, position: token.position });
    into.set(argument.name, values);
    return !argument.many || this.#next >= this.#tokens.length || this.#readArgument(argument, into);
  }

  #readOptions({ options, bare }: LineGrammar): void {
    let bareLeft = bare;
    for (let token = this.#tokens[this.#next]; token; token = this.#tokens[this.#next]) {
      const option = options && Object.hasOwn(options, token.text) ? options[token.text] : undefined;
      if (option) {
        if (!this.#readOption(token, option)) return;
      } else if (bareLeft) {
        const argument = bareLeft;
        bareLeft = undefined;
        if (!this.#readArgument(argument, this.#line.args)) return;
      } else {
        this.#reportExtra(token, options);
        return;
      }
    }
  }

  #readOption(token: Token, option: Option): boolean {
    this.#next++;
    if (option.deprecated !== undefined) this.#context.diagnostics.warning("value", token.position, option.deprecated);
    // `mtu lock 1400`
    const values = new Map<string, PlacedValue[]>();
    if (this.#tokens[this.#next]?.text === "lock" && token.text !== "lock" && option.args.length === 1) this.#next++;
    if (!option.args.every((argument) => this.#readArgument(argument, values))) return false;
    this.#line.options.push({ name: option.name ?? token.text, position: token.position, values: [...values.values()].flat() });
    return true;
  }

  /** keepalived drops what it did not expect; where a line has options, that is a setting lost. */
  #reportExtra(token: Token, options: LineGrammar["options"]): void {
    if (!options) {
      this.#context.diagnostics.warning(
        "extra-argument",
        token.position,
        `${quote(token.text)} is ignored: ${this.#subject} takes nothing more`,
      );
      return;
    }
    const meant = nearest(token.text, Object.keys(options));
    const advice = meant === undefined ? "" : `, did you mean ${meant}?`;
    this.#fail("value", token.position, `${this.#subject} does not know ${quote(token.text)}${advice}`);
  }

  #fail(code: "value" | "missing-argument", position: Position, message: string): void {
    this.#line.ok = false;
    this.#context.diagnostics.error(code, position, message);
  }

  /** One behind the last word. */
  #end(): Position {
    const last = this.#tokens.at(-1);
    if (!last) return this.#position;
    return { ...last.position, column: last.position.column + last.text.length + (last.quoted ? 2 : 0) };
  }
}
