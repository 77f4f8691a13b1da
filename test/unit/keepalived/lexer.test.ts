import assert from "node:assert/strict";
import { test } from "node:test";
import { Diagnostics } from "../../../src/keepalived/diagnostic.ts";
import { readLines, tokenize } from "../../../src/keepalived/lexer.ts";
import { messages } from "./support.ts";

const rules = { escaped: new Set(["script"]) };

function lex(text: string) {
  const diagnostics = new Diagnostics();
  const tokens = readLines([{ text, line: 1 }], "/etc/k.conf", diagnostics).map((line) => tokenize(line, rules, diagnostics));
  const words = tokens.map((line) => line.map((token) => (token.kind === "word" ? token.text : token.kind === "open" ? "<{>" : "<}>")));
  return { tokens: tokens.flat(), words, messages: messages(diagnostics.all) };
}

// Each row was compared with keepalived 2.2.7.
const wordTable: [what: string, line: string, words: string[]][] = [
  ["words", "state  MASTER\tx", ["state", "MASTER", "x"]],
  ["vertical tab and form feed are blanks", "a\vb\fc", ["a", "b", "c"]],
  ["carriage return at the end", "state A \r", ["state", "A"]],
  ["comment", "a # b", ["a"]],
  ["comment with an exclamation mark", "a ! b", ["a"]],
  ["comment glued to a value", "priority 100#main", ["priority", "100"]],
  ["comment glued to a brace", "a {!x", ["a", "<{>"]],
  ["comment signs in double quotes", 'a "b#c!d" # e', ["a", "b#c!d"]],
  ["single quotes hide no comment", "a 'b#c'", ["a", "'b"]],
  ["an escaped quote hides no comment", 'a b\\"c#d', ["a", 'b\\"c']],
  ["double quotes", 'a "b c" d', ["a", "b c", "d"]],
  ["empty quotes", 'a ""', ["a", ""]],
  ["a keyword in quotes", '"state" A', ["state", "A"]],
  ["a quoted word ends with its quote", 'a "b c"d', ["a", "b c", "d"]],
  ["single quotes are letters", "a 'b c'", ["a", "'b", "c'"]],
  ["backslashes are letters", "a b\\x41 c\\", ["a", "b\\x41", "c\\"]],
  ["braces end words", "a{b}c", ["a", "<{>", "b", "<}>", "c"]],
  ["braces in quotes do not", 'a "b{c}"', ["a", "b{c}"]],
  ["block on one line", "authentication { auth_type PASS }", ["authentication", "<{>", "auth_type", "PASS", "<}>"]],
  ["braces of a parameter that nobody defined", "a $" + "{B}c d", ["a", "$" + "{B}c", "d"]],
  ["command: double quotes", "script \"bash -c 'x y'\" # z", ["script", "bash -c 'x y'"]],
  ["command: single quotes", "script '/bin/x \"a b\"' u", ["script", '/bin/x "a b"', "u"]],
  ["command: quotes in the middle", 'script a"b c"d', ["script", "ab cd"]],
  ["command: escaped blank", "script a\\ b c", ["script", "a b", "c"]],
  ["command: escapes outside and inside quotes", "script \\x41\\102 '\\101 \\'b\\''", ["script", "AB", "A 'b'"]],
  ["command: an escaped backslash in front of a quote", 'script "a\\\\" b', ["script", "a\\", "b"]],
];

for (const [what, line, words] of wordTable) {
  test(`words of a line: ${what}`, () => {
    const result = lex(line);
    assert.deepEqual(result.words, [words]);
    assert.deepEqual(result.messages, []);
  });
}

test("every token knows its place", () => {
  const { tokens } = lex('a {\r\n\tpriority "1"#x\r\n}');
  assert.deepEqual(
    tokens.map(({ position: { line, column } }) => `${line}:${column}`),
    ["1:1", "1:3", "2:2", "2:11", "3:1"],
  );
});

const messageTable: [what: string, text: string, words: string[][], messages: string[]][] = [
  ["double quote left open", 'a "b c', [["a", "b c"]], ["1:3: error: the quote of `b c` is not closed on this line"]],
  [
    "single quote of a command left open",
    "script 'b c",
    [["script", "b c"]],
    ["1:8: error: the quote of `b c` is not closed on this line"],
  ],
  [
    "no-break spaces, one message for all of them",
    "\u00a0a\u00a0b\n\u00a0c",
    [["a", "b"], ["c"]],
    ["1:1: warning: U+00A0 (no-break space) taken as a blank, here and in 2 more places"],
  ],
  ["a no-break space in a comment is nobody's business", "a #\u00a0", [["a"]], []],
  [
    "a no-break space in quotes",
    'a "b\u00a0c"',
    [["a", "b\u00a0c"]],
    ["1:5: warning: U+00A0 (no-break space) kept, because it stands in quotes"],
  ],
  ["byte order mark", "\ufeffa b", [["a", "b"]], ["1:1: warning: U+FEFF (byte order mark) left out"]],
  ["zero-width space in a word", "a b\u200bc", [["a", "bc"]], ["1:4: warning: U+200B (zero-width space) left out"]],
  ["NUL", "a b\0c", [["a", "b?c"]], ["1:4: error: U+0000 (a control character) not understood"]],
  [
    "quotation marks of a word processor",
    "a \u201cb",
    [["a", "?b"]],
    ["1:3: error: U+201C (a quotation mark of a word processor, not \" or ') not understood"],
  ],
  [
    "template tags",
    "{% if a %}\nb {{ c }} d",
    [[], ["b", "d"]],
    [
      "1:1: error: `{% if a %}` is a tag of a template: give the page or file that it is made into",
      "2:3: error: `{{ c }}` is a tag of a template: give the page or file that it is made into",
    ],
  ],
];

for (const [what, text, words, expected] of messageTable) {
  test(`reported by place: ${what}`, () => {
    const result = lex(text);
    assert.deepEqual(result.words, words);
    assert.deepEqual(result.messages, expected);
  });
}

test("the place of a word behind a mark that was left out is the one in the file", () => {
  assert.deepEqual(
    lex("a\u200b b").tokens.map(({ position }) => position.column),
    [1, 4],
  );
});
