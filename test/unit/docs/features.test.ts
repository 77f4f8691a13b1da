/** docs/features.md keeps its word: every row is there, and every test, field and keyword that it names exists. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { z } from "zod";
import { missingTests, type NamedTest, namedTests } from "../../../scripts/test-titles.ts";
import { addressPoolSpecSchema } from "../../../src/api/addressPool.ts";
import { agentConfigSpecSchema } from "../../../src/api/agentConfig.ts";
import { nodeAgentSchema } from "../../../src/api/nodeAgent.ts";
import { virtualIPSchema } from "../../../src/api/virtualIP.ts";
import { virtualServerSchema } from "../../../src/api/virtualServer.ts";
import { agentFlags } from "../../../src/cli/agentCommand.ts";
import { runCli } from "../../../src/cli/cli.ts";
import { vipUsage } from "../../../src/cli/vipCommand.ts";
import { allBlocks, configuration } from "../../../src/keepalived/grammar/configuration.ts";
import type { Dispositions } from "../../../src/keepalived/plan/disposition.ts";
import { dispositions } from "../../../src/keepalived/plan/dispositions/configuration.ts";

const root = join(import.meta.dirname, "../../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

const numbered = (group: string, first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => `${group}${first + index}`);
const ids = [
  ...numbered("P", 1, 24),
  ...numbered("I", 1, 18),
  ...numbered("T", 1, 15),
  ...numbered("N", 1, 13),
  ...numbered("G", 1, 12),
  ...numbered("S", 1, 8),
  ...numbered("F", 1, 8),
  ...numbered("V", 1, 12),
  ...numbered("H", 1, 19),
  ...numbered("R", 1, 12),
  ...numbered("O", 1, 8),
  ...numbered("A", 1, 11),
  ...numbered("C", 1, 24),
  ...numbered("E", 1, 35),
  ...numbered("L", 1, 18),
];

interface Row {
  id: string;
  fields: string[];
  keywords: string[];
  shown: string;
  tests: NamedTest[];
}

const inCode = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);

function readRow(line: string): Row {
  const [id = "", _feature, field = "", keyword = "", shown = ""] = line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
  return { id, fields: inCode(field), keywords: inCode(keyword), shown, tests: namedTests(shown) };
}

const rows = read("docs/features.md")
  .split("\n")
  .filter((line) => /^\| [A-Z][0-9]+ \|/.test(line))
  .map(readRow);

test("every feature has one row, in order", () => {
  assert.deepEqual(
    rows.map(({ id }) => id),
    ids,
  );
});

test("every row names a test, or says why there is none", () => {
  const silent = rows.filter(({ tests, shown }) => tests.length === 0 && !/\*\*(Not yet|Left out)/.test(shown));
  assert.deepEqual(
    silent.map(({ id }) => id),
    [],
  );
});

test("the tests exist", () => {
  const missing = rows.flatMap(({ id, tests }) => missingTests(root, tests).map(({ title, file }) => `${id}: ${file}: ${title}`));
  assert.deepEqual(missing, []);
});

test("a title that is made up is not found, nor is one in a file that is not there", () => {
  const named = (title: string, file = "test/unit/docs/features.test.ts") => ({ title, file });
  const madeUp = [named("the tests exist not"), named("the tests exist", "test/unit/docs/none.test.ts")];
  assert.deepEqual(missingTests(root, [named("the tests exist"), ...madeUp]), madeUp);
});

type Schema = { properties?: Record<string, Schema>; items?: Schema; additionalProperties?: Schema };
const schemaOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Schema;
const virtualIP = schemaOf(virtualIPSchema).properties ?? {};
const places: Record<string, Schema | undefined> = {
  AddressPool: schemaOf(addressPoolSpecSchema),
  AgentConfig: schemaOf(agentConfigSpecSchema),
  NodeAgent: schemaOf(nodeAgentSchema),
  VirtualServer: schemaOf(virtualServerSchema),
  metadata: { properties: { name: {} } },
  status: virtualIP.status,
};

function isField(path: string): boolean {
  const [head = "", ...rest] = path.replaceAll("[]", "").split(".");
  const place = Object.hasOwn(places, head) ? places[head] : undefined;
  const steps = place ? rest : [head, ...rest];
  return steps.reduce<Schema | undefined>((at, step) => (at?.items ?? at)?.properties?.[step], place ?? virtualIP.spec) !== undefined;
}

const help: string[] = [];
const metrics = ["src/agent/status/metrics.ts", "src/operator/metrics.ts"].map(read).join();
const reasons = read("src/operator/plan/conditions.ts");
const scripts = JSON.parse(read("package.json")).scripts;

/** What may stand in the column of fields, by its beginning. */
const kinds: [begin: RegExp, exists: (text: string, found: RegExpExecArray) => boolean][] = [
  [/^--([a-z-]+)$/, (_, [, flag = ""]) => Object.hasOwn(agentFlags, flag)],
  [/^kubectl vip \w+$/, (text) => vipUsage.includes(text)],
  [/^kubectl (get vip|explain|cordon)$/, () => true],
  [/^npm run (\S+)/, (_, [, script = ""]) => Object.hasOwn(scripts, script)],
  [/^aloft (\w+)$/, (_, [, command]) => help.join("\n").includes(`  ${command} `)],
  [/^aloft_\w+$/, (text) => metrics.includes(`"${text}"`)],
  [/^(src|native|crds)\//, (text) => existsSync(join(root, text))],
  [/^\//, () => true],
  [/^[A-Z]\w+$/, (text) => reasons.includes(`"${text}"`)],
  [/^/, isField],
];

test("the fields, flags, commands and metrics exist", async () => {
  await runCli(["help"], { out: (text) => help.push(text), error: assert.fail });
  const exists = (text: string) => {
    for (const [begin, decide] of kinds) {
      const found = begin.exec(text);
      if (found) return decide(text, found);
    }
  };
  const missing = rows.flatMap(({ id, fields }) => fields.filter((text) => !exists(text)).map((text) => `${id}: ${text}`));
  assert.deepEqual(missing, []);
});

describe("keywords of keepalived.conf", () => {
  const known = new Set([
    "include",
    ...[...allBlocks(configuration)].flatMap(({ keywords }) => Object.keys(keywords)),
    ...wordsOf(dispositions),
  ]);

  test("exist", () => {
    const missing = rows.flatMap(({ id, keywords }) =>
      keywords.filter((word) => /^[a-z]\w+$/.test(word) && !known.has(word)).map((word) => `${id}: ${word}`),
    );
    assert.deepEqual(missing, []);
  });

  test("a word that nobody knows is not among them", () => assert.ok(!known.has("virtual_ipadress")));
});

function wordsOf(table: Dispositions): string[] {
  return Object.entries(table).flatMap(([word, { options = {}, block = {} }]) => [word, ...wordsOf(options), ...wordsOf(block)]);
}
