import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { html } from "../../../../src/operator/page/html.ts";
import { skeletonOf } from "./skeleton.ts";

test("values are escaped, lists joined, and what is HTML already stays", () => {
  const inner = html`<b>${"<&>\"'"}</b>`;
  assert.equal(inner.text, "<b>&lt;&amp;&gt;&quot;&#39;</b>");
  assert.equal(
    html`<p title="${'" onclick="x'}">${[inner, " ", 3, undefined]}</p>`.text,
    `<p title="&quot; onclick=&quot;x">${inner.text} 3</p>`,
  );
});

test("what turns the direction of a line, and characters of control, are shown as replaced", () => {
  assert.equal(html`${"a\u202eb\u0000c\ud800d"}`.text, "a\ufffdb\ufffdc\ufffdd");
  assert.equal(html`${"zwei\nZeilen 漢字 😀"}`.text, "zwei\nZeilen 漢字 😀");
});

test("no text breaks out of where it stands", () => {
  const nasty = fc.oneof(
    fc.string({ unit: "binary" }),
    fc
      .array(
        fc.constantFrom("<", ">", '"', "'", "&", "</", "-->", "<!--", "]]>", "`", "=", "script", "style", " onload=", "\u0000", "&lt"),
        { maxLength: 12 },
      )
      .map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(nasty, (text) => {
      const { text: page } = html`<p title="${text}">${text}</p>`;
      assert.deepEqual(skeletonOf(page), ["<p title>", "</p>"]);
    }),
    { numRuns: 400 },
  );
});
