import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { PageFacts, PageQuery } from "../../../../src/operator/page/facts.ts";
import { renderPage } from "../../../../src/operator/page/page.ts";
import { everything, healthy, large, now, troubled } from "./samples.ts";
import { skeletonOf } from "./skeleton.ts";

/** Texts that the page computes with. */
const computed = ["type", "status", "lastReportTime", "lastTransitionTime", "time", "since", "createdAt"];
/** Texts that it compares with words that it knows. */
const compared = [...computed, "reason", "state", "severity", "v4", "v6", "family", "loadBalancerClass"];

/** The same with something in front of each text but those that are kept, so that what belongs together still does. */
function prefixed(value: unknown, prefix: string, kept: readonly string[]): unknown {
  if (typeof value === "string") return prefix + value;
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map((each) => prefixed(each, prefix, kept));
  const entries = Object.entries(value).map(([key, each]) => [
    key,
    typeof each === "string" && kept.includes(key) ? each : prefixed(each, prefix, kept),
  ]);
  return Object.fromEntries(entries);
}

const parts = ["<", ">", '"', "'", "&", "</td>", "<script>", "</style>", "-->", "<!--", "`", " onload=x", "\u0000", "\u202e", "\ud83d"];
const nasty = fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 8 }).map((some) => some.join(""));

for (const [what, kept] of Object.entries({ "where all is well understood": compared, "where nothing is": computed })) {
  test(`no name or message of an object breaks out of its place, ${what}`, () => {
    const render = (prefix: string) => skeletonOf(renderPage(prefixed(troubled(), prefix, kept) as PageFacts, everything));
    const expected = render("X ");
    assert.ok(expected.length > 300, String(expected.length));
    fc.assert(
      fc.property(nasty, (prefix) => assert.deepEqual(render(prefix), expected)),
      { numRuns: 60 },
    );
  });
}

test("nor does what is asked for", () => {
  const render = (filter: string) => skeletonOf(renderPage(large(400, 3), { ...everything, filter, refreshSeconds: 10 }));
  const expected = render("nothing has this");
  fc.assert(
    fc.property(nasty, (filter) => assert.deepEqual(render(`${filter} nothing has this`), expected)),
    { numRuns: 60 },
  );
});

test("a thousand Services on a hundred nodes: below 300 kB, all of them within reach of the links, problems whole", () => {
  const facts = large(1000, 100);
  const services = (facts.services ?? []).map((each) => ({ ...each, ingress: [], conditions: [] }));
  const waiting = { ...facts, services };
  const pages = [1, 2, 3, 4, 5, 6, 7].map((page) => renderPage(waiting, { ...everything, pages: new Map([["addresses", page]]) }));
  for (const page of pages) assert.ok(Buffer.byteLength(page) < 300_000, String(Buffer.byteLength(page)));
  const [first = ""] = pages;
  assert.match(first, /1–150 of 1,000, page 1 of 7.*<a href="\/\?addresses=2#addresses">Next<\/a>/);
  const isThere = ({ key }: { key: string }) => pages.some((page) => page.includes(`<span class="name">${key}</span>`));
  assert.deepEqual(
    services.filter((each) => !isThere(each)),
    [],
  );
  const problems = first.slice(first.indexOf('id="problems"'), first.indexOf('id="addresses"'));
  assert.deepEqual(
    services.filter(({ key }) => !problems.includes(key)),
    [],
  );
});

const shown: [what: string, facts: PageFacts, query: Partial<PageQuery>, patterns: RegExp[]][] = [
  ["all is well", healthy(), {}, [/<title>OK · Aloft<\/title>/, /<h1>All 4 addresses are answered<\/h1>/]],
  [
    "problems come first",
    troubled(),
    {},
    [
      /<title>7 problems · Aloft<\/title>/,
      /<h1>7 problems<\/h1><p>3 of 4 addresses are answered\./,
      /id="problems".*id="addresses".*id="nodes".*id="pools".*id="servers".*id="moves"/s,
    ],
  ],
  [
    "the command that looks further",
    troubled(),
    {},
    [/<code>kubectl -n shop describe service late<\/code>/, /<code>kubectl describe vip gateway<\/code>/],
  ],
  ["a pool that is full", troubled(), {}, [/aria-label="IPv4: 20 of 20, 0 free"><rect width="100\.0"/]],
  ["a move and how long nobody was heard", troubled(), {}, [/n3<\/span> .*→.* <span class="name">n1<\/span>.*305–312 ms/s]],
  ["nothing is known", { ...healthy(), cluster: undefined }, {}, [/<h1>Nothing is known yet<\/h1>/, /<title>Aloft<\/title>/]],
  [
    "old data",
    { ...healthy(), staleSince: new Date(now.getTime() - 34_000) },
    {},
    [/<title>old data · OK · Aloft<\/title>/, /not been heard of since 2026-01-01T11:59:26Z, 34 s ago/],
  ],
  [
    "a browser that asks again",
    healthy(),
    { refreshSeconds: 10 },
    [/<meta http-equiv="refresh" content="10">/, /Refreshed every 10 s\. <a href="\/">Stop<\/a>/],
  ],
  ["a filter that finds nothing", healthy(), { filter: "<none>" }, [/None of 4 has “&lt;none&gt;”\./, /value="&lt;none&gt;"/]],
];
for (const [what, facts, query, patterns] of shown) {
  test(`shown: ${what}`, () => {
    const page = renderPage(facts, { ...everything, ...query });
    for (const pattern of patterns) assert.match(page, pattern);
    assert.doesNotMatch(page, /<script|style="|javascript:|undefined|NaN|\[object/);
  });
}
