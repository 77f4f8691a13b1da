import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { PageFacts } from "../../../src/operator/page/facts.ts";
import { StatusPage } from "../../../src/operator/statusPage.ts";
import { healthy } from "./page/samples.ts";

const question = (host = "localhost:8080", query = "") => ({ host, parameters: new URLSearchParams(query) });

test("the policy allows the page's own style by its hash, and nothing that runs", async () => {
  const page = new StatusPage({ look: async () => healthy(), isLocal: true });
  const { status, headers, text } = await page.answer(question());
  assert.equal(status, 200);
  const [, style = ""] = /<style>(.*)<\/style>/s.exec(text) ?? [];
  const hash = createHash("sha256").update(style).digest("base64");
  assert.ok(headers["content-security-policy"]?.startsWith(`default-src 'none'; style-src 'sha256-${hash}'; `));
  assert.equal(headers["cache-control"], "no-store");
});

const hosts: [host: string, isLocal: boolean, status: number][] = [
  ["localhost", true, 200],
  ["127.0.0.1:8080", true, 200],
  ["[::1]:8080", true, 200],
  ["192.0.2.1:8080", true, 200],
  ["rebound.example", true, 421],
  ["localhost.rebound.example:8080", true, 421],
  ["", true, 421],
  ["status.example", false, 200],
];
for (const [host, isLocal, expected] of hosts) {
  test(`asked for as "${host}" on ${isLocal ? "a loopback address" : "any address"}: ${expected}`, async () => {
    const page = new StatusPage({ look: async () => healthy(), isLocal });
    assert.equal((await page.answer(question(host))).status, expected);
  });
}

test("one page at a time, eight in all, further ones are turned away; an error ends nobody else's", async () => {
  let running = 0;
  let most = 0;
  let count = 0;
  const gates: PromiseWithResolvers<PageFacts>[] = Array.from({ length: 10 }, () => Promise.withResolvers());
  const look = async () => {
    running += 1;
    most = Math.max(most, running);
    try {
      return await (gates[count++]?.promise ?? healthy());
    } finally {
      running -= 1;
    }
  };
  const page = new StatusPage({ look, isLocal: true });
  const answers = Array.from({ length: 9 }, () => page.answer(question()));
  const refused = await answers[8];
  assert.deepEqual([refused?.status, refused?.headers["retry-after"]], [503, "1"]);
  gates[0]?.reject(new Error("broken"));
  for (const gate of gates.slice(1)) gate.resolve(healthy());
  const results = await Promise.allSettled(answers.slice(0, 8));
  assert.deepEqual(
    results.map(({ status }) => status),
    ["rejected", ...Array.from({ length: 7 }, () => "fulfilled")],
  );
  assert.equal(most, 1);
  assert.equal((await page.answer(question())).status, 200);
});
