/** What the status page says: facts and what was asked for → texts and rows. Pure. */
import { findCondition } from "../../api/condition.ts";
import type { ClusterView } from "../plan/cluster.ts";
import { type AddressRow, addressRows } from "./addresses.ts";
import type { PageFacts, PageQuery } from "./facts.ts";
import { drawLanes, type Picture } from "./lanes.ts";
import { type NodeRow, nodeRows } from "./nodes.ts";
import { count, countOf } from "./numbers.ts";
import { findProblems, type Problem } from "./problems.ts";
import { type PoolRow, poolRows, type ServerRow, serverRows } from "./tables.ts";
import { type MoveRow, moveRows } from "./timeline.ts";

/** One page of a table. */
export interface Rows<Row> {
  rows: Row[];
  /** From 1 on. */
  page: number;
  pages: number;
  /** Rows that the filter lets through. */
  found: number;
  /** Rows without the filter. */
  total: number;
}

export interface Figure {
  label: string;
  value: string;
  note?: string;
  isWell: boolean;
}

export interface PageModel {
  title: string;
  verdict: { tone: "good" | "bad" | "unknown"; text: string; detail: string };
  /** What the reader must know of the page itself. */
  notices: string[];
  figures: Figure[];
  /** Addresses that one node answers for. */
  answered: number;
  problems: Problem[];
  addresses: Rows<AddressRow>;
  nodes: Rows<NodeRow>;
  /** Whether anything is known that tables could show. */
  hasTables: boolean;
  pools?: Rows<PoolRow>;
  servers: Rows<ServerRow>;
  moves: Rows<MoveRow>;
  /** Of those moves; absent while there were none lately. */
  picture?: Picture;
}

/** So that the page stays small in a large cluster. */
const rowsPerPage = { addresses: 150, nodes: 100, pools: 100, servers: 100, moves: 40 };
export type TableName = keyof typeof rowsPerPage;
export const tableNames = Object.keys(rowsPerPage) as TableName[];

const empty: ClusterView = { virtualIPs: [], nodes: [], agents: [] };

export function makeModel(facts: PageFacts, query: PageQuery): PageModel {
  const cluster = facts.cluster ?? empty;
  const addresses = addressRows(cluster);
  const nodes = nodeRows(cluster, addresses);
  const problems = findProblems(facts, addresses);
  const verdict = facts.cluster ? judge(addresses, problems) : nothingKnown;
  const words = query.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const related = relationsOf(addresses.filter((row) => isMatch(row, words)));
  const table = <Row extends object>(name: TableName, rows: Row[], namesOf: (row: Row) => readonly string[] = () => []) => {
    const found = rows.filter((row) => isMatch(row, words) || namesOf(row).some((each) => related.has(each)));
    return pageOf(found, rows.length, name, query);
  };
  const moves = table("moves", moveRows(cluster.virtualIPs), ({ virtualIPs }) => virtualIPs);
  const moved = new Set(moves.rows.flatMap(({ virtualIPs }) => virtualIPs));
  return {
    title: titleOf(verdict.tone, problems.length, facts),
    verdict,
    notices: noticesOf(facts),
    figures: facts.cluster ? figuresOf(facts, addresses, nodes) : [],
    answered: addresses.filter(({ state }) => state === "answered").length,
    problems,
    addresses: table("addresses", addresses),
    nodes: table("nodes", nodes, ({ virtualIPs }) => virtualIPs),
    hasTables: facts.cluster !== undefined,
    pools: cluster.pools && table("pools", poolRows(cluster.pools), ({ name }) => [name]),
    servers: table("servers", serverRows(cluster)),
    moves,
    picture: drawLanes(
      cluster.virtualIPs.filter(({ name }) => moved.has(name)),
      facts.now,
    ),
  };
}

type Verdict = PageModel["verdict"];

const nothingKnown: Verdict = {
  tone: "unknown",
  text: "Nothing is known yet",
  detail: "The API server has not answered this replica so far. What runs on the nodes goes on, and fails over, without it.",
};

function judge(addresses: readonly AddressRow[], problems: readonly Problem[]): Verdict {
  const counted = addresses.filter(({ state }) => state !== "leaving");
  const answered = counted.filter(({ state }) => state === "answered").length;
  const all = countOf(counted.length, "address", "addresses");
  const summary =
    answered === counted.length
      ? `${counted.length === 1 ? "The one address is" : `All ${all} are`} answered`
      : `${count(answered)} of ${all} ${answered === 1 ? "is" : "are"} answered`;
  if (problems.length > 0) {
    return {
      tone: "bad",
      text: countOf(problems.length, "problem"),
      detail: counted.length > 0 ? `${summary}.` : "There are no addresses yet.",
    };
  }
  if (answered < counted.length) return { tone: "unknown", text: summary, detail: "The nodes elect, or wait for the operator." };
  if (counted.length > 0) return { tone: "good", text: summary, detail: "Nothing needs attention." };
  return { tone: "unknown", text: "No addresses yet", detail: "Create a VirtualIP, or an AddressPool and a Service of type LoadBalancer." };
}

/** The problems first: it is what a tab shows. */
function titleOf(tone: Verdict["tone"], problems: number, { staleSince }: PageFacts): string {
  const state = tone === "unknown" && problems === 0 ? "" : problems === 0 ? "OK" : countOf(problems, "problem");
  return [...(staleSince ? ["old data"] : []), ...(state ? [state] : []), "Aloft"].join(" · ");
}

function noticesOf({ cluster, missing, staleSince, replica, now }: PageFacts): string[] {
  const seconds = staleSince && Math.round((now.getTime() - staleSince.getTime()) / 1000);
  return [
    ...(staleSince
      ? [
          `The API server has not been heard of since ${staleSince.toISOString().replace(/\.\d+Z$/, "Z")}, ${seconds} s ago: all below is as it was then. The nodes go on, and fail over, without it.`,
        ]
      : []),
    ...(cluster && missing.length > 0 ? [`Could not be read, and is missing below: ${missing.join(", ")}.`] : []),
    ...(replica.leads || replica.leader === ""
      ? []
      : [`This replica stands by; ${replica.leader} leads. What is shown is read from the API server all the same.`]),
  ];
}

function figuresOf({ cluster = empty, services }: PageFacts, addresses: readonly AddressRow[], nodes: readonly NodeRow[]): Figure[] {
  const counted = addresses.filter(({ state }) => state !== "leaving");
  const answered = counted.filter(({ state }) => state === "answered").length;
  const ready = cluster.virtualIPs.filter(({ status }) => findCondition(status.conditions, "Ready")?.status === "True").length;
  const living = nodes.filter(({ isWell }) => isWell).length;
  const withAddress = new Set(addresses.flatMap(({ owners }) => owners)).size;
  const share = (label: string, part: number, whole: number, note?: string): Figure => ({
    label,
    value: part === whole ? count(whole) : `${count(part)} / ${count(whole)}`,
    note,
    isWell: part === whole,
  });
  return [
    share("Addresses answered", answered, counted.length),
    share("Nodes well", living, nodes.length),
    share("VirtualIPs ready", ready, cluster.virtualIPs.length),
    ...(services ? [{ label: "Services with addresses", value: count(withAddress), isWell: true }] : []),
  ];
}

/** Names of what belongs to the addresses that the filter lets through: their moves and nodes are looked for, too. */
function relationsOf(rows: readonly AddressRow[]): Set<string> {
  return new Set(rows.flatMap(({ virtualIP, pool }) => [virtualIP ?? [], pool ?? []].flat()));
}

function pageOf<Row extends object>(found: Row[], total: number, name: TableName, { pages }: PageQuery): Rows<Row> {
  const size = rowsPerPage[name];
  const last = Math.max(1, Math.ceil(found.length / size));
  const page = Math.min(Math.max(1, pages.get(name) ?? 1), last);
  return { rows: found.slice((page - 1) * size, page * size), page, pages: last, found: found.length, total };
}

/** Whether the texts of the row have all words. */
function isMatch(row: object, words: readonly string[]): boolean {
  const text = Object.values(row)
    .flat()
    .filter((value) => typeof value === "string")
    .join("\n")
    .toLowerCase();
  return words.every((word) => text.includes(word));
}
