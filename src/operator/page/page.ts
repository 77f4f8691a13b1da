/** The status page as one document without script, and without anything from elsewhere. Pure. */
import type { PageFacts, PageQuery } from "./facts.ts";
import { Html, html } from "./html.ts";
import { makeModel, type PageModel } from "./model.ts";
import type { View } from "./parts.ts";
import { linkTo } from "./query.ts";
import { addressesSection, movesSection, nodesSection, poolsSection, problemsSection, serversSection } from "./sections.ts";
import { style } from "./style.ts";

export function renderPage(facts: PageFacts, query: PageQuery): string {
  const model = makeModel(facts, query);
  const view: View = { query, now: facts.now };
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${model.title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${query.refreshSeconds === undefined ? undefined : html`<meta http-equiv="refresh" content="${query.refreshSeconds}">\n`}<link rel="icon" href="${icons[model.verdict.tone]}">
<style>${new Html(style)}</style>
</head>
<body>
<a class="skip" href="#main">To the content</a>
<div class="wrap">
${header(facts, query)}<main id="main">
${notices(model, facts)}${verdict(model)}${model.hasTables ? tools(view) : undefined}${problemsSection(model.problems, view)}${model.hasTables ? tables(model, view) : undefined}</main>
<footer>Aloft ${facts.version}. This page only reads: <code>kubectl vip</code> moves and explains. Times are UTC; since when a node answers is by its own clock.</footer>
</div>
</body>
</html>
`.text;
}

function tables(model: PageModel, view: View): Html {
  const { addresses, nodes, answered, pools, servers, moves, picture } = model;
  return html`${addressesSection(addresses, view)}${nodesSection(nodes, answered, view)}${poolsSection(pools, view)}${serversSection(servers, view)}${movesSection(moves, picture, view)}`;
}

const strokes = `fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"`;
const marks: Record<PageModel["verdict"]["tone"], Html> = {
  good: new Html(`<svg viewBox="0 0 24 24" aria-hidden="true" ${strokes}><path d="M5 12.5l4.5 4.5L19 7.5"/></svg>`),
  bad: new Html(`<svg viewBox="0 0 24 24" aria-hidden="true" ${strokes}><path d="M12 5v9M12 18.5v.01"/></svg>`),
  unknown: new Html(`<svg viewBox="0 0 24 24" aria-hidden="true" ${strokes}><path d="M6 12h.01M12 12h.01M18 12h.01"/></svg>`),
};
const brand = new Html(
  `<svg viewBox="0 0 24 24" aria-hidden="true" ${strokes}><path d="M12 3.5l6 6M12 3.5l-6 6M12 3.5V14"/><path d="M4 20h16" opacity=".55"/></svg>`,
);

const dot = (color: string) =>
  `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="${color}"/></svg>`)}`;
const icons: Record<PageModel["verdict"]["tone"], string> = { good: dot("#1f9d63"), bad: dot("#d43d33"), unknown: dot("#7d8996") };

function header({ replica, now }: PageFacts, query: PageQuery): Html {
  const time = now.toISOString().replace(/\.\d+Z$/, "Z");
  return html`<header class="top"><a class="brand" href="${linkTo(query, { filter: "", pages: new Map() })}">${brand}<span>Aloft</span></a><span class="where">as seen by <span class="name">${replica.identity}</span>, ${replica.leads ? "which leads" : "which stands by"}</span><span class="when"><time datetime="${time}">${time.replace("T", " ")}</time></span></header>
`;
}

function notices({ notices: texts }: PageModel, { staleSince }: PageFacts): Html {
  return html`${texts.map((text, index) => html`<p class="notice ${staleSince && index === 0 ? "" : "info"}" role="status">${text}</p>\n`)}`;
}

function verdict({ verdict: { tone, text, detail }, figures }: PageModel): Html {
  const items = figures.map(
    ({ label, value, isWell }) => html`<div class="${isWell ? "on" : "off"}"><dt>${label}</dt><dd>${value}</dd></div>`,
  );
  return html`<div class="verdict ${tone}"><div class="line"><span class="mark">${marks[tone]}</span><div><h1>${text}</h1><p>${detail}</p></div></div>
${items.length > 0 ? html`<dl class="figures">${items}</dl>` : undefined}</div>
`;
}

function tools({ query }: View): Html {
  const { filter, refreshSeconds } = query;
  const kept = refreshSeconds === undefined ? undefined : html`<input type="hidden" name="refresh" value="${refreshSeconds}">`;
  const clear = filter === "" ? undefined : html` <a href="${linkTo(query, { filter: "", pages: new Map() })}">Show all</a>`;
  const refresh =
    refreshSeconds === undefined
      ? html`<a href="${linkTo(query, { refreshSeconds: 10 })}">Refresh every 10 s</a>`
      : html`Refreshed every ${refreshSeconds} s. <a href="${linkTo(query, { refreshSeconds: undefined })}">Stop</a>`;
  return html`<div class="tools"><form method="get" action="/" role="search"><label class="hidden" for="q">Show only rows with</label><input type="search" id="q" name="q" value="${filter}" placeholder="Address, Service, node …" maxlength="200">${kept}<button type="submit">Filter</button>${clear}</form><span>${refresh}</span></div>
`;
}
