/** Which tests a source file has, by their titles: what documents name as proof must exist. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface TestFile {
  /** Of TypeScript the titles as they are written; of C++ SUITE.NAME. */
  titles: readonly Title[];
  /** The file and those beside it that it imports: titles may be made of their texts. */
  sources: readonly string[];
}

/** A title with holes stands for a table of tests. */
interface Title {
  pattern: RegExp;
  hasHoles: boolean;
}

/** @throws Error when there is no such file. */
export function readTestFile(path: string): TestFile {
  const source = readFileSync(path, "utf8");
  if (path.endsWith(".cc")) return { titles: nativeTitles(source), sources: [source] };
  const beside = [...source.matchAll(/from "(\.\/[^"]+)"/g)].map(([, file = ""]) => readFileSync(join(dirname(path), file), "utf8"));
  return { titles: scriptTitles(source), sources: [source, ...beside] };
}

/** Whether a test, or a group of tests, has that title; what fills a hole must stand in the sources. */
export function hasTest({ titles, sources }: TestFile, title: string): boolean {
  return titles.some(({ pattern, hasHoles }) => {
    const match = pattern.exec(title);
    return match !== null && (!hasHoles || match.slice(1).every((text) => isWritten(text, sources)));
  });
}

/** A test by its title, and its file, from the root of the checkout. */
export interface NamedTest {
  title: string;
  file: string;
}

/** What a document names as proof: links from docs/ to files of tests. */
export function namedTests(text: string): NamedTest[] {
  const links = [...text.matchAll(/\[([^\]]+)\]\(\.\.\/(test\/[^)]+)\)/g)];
  return links.map(([, title = "", file = ""]) => ({ title, file }));
}

/** Those of the tests that do not exist below `root`. */
export function missingTests(root: string, tests: readonly NamedTest[]): NamedTest[] {
  const open = (file: string) => (existsSync(join(root, file)) ? readTestFile(join(root, file)) : { titles: [], sources: [] });
  const files = new Map([...new Set(tests.map(({ file }) => file))].map((file) => [file, open(file)]));
  return tests.filter(({ title, file }) => !hasTest(files.get(file) ?? { titles: [], sources: [] }, title));
}

/** In quotes or as the key of a table, whole or word by word; numbers stand without quotes. */
function isWritten(text: string, sources: readonly string[]): boolean {
  const has = (word: string) => {
    const quoted = `["'\`] ?${escapeRegExp(word)} ?["'\`]`;
    const bare = `(?<![\\w.])${escapeRegExp(word)}${/^\d+$/.test(word) ? "(?!\\w)" : ": "}`;
    return sources.some((source) => new RegExp(`${quoted}|${bare}`).test(source));
  };
  return has(text) || text.split(/,? /).every(has);
}

const literal = /"(?<text>(?:[^"\\]|\\.)*)"|`(?<template>(?:[^`\\]|\\.)*)`/;
const scriptTest = new RegExp(
  `(?<![\\w.])(?:test|it|describe|suite)(?:\\.\\w+)?\\(\\s*(?:${literal.source}|(?<expression>[a-z]\\w*))`,
  "g",
);

function scriptTitles(source: string): Title[] {
  return [...source.matchAll(scriptTest)].map(({ groups = {} }) => {
    const { expression } = groups;
    const constant = expression && new RegExp(`const ${expression} = (?:${literal.source});`).exec(source)?.groups;
    return toTitle(constant || groups);
  });
}

/** Of an expression nothing is known but its parts. */
function toTitle({ text, template }: Record<string, string | undefined>): Title {
  if (text !== undefined) return exactly(text.replaceAll(/\\(.)/g, "$1"));
  const parts = template === undefined ? ["", ""] : splitTemplate(template);
  return { pattern: new RegExp(`^${parts.map(escapeRegExp).join("(.+)")}$`), hasHoles: parts.length > 1 };
}

/** What stands around its holes, `${…}` with braces in pairs. */
function splitTemplate(template: string): string[] {
  const hole = /\$\{(?:[^{}]|\{[^{}]*\})*\}/;
  return template.split(hole);
}

const nativeTest = /^\s*(?:TYPED_)?TEST(_[FP])?\(\s*(\w+),\s*(\w+)\s*\)/gm;

/** Of a test with parameters, the name of one may follow behind a slash. */
function nativeTitles(source: string): Title[] {
  return [...source.matchAll(nativeTest)].flatMap(([, kind, suite, name]) => {
    const title = `${suite}.${name}`;
    return [exactly(title), ...(kind === "_P" ? [{ pattern: new RegExp(`^${title}/(\\w+)$`), hasHoles: true }] : [])];
  });
}

const exactly = (title: string): Title => ({ pattern: new RegExp(`^${escapeRegExp(title)}$`), hasHoles: false });
const escapeRegExp = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
