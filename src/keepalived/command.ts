/**
 * A command as keepalived takes it: words, with quotes and escapes, and no shell. Pure.
 * 2.2.7 replaces quotes and escapes twice: once to find the word of the configuration line that is the command (the lexer),
 * once to split that word into the program and its arguments (here). So `\\'a b\\'` is one argument without quotes.
 */

const simpleEscapes: Record<string, string> = {
  a: "\x07",
  b: "\b",
  E: "\x1b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** Words that only a shell understands. */
const shellWords = /^(?:\[\[|&&|\|\|?|;|&|<|>|>>|[0-9]?>&[0-9]|[0-9]?>\S*|if|then|fi|for|while)$|;$/;

/** What lies between blanks that neither a quote nor a backslash hides. */
const commandWord = /(?:\\[\s\S]?|"(?:\\[\s\S]|[^"\\])*"?|'(?:\\[\s\S]|[^'\\])*'?|[^\s\\"'])+/g;
const quotedPart = /"((?:\\[\s\S]|[^"\\])*)"?|'((?:\\[\s\S]|[^'\\])*)'?|\\(?:[0-7]{1,3}|x[0-9a-fA-F]+|c.|[\s\S])/g;

/** The program and its arguments; blanks separate, quotes of both kinds hold together, a backslash escapes. */
export function splitCommand(text: string): string[] {
  const withoutQuotes = (part: string, double?: string, single?: string) => decodeEscapes(double ?? single ?? part);
  return Array.from(text.matchAll(commandWord), ([word]) => word.replace(quotedPart, withoutQuotes));
}

/** Text with its escapes replaced. */
export function decodeEscapes(text: string): string {
  return text.replace(/\\(?:[0-7]{1,3}|x[0-9a-fA-F]+|c.|[\s\S])/g, decodeEscape);
}

function decodeEscape(written: string): string {
  const body = written.slice(1);
  const simple = simpleEscapes[body];
  if (simple !== undefined) return simple;
  if (/^[0-7]/.test(body)) return String.fromCharCode(Number.parseInt(body, 8) & 0xff);
  if (/^x[0-9a-fA-F]/.test(body)) return String.fromCharCode(Number.parseInt(body.slice(1).slice(-2), 16));
  return body.length > 1 ? String.fromCharCode(body.charCodeAt(1) & 0x1f) : body;
}

/** The first word that needs a shell, which keepalived does not start. */
export function shellWord(words: readonly string[]): string | undefined {
  const program = words[0]?.split("/").at(-1) ?? "";
  if (/^(?:ba|da|k|z|a)?sh$/.test(program)) return undefined;
  return words.find((word) => shellWords.test(word));
}
