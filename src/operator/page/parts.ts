/** Small parts that the sections share. Pure. */
import { formatAge } from "../plan/words.ts";
import type { PageQuery } from "./facts.ts";
import { type Content, type Html, html } from "./html.ts";
import type { Rows, TableName } from "./model.ts";
import { count } from "./numbers.ts";
import { linkToPage } from "./query.ts";

export type Tone = "good" | "bad" | "warn" | "plain";

/** What is known besides the rows. */
export interface View {
  query: PageQuery;
  now: Date;
}

export function tag(tone: Tone, text: string): Html {
  return html`<span class="tag ${tone} name">${text}</span>`;
}

/** "5m40s", with the time itself for who looks closer. */
export function age(time: string | undefined, now: Date): Html {
  if (time === undefined || Number.isNaN(Date.parse(time))) return html`<span class="muted">–</span>`;
  return html`<time datetime="${time}" title="${time}">${formatAge(time, now)}</time>`;
}

export function ago(time: string | undefined, now: Date): Html {
  return time === undefined ? age(time, now) : html`${age(time, now)} ago`;
}

/** The first few, and how many more. */
export function shortList(items: readonly string[], most: number): Html {
  const shown = items.slice(0, most).map((item, index) => html`${index > 0 ? ", " : ""}<span class="name">${item}</span>`);
  const rest = items.length - most;
  return html`${shown}${rest > 0 ? html` <span class="muted">and ${count(rest)} more</span>` : undefined}`;
}

/** Of `part` in `whole`, from 0 to 1. */
export function bar(share: number, label: string, tone = ""): Html {
  const width = (Math.min(1, Math.max(0, share)) * 100).toFixed(1);
  return html`<svg class="bar ${tone}" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="${label}"><rect width="${width}" height="8"></rect></svg>`;
}

export interface Column<Row> {
  title: string;
  /** Numbers stand at the right. */
  isNumber?: boolean;
  /** Not broken into lines; or only when it has had some room. */
  width?: "keep" | "room";
  cell: (row: Row) => Content;
}

export interface Table<Row> {
  name: TableName;
  title: string;
  data: Rows<Row>;
  /** The first one heads its row. */
  columns: readonly Column<Row>[];
  /** What it says when there are none. */
  none: string;
}

export function table<Row>({ name, title, data, columns, none }: Table<Row>, view: View): Html {
  const heads = columns.map(({ title: text, isNumber }) => html`<th scope="col"${classes(isNumber && "number")}>${text}</th>`);
  const rows = data.rows.map((row) => html`<tr>${columns.map((column, index) => cell(column, row, index === 0))}</tr>\n`);
  const body =
    data.found > 0
      ? html`<div class="scroll" role="region" aria-labelledby="${name}-title" tabindex="0"><table>
<thead><tr>${heads}</tr></thead>
<tbody>
${rows}</tbody></table></div>${pager(name, data, view)}`
      : html`<p class="none">${nothingShown(data, none, view)}</p>`;
  return section(name, title, data, body, view);
}

/** With its title and how many there are. */
export function section(name: TableName, title: string, data: Rows<unknown>, body: Html, { query }: View): Html {
  const number = query.filter === "" ? count(data.total) : `${count(data.found)} of ${count(data.total)}`;
  return html`<section id="${name}" aria-labelledby="${name}-title">
<div class="head"><h2 id="${name}-title">${title}</h2><span class="muted">${number}</span></div>
<div class="card">${body}</div>
</section>
`;
}

export function nothingShown({ total }: Rows<unknown>, none: string, { query }: View): string {
  return total > 0 ? `None of ${count(total)} has “${query.filter}”.` : none;
}

function cell<Row>({ isNumber, width, cell: content }: Column<Row>, row: Row, isHead: boolean): Html {
  const attributes = classes(isNumber && "number", width);
  return isHead ? html`<th scope="row"${attributes}>${content(row)}</th>` : html`<td${attributes}>${content(row)}</td>`;
}

function classes(...names: (string | false | undefined)[]): Html | undefined {
  const given = names.filter(Boolean).join(" ");
  return given === "" ? undefined : html` class="${given}"`;
}

export function pager(name: TableName, { page, pages, found, rows }: Rows<unknown>, { query }: View): Html | undefined {
  if (pages <= 1) return undefined;
  const last = page === pages ? found : page * rows.length;
  const link = (to: number, text: string) =>
    to < 1 || to > pages ? undefined : html`<a href="${linkToPage(query, name, to)}">${text}</a>`;
  return html`<nav class="pages" aria-label="Pages of ${name}"><span>${count(last - rows.length + 1)}–${count(last)} of ${count(found)}, page ${page} of ${pages}</span>${link(page - 1, "Previous")}${link(page + 1, "Next")}</nav>`;
}
