/** What the address of the page asks for, and links that ask for something else. Pure. */
import type { PageQuery } from "./facts.ts";
import { type TableName, tableNames } from "./model.ts";

const longestFilter = 200;
const refreshLimits = { least: 5, most: 3600 };

export function parseQuery(parameters: URLSearchParams): PageQuery {
  const filter = (parameters.get("q") ?? "").trim().slice(0, longestFilter);
  const pages = tableNames.flatMap((name): [string, number][] => {
    const page = wholeNumber(parameters.get(name));
    return page === undefined ? [] : [[name, page]];
  });
  const seconds = wholeNumber(parameters.get("refresh"));
  const { least, most } = refreshLimits;
  const refreshSeconds = seconds === undefined ? undefined : Math.min(Math.max(seconds, least), most);
  return { filter, pages: new Map(pages), refreshSeconds };
}

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^[1-9][0-9]{0,5}$/.test(text) ? Number(text) : undefined;
}

/** The same page with something changed: an address without a host. */
export function linkTo(query: PageQuery, change: Partial<PageQuery>): string {
  const { filter, pages, refreshSeconds } = { ...query, ...change };
  const parameters = new URLSearchParams();
  if (filter) parameters.set("q", filter);
  for (const [name, page] of pages) if (page > 1) parameters.set(name, String(page));
  if (refreshSeconds !== undefined) parameters.set("refresh", String(refreshSeconds));
  const text = parameters.toString();
  return text === "" ? "/" : `/?${text}`;
}

export function linkToPage(query: PageQuery, table: TableName, page: number): string {
  return `${linkTo(query, { pages: new Map([...query.pages, [table, page]]) })}#${table}`;
}
