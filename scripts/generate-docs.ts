/** docs/conformance.md: each MUST of the VRRP RFCs and its tests, made of test/native/requirements.txt and the names of the tests. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hasTest, readTestFile, type TestFile } from "./test-titles.ts";

const root = join(import.meta.dirname, "..");
const listPath = "test/native/requirements.txt";

export interface Requirement {
  rfc: string;
  section: string;
  text: string;
  /** SUITE.NAME, or a file and a title. */
  tests: string[];
  /** Why it does not bind here, or how far it does. */
  reasons: string[];
}

const head = /^RFC (?<rfc>\d+) (?<section>[\d.]+): (?<text>.+)$/;
const below = /^ {2}(?<mark>~ )?(?<more>\S.*)$/;

/** @throws Error with the place of a line that is none of the four kinds. */
export function parseRequirements(list: string): Requirement[] {
  const requirements: Requirement[] = [];
  for (const [index, line] of list.split("\n").entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const { rfc = "", section = "", text = "" } = head.exec(line)?.groups ?? {};
    if (rfc !== "") requirements.push({ rfc, section, text, tests: [], reasons: [] });
    else if (!addBelow(line, requirements.at(-1)))
      throw new Error(`${listPath}:${index + 1}: expected "RFC NUMBER SECTION: TEXT", or a test or a reason below one`);
  }
  return requirements;
}

/** A test or a reason of the requirement above it; false when it is neither. */
function addBelow(line: string, requirement: Requirement | undefined): boolean {
  const { mark, more } = below.exec(line)?.groups ?? {};
  if (!requirement || !more) return false;
  (mark ? requirement.reasons : requirement.tests).push(more);
  return true;
}

/** All tests of the native suite, by file. */
function nativeTests(): Map<string, TestFile> {
  const files = globSync("test/native/**/*.cc", { cwd: root }).sort();
  return new Map(files.map((file) => [file, readTestFile(join(root, file))]));
}

/** Where the test is; undefined when there is none of that name. */
function locate(test: string, native: ReadonlyMap<string, TestFile>): { file: string; title: string } | undefined {
  const [, file, title] = /^(test\/\S+): (.+)$/.exec(test) ?? [];
  if (file && title) return hasTest(readTestFile(join(root, file)), title) ? { file, title } : undefined;
  const found = [...native].find(([, tests]) => hasTest(tests, test));
  return found && { file: found[0], title: test };
}

/** What is wrong with the list: requirements that nothing shows, and tests that do not exist. */
export function findGaps(requirements: readonly Requirement[], exists: (test: string) => boolean): string[] {
  return requirements.flatMap(({ rfc, section, text, tests, reasons }) => {
    const name = `RFC ${rfc} ${section}: ${text}`;
    const unshown = tests.length + reasons.length === 0 ? [`${name}: no test, and no reason why`] : [];
    return [...unshown, ...tests.filter((test) => !exists(test)).map((test) => `${name}: there is no test ${test}`)];
  });
}

/** Names such as R9568_6_4_2_BackupShutdown, of tests and of their parameters. */
function namesOfSections(native: ReadonlyMap<string, TestFile>): { rfc: string; section: string; name: string; file: string }[] {
  const names = [...native].flatMap(([file, { sources }]) =>
    [...(sources[0] ?? "").matchAll(/[",(] ?(R(9568|3768)_((?:\d+_)+)\w+)/g)].map(([, name = "", rfc = "", section = ""]) => ({
      rfc,
      section: section.slice(0, -1).replaceAll("_", "."),
      name,
      file,
    })),
  );
  return [...new Map(names.map((each) => [each.name, each])).values()];
}

const rfcs = [
  { rfc: "9568", title: "RFC 9568: VRRP version 3" },
  { rfc: "3768", title: "RFC 3768: VRRP version 2" },
];

const link = (title: string, file: string) => `[${title}](../${file})`;

/** @throws Error that names every gap. */
export function conformancePage(): [path: string, text: string] {
  const requirements = parseRequirements(readFileSync(join(root, listPath), "utf8"));
  const native = nativeTests();
  const gaps = findGaps(requirements, (test) => locate(test, native) !== undefined);
  if (gaps.length > 0) throw new Error(gaps.join("\n"));
  const shown = requirements.filter(({ tests }) => tests.length > 0);
  const qualified = shown.filter(({ reasons }) => reasons.length > 0).length;
  const lines = [
    `<!-- Generated from ${listPath} and the names of the tests by \`npm run generate\`; do not edit. -->`,
    "# Conformance",
    "",
    "Each MUST of RFC 9568, with its verified errata, and of RFC 3768, with the definitions and SHOULDs on which the elections rest, and the tests that show it.",
    "Where Aloft departs from the text, the tests show what it does instead, and the reason stands behind them.",
    "`npm run generate -- --check` fails where a requirement has neither test nor reason, or a test does not exist.",
    "",
    `${requirements.length} requirements: ${shown.length - qualified} are shown by tests, ${qualified} by tests but only so far or in its own way, as the reason behind them says; ` +
      `${requirements.length - shown.length} bind nobody here or are not met, and have a reason alone.`,
  ];
  for (const { rfc, title } of rfcs) {
    lines.push("", `## ${title}`, "| section | what must be | shown by |", "|---|---|---|");
    for (const { section, text, tests, reasons } of requirements.filter((each) => each.rfc === rfc)) {
      const links = tests.flatMap((test) => locate(test, native) ?? []).map(({ file, title: name }) => link(name, file));
      lines.push(`| ${section} | ${text} | ${[...links, ...reasons].join("<br>")} |`);
    }
  }
  const named = new Set(requirements.flatMap(({ tests }) => tests.map((test) => test.replace(/^.*[./]/, ""))));
  const further = namesOfSections(native).filter(({ name }) => !named.has(name));
  if (further.length > 0) {
    lines.push("", "## Further tests of a section", "| section | test |", "|---|---|");
    for (const { rfc, section, name, file } of further) lines.push(`| RFC ${rfc} ${section} | ${link(name, file)} |`);
  }
  return [join(root, "docs/conformance.md"), `${lines.join("\n")}\n`];
}
