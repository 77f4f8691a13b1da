/** Types of arguments. Ranges are those of the program of 2.2.7, which are narrower or wider than its manual in places. */
import { parsePrefix } from "../../api/ipAddress.ts";
import { shellWord, splitCommand } from "../command.ts";
import { quote } from "../diagnostic.ts";
import type { Token } from "../lexer.ts";
import type { Argument, Reading, Value, ValueType } from "./types.ts";

export function argument(name: string, type: ValueType, more: Omit<Argument, "name" | "type"> = {}): Argument {
  return { name, type, ...more };
}

/** A type from a function that knows the value or not. */
export function valueType(expected: string, read: (text: string) => Value | undefined): ValueType {
  return {
    expected,
    read({ text }) {
      const value = read(text);
      return value === undefined ? { error: `expected ${expected}, got ${quote(text)}` } : { value };
    },
  };
}

/** A whole decimal number; keepalived takes leading zeros and a plus sign. */
export function integer(least: number, most: number): ValueType {
  return valueType(`a whole number from ${least} to ${most}`, (text) => {
    const value = /^[+-]?[0-9]+$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : undefined;
  });
}

/** Seconds with up to six decimals that count, or another decimal number. */
export function decimal(least: number, most: number, unit = "seconds"): ValueType {
  return valueType(`${unit} from ${least} to ${most}`, (text) => {
    const value = /^\+?(?:[0-9]+\.?[0-9]*|\.[0-9]+)$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : undefined;
  });
}

/** One of a few words, as written in the table. */
export function oneOf(words: readonly string[], { ignoreCase = false } = {}): ValueType {
  const fold = (text: string) => (ignoreCase ? text.toLowerCase() : text);
  const known = new Map(words.map((word) => [fold(word), word]));
  return valueType(words.length === 1 ? `${words[0]}` : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`, (text) =>
    known.get(fold(text)),
  );
}

/** The same type under another name in messages. */
export function renamed(type: ValueType, expected: string): ValueType {
  return valueType(expected, (text) => {
    const reading = type.read({ kind: "word", text, quoted: false, position: { file: "", line: 1, column: 1 } });
    return "value" in reading ? reading.value : undefined;
  });
}

/** A type that takes some words for others, and says so. */
export function withAliases(type: ValueType, aliases: Readonly<Record<string, { value: Value; warning: string }>>): ValueType {
  return { ...type, read: (token) => aliases[token.text] ?? type.read(token) };
}

const truths: Record<string, boolean> = { on: true, true: true, yes: true, off: false, false: false, no: false };
export const bool = valueType("on, off, true, false, yes or no", (text) => truths[text]);

/** One word, or any text in quotes. */
export const text: ValueType = { expected: "a text", read: ({ text }) => ({ value: text }) };
export const name: ValueType = {
  expected: "a name",
  read: ({ text }) => (text === "" ? { error: "the name is empty" } : { value: text }),
};

/** IFNAMSIZ counts the NUL. No blank, `/` or `:`, as the kernel has it; of what it allows only printable ASCII. */
export const interfaceName = valueType("the name of an interface (at most 15 characters)", (text) =>
  /^[!-.0-9;-~]{1,15}$/.test(text) && text !== "." && text !== ".." ? text : undefined,
);

export const port = integer(1, 65535);
/** A service may have port 0, that is none. */
export const portOrNone = integer(0, 65535);

const addressExpected = { any: "an IP address", IPv4: "an IPv4 address", IPv6: "an IPv6 address" };

function addressType(
  expected: string,
  allowLength: boolean,
  accept: (value: { family: string; bits: bigint }) => boolean = () => true,
): ValueType {
  return valueType(expected, (text) => {
    const value = parsePrefix(text);
    const hasLength = text.includes("/");
    return value && (allowLength || !hasLength) && accept(value) ? { ...value, hasLength } : undefined;
  });
}

export const address = addressType(addressExpected.any, false);
export const addressOrPrefix = addressType("an IP address, with or without /LENGTH", true);

const isMulticast = ({ family, bits }: { family: string; bits: bigint }) =>
  family === "IPv4" ? bits >> 28n === 0xen : bits >> 120n === 0xffn;
export const multicastAddress = addressType("a multicast address", false, isMulticast);
export const multicastAddress4 = addressType("an IPv4 multicast address", false, (value) => value.family === "IPv4" && isMulticast(value));
export const multicastAddress6 = addressType("an IPv6 multicast address", false, (value) => value.family === "IPv6" && isMulticast(value));

/** `-` and `+` clear and set the host bits. */
export const broadcast: ValueType = {
  expected: `${addressExpected.IPv4}, + or -`,
  read(token) {
    if (token.text === "+" || token.text === "-") return { value: token.text };
    const reading = addressType(`${addressExpected.IPv4}, + or -`, false, ({ family }) => family === "IPv4").read(token);
    return reading;
  },
};

/** A program with its arguments, started without a shell. */
export const command: ValueType = {
  expected: "a command",
  escaped: true,
  read({ text }: Token): Reading {
    const words = splitCommand(text);
    if (words.length === 0 || words[0] === "") return { error: "expected a command, got nothing" };
    const wrong = shellWord(words);
    if (wrong === undefined) return { value: words };
    const advice = `put /bin/sh -c '...' around the command`;
    return { value: words, warning: `${quote(wrong)} needs a shell, and keepalived starts programs without one: ${advice}` };
  },
};

/** A text on a line whose escapes count. */
export const escapedText: ValueType = { ...text, escaped: true };

/** `10-20` or `10`. */
export function range(least: number, most: number): ValueType {
  return valueType(`a number from ${least} to ${most}, or two of them with a hyphen`, (text) => {
    const match = /^([0-9]+)(?:-([0-9]+))?$/.exec(text);
    const from = Number(match?.[1] ?? Number.NaN);
    const to = Number(match?.[2] ?? match?.[1]);
    return from >= least && to >= from && to <= most ? ([from, to] as const) : undefined;
  });
}

/** Hexadecimal, octal or decimal as C reads it, with an optional mask or second half. */
export const numberWithMask = valueType("a number, or NUMBER/MASK", (text) => {
  const match = /^(0x[0-9a-f]+|[0-9]+)(?:\/(0x[0-9a-f]+|[0-9]+))?$/i.exec(text);
  if (!match?.[1]) return undefined;
  const [value, mask] = [Number(match[1]), Number(match[2] ?? 0xffffffff)];
  return value <= 0xffffffff && mask <= 0xffffffff ? ([value, mask] as const) : undefined;
});

export const unsigned32 = integer(0, 4_294_967_295);
export const unsigned31 = integer(0, 2_147_483_647);
