/** The status page of operators against a real kube-apiserver, with agents that the test plays: what it shows, and how a browser shows it. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Browser, findChromium } from "../../support/browser.ts";
import { until } from "../../support/waiting.ts";
import type { OperatorProcess } from "./operatorProcess.ts";
import { ServiceBed } from "./serviceBed.ts";
import { Testbed } from "./testbed.ts";

let bed: Testbed;
let desk: ServiceBed;
let leader: OperatorProcess;
let standby: OperatorProcess;

/** Three nodes, a VirtualIP, a pool of two addresses with a Service, and two operators of which the first leads. */
before(async () => {
  bed = await Testbed.start();
  desk = new ServiceBed(bed);
  for (const [index, name] of ["n1", "n2", "n3"].entries()) {
    await bed.lan.addNode(name, index + 1);
    const ready = { status: { conditions: [{ type: "Ready", status: "True" }] } };
    await bed.plane.kubectl(["patch", "node", name, "--subresource=status", "-p", JSON.stringify(ready)]);
  }
  await bed.createVirtualIP("gateway", { addresses: [{ address: "192.0.2.10" }] });
  await desk.createPool("public", { addresses: ["192.0.2.100-192.0.2.101"], virtualRouters: 1 });
  await desk.createService("shop", {});
  leader = await bed.startOperator("a", { hasPage: true, deadAfter: "3s" });
  await leader.untilLeading();
  standby = await bed.startOperator("b", { hasPage: true, deadAfter: "3s" });
  await desk.untilAddresses("shop", ["192.0.2.100"]);
  for (const name of ["gateway", "public-0"]) await bed.untilRedundant(name);
});
after(() => bed?.stop());

/** What a reader sees: without marks, one blank between words. */
function textOf(page: string): string {
  const body = page.slice(page.indexOf("<body>")).replace(/<[^>]*>/g, " ");
  const entities: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };
  return body
    .replace(/&(amp|lt|gt|quot|#39);/g, (entity) => entities[entity] ?? "")
    .replace(/\s+/g, " ")
    .replaceAll(" ,", ",");
}

/** Looks until the page says so. */
async function untilPage(operator: OperatorProcess, ...patterns: RegExp[]): Promise<string> {
  let last = "";
  const probe = async () => {
    last = textOf(await operator.page());
    return patterns.every((pattern) => pattern.test(last)) ? last : undefined;
  };
  return until(`the page of ${operator.name} to say ${patterns.join(" and ")}`, probe, {
    timeoutMs: 20_000,
    everyMs: 200,
    hint: () => last.slice(0, 4000),
  });
}

test("the leader shows who answers for the addresses of VirtualIPs and Services, who stands by, and how full pools are", async () => {
  // Of two that stand by, one may be told of before the other.
  const gateway = /192\.0\.2\.10 n\d gateway – \d+s ago n\d, n\d/;
  const shop = /192\.0\.2\.100 n\d default\/shop public-0 public \d+s ago n\d, n\d/;
  const text = await untilPage(leader, /All 2 addresses are answered/, gateway, shop);
  assert.match(text, /n1 Ready Running/);
  assert.match(text, /IPv4 1 of 2, 1 free/);
  assert.match(text, /n\d answers for (gateway|public-0) no other node was heard \(FirstElection\)/);
  assert.match(await leader.page(), /<title>OK · Aloft<\/title>/);
  assert.doesNotMatch(textOf(await leader.page("?q=shop")), /192\.0\.2\.10 n\d gateway/);
});

test("the replica that stands by shows the same, and who leads", async () => {
  const text = await untilPage(standby, /All 2 addresses are answered/, /192\.0\.2\.100 n\d default\/shop/);
  assert.match(text, /This replica stands by; a leads/);
  assert.equal(await standby.leads(), false);
});

test("a node that dies and a Service without an address are problems, and the move is told", async () => {
  await desk.createService("next", {});
  await desk.createService("late", {});
  const { status } = (await bed.virtualIP("gateway")) ?? {};
  const victim = status?.activeNode ?? "";
  bed.lan.node(victim).alive = false;
  const pending = /Error Service default\/(late|next) for \d+s Pending\. .*kubectl -n default describe service/;
  const silent = new RegExp(`Error Node ${victim} for \\d+s Its agent no longer reports.*kubectl describe na ${victim}`);
  const moved = new RegExp(`${victim} → n\\d .*312 ms ${victim} fell silent \\(AdvertTimeout\\)`);
  for (const operator of [leader, standby]) {
    const text = await untilPage(operator, pending, silent, moved, /Error AddressPool public/);
    assert.match(text, new RegExp(`${victim} (Not)?Ready Silent`));
    assert.match(await operator.page(), /<title>\d problems · Aloft<\/title>/);
  }
  bed.lan.node(victim).alive = true;
  await desk.deleteService("next");
  await desk.deleteService("late");
  await untilPage(leader, /All 2 addresses are answered/);
});

test("while the API server is gone both replicas say since when, and show what they knew", async () => {
  await bed.plane.killApiServer();
  try {
    for (const operator of [leader, standby]) {
      const text = await untilPage(operator, /The API server has not been heard of since \S+Z, \d+ s ago/);
      assert.match(text, /192\.0\.2\.100 n\d default\/shop public-0 public/);
    }
    // Long enough for the lease to end, and the term with it.
    await until("nobody to lead", async () => !(await leader.leads()), { timeoutMs: 15_000 });
    await untilPage(leader, /The API server has not been heard of since/, /192\.0\.2\.100 n\d default\/shop/, /which stands by/);
  } finally {
    await bed.plane.startApiServer();
  }
  for (const operator of [leader, standby]) {
    await untilPage(operator, /All 2 addresses are answered/);
    await until(`${operator.name} to hear again`, async () => !/has not been heard of/.test(await operator.page()), { timeoutMs: 40_000 });
  }
});

test("a page from elsewhere gets nothing: no script, no frame, no name that somebody made to point here", async () => {
  const { status, headers } = await fetch(leader.pageUrl);
  assert.equal(status, 200);
  assert.match(
    headers.get("content-security-policy") ?? "",
    /^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
  );
  assert.equal(headers.get("x-content-type-options"), "nosniff");
  assert.equal(await statusFor("localhost:8080"), 200);
  assert.equal(await statusFor("[::1]:8080"), 200);
  assert.equal(await statusFor("attacker.example:8080"), 421);
  assert.equal((await fetch(leader.pageUrl, { method: "POST" })).status, 405);
});

function statusFor(host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(leader.pageUrl, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}

/** For whoever wants to see it. */
const screenshots = join(import.meta.dirname, "../../../build/status-page");
const chromium = findChromium();
const views = [1400, 400].flatMap((width) => (["light", "dark"] as const).map((scheme) => ({ width, scheme })));

test("in a browser: landmarks, names, contrast, no overflow and no complaint, wide and narrow, light and dark", {
  skip: chromium === undefined && "there is no Chromium (Debian's package chromium)",
}, async () => {
  mkdirSync(screenshots, { recursive: true });
  const browser = await Browser.start(chromium ?? "");
  try {
    for (const view of views) {
      const what = `${view.width} ${view.scheme}`;
      await browser.open(leader.pageUrl, view);
      const { overflow, found, contrast } = await browser.evaluate<Examined>(examination);
      await browser.screenshot(join(screenshots, `${view.width}-${view.scheme}.png`));
      assert.equal(overflow, 0, what);
      assert.deepEqual(
        found,
        { header: 1, main: 1, footer: 1, h1: 1, search: 1, unnamedRegions: 0, tablesWithoutHeads: 0, lang: "en" },
        what,
      );
      assert.deepEqual(
        contrast.filter(({ ratio }) => ratio < 4.5),
        [],
        what,
      );
      assert.ok(contrast.length > 20, what);
    }
    assert.deepEqual(browser.complaints, []);
  } finally {
    await browser.stop();
  }
});

interface Examined {
  overflow: number;
  found: object;
  contrast: { text: string; ratio: number }[];
}

/** Runs in the page. Contrast as WCAG 2.2 defines it, of each element that has a text of its own. */
const examination = `(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const parse = (color) => { const [r, g, b, a = 1] = color.match(/[\\d.]+/g).map(Number); return { rgb: [r, g, b], a }; };
  const linear = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const backgroundOf = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const { rgb, a } = parse(getComputedStyle(each).backgroundColor);
      if (a === 1) return rgb;
    }
    return [255, 255, 255];
  };
  const contrast = all("body *").filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ""))
    .filter((element) => !element.closest(".skip, .hidden"))
    .map((element) => {
      const [a, b] = [luminance(parse(getComputedStyle(element).color).rgb), luminance(backgroundOf(element))].sort((x, y) => y - x);
      return { text: element.textContent.slice(0, 40), ratio: (a + 0.05) / (b + 0.05) };
    });
  const regions = all("section, [role=region]");
  const isNamed = (element) => document.getElementById(element.getAttribute("aria-labelledby"))?.textContent.trim();
  return {
    overflow: Math.max(0, document.documentElement.scrollWidth - innerWidth),
    found: {
      header: all("body header").length, main: all("main").length, footer: all("body footer").length, h1: all("h1").length,
      search: all("form[role=search] label[for=q]").length,
      unnamedRegions: regions.filter((element) => !isNamed(element)).length,
      tablesWithoutHeads: all("table").filter((table) => !table.querySelector("thead th[scope=col]") || !table.querySelector("tbody th[scope=row]")).length,
      lang: document.documentElement.lang,
    },
    contrast,
  };
})()`;
