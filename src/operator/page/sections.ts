/** The tables and lists of the page. Pure. */
import { formatMilliseconds } from "../plan/moves.ts";
import type { AddressRow } from "./addresses.ts";
import { type Html, html } from "./html.ts";
import type { Lane, Picture, Span } from "./lanes.ts";
import type { Rows } from "./model.ts";
import type { NodeRow } from "./nodes.ts";
import { count, countOf } from "./numbers.ts";
import { age, ago, bar, nothingShown, pager, section, shortList, table, tag, type View } from "./parts.ts";
import type { Problem } from "./problems.ts";
import type { PoolRow, ServerRow } from "./tables.ts";
import type { MoveRow } from "./timeline.ts";

const dash = html`<span class="muted">–</span>`;

/** So many names stand in the open. */
const namesShown = 4;

export function problemsSection(problems: readonly Problem[], view: View): Html {
  if (problems.length === 0) return html``;
  return html`<section id="problems" aria-labelledby="problems-title">
<div class="head"><h2 id="problems-title">Problems</h2><span class="muted">${count(problems.length)}</span></div>
<ul class="card problems">
${problems.map((problem) => problemItem(problem, view))}</ul>
</section>
`;
}

function problemItem({ severity, kind, objects, what, since, command }: Problem, { now }: View): Html {
  const isError = severity === "Error";
  const rest = objects.slice(namesShown);
  const names = objects.slice(0, namesShown).map((name, index) => html`${index > 0 ? ", " : ""}<strong class="name">${name}</strong>`);
  const more = html`<details><summary>and ${countOf(rest.length, "other")}</summary>${rest.map((name, index) => html`${index > 0 ? ", " : ""}${name}`)}</details>`;
  return html`<li class="${isError ? "error" : "warning"}"><div class="who">${tag(isError ? "bad" : "warn", severity)}<span><span class="muted">${kind}</span> ${names}</span>${since ? html`<span class="since">for ${age(since, now)}</span>` : undefined}</div>
${rest.length > 0 ? more : undefined}<p class="what">${what}</p>${command ? html`<code>${command}</code>` : undefined}</li>
`;
}

export function addressesSection(data: Rows<AddressRow>, view: View): Html {
  return table(
    {
      name: "addresses",
      title: "Addresses",
      data,
      none: "There is no VirtualIP, and no Service has an address.",
      columns: [
        { title: "Address", width: "keep", cell: ({ address }) => html`<span class="mono">${address}</span>` },
        { title: "Answered by", cell: holder },
        { title: "Service or VirtualIP", width: "room", cell: owner },
        { title: "Pool", cell: ({ pool }) => pool ?? dash },
        { title: "Since", width: "keep", cell: ({ since }) => ago(since, view.now) },
        { title: "Stand by, best first", width: "room", cell: standbys },
      ],
    },
    view,
  );
}

function owner({ owners, virtualIP }: AddressRow): Html {
  if (owners.length === 0) return html`<span class="name">${virtualIP}</span>`;
  return html`${shortList(owners, namesShown)}${virtualIP === undefined ? undefined : html`<span class="sub">${virtualIP}</span>`}`;
}

function holder({ nodes, state }: AddressRow): Html {
  if (state === "leaving") return tag("plain", "being deleted");
  if (state === "unanswered") return tag("bad", "nobody");
  if (state === "contested") return html`${tag("bad", nodes.join(" and "))}`;
  return html`${nodes.map((node) => tag("good", node))}`;
}

function standbys({ standbys, unfit }: AddressRow): Html {
  const names = standbys.length > 0 ? shortList(standbys, namesShown) : html`<span class="muted">none</span>`;
  return html`${names}${unfit.length > 0 ? html`<span class="sub">not ${shortList(unfit, namesShown)}</span>` : undefined}`;
}

const wellAgent: Record<string, "good" | "warn" | "bad"> = { Running: "good", Degraded: "warn", Starting: "warn" };

export function nodesSection(data: Rows<NodeRow>, answered: number, view: View): Html {
  return table(
    {
      name: "nodes",
      title: "Nodes",
      data,
      none: "There are no nodes, or they cannot be read.",
      columns: [
        { title: "Node", cell: ({ name, node }) => html`<span class="name">${name}</span><span class="sub">${node}</span>` },
        { title: "Agent", cell: ({ agent, lacks }) => html`${tag(wellAgent[agent] ?? "bad", agent)}${lackOf(lacks)}` },
        { title: "Answers for", cell: (row) => share(row, answered) },
        {
          title: "VirtualIPs",
          cell: ({ virtualIPs }) => (virtualIPs.length > 0 ? shortList(virtualIPs, namesShown) : dash),
        },
        { title: "Stands by", isNumber: true, cell: ({ backups }) => (backups === undefined ? dash : count(backups)) },
        { title: "Faults", isNumber: true, cell: ({ faults }) => (faults ? tag("bad", count(faults)) : (faults ?? dash)) },
        { title: "Version", width: "keep", cell: ({ version }) => version ?? dash },
        { title: "Last report", width: "keep", cell: ({ lastReport }) => ago(lastReport, view.now) },
      ],
    },
    view,
  );
}

function lackOf(lacks: readonly string[]): Html | undefined {
  return lacks.length > 0 ? html`<span class="sub">without ${lacks.join(", ")}</span>` : undefined;
}

function share({ name, addresses }: NodeRow, answered: number): Html {
  const text = countOf(addresses, "address", "addresses");
  const label = `${name} answers for ${addresses} of ${countOf(answered, "address", "addresses")}`;
  return html`<div class="share">${bar(answered > 0 ? addresses / answered : 0, label)}<span class="keep">${text}</span></div>`;
}

/** While pools cannot be read there is nothing to say of them. */
export function poolsSection(data: Rows<PoolRow> | undefined, view: View): Html | undefined {
  if (!data) return undefined;
  return table(
    {
      name: "pools",
      title: "Address pools",
      data,
      none: "There is no AddressPool: Services of type LoadBalancer get no addresses.",
      columns: [
        {
          title: "Pool",
          cell: ({ name, ranges }) => html`<span class="name">${name}</span><span class="sub mono">${shortList(ranges, namesShown)}</span>`,
        },
        { title: "Used", cell: ({ usages }) => html`${usages.map(usage)}` },
        { title: "Services", isNumber: true, cell: ({ services }) => count(services) },
        { title: "State", cell: ({ state, isWell }) => tag(isWell ? "good" : "bad", state) },
      ],
    },
    view,
  );
}

/** As the operator sees it: less than a tenth free is little. */
const scarce = 0.9;

function usage({ family, used, total, free }: PoolRow["usages"][number]): Html {
  const part = total > 0 ? (total - free) / total : 1;
  const text = `${count(used)} of ${count(total)}, ${count(free)} free`;
  const tone = free === 0 ? "full" : part > scarce ? "scarce" : "";
  return html`<div class="usage"><span class="muted">${family}</span>${bar(part, `${family}: ${text}`, tone)}<span class="keep">${text}</span></div>`;
}

export function serversSection(data: Rows<ServerRow>, view: View): Html | undefined {
  if (data.total === 0) return undefined;
  return table(
    {
      name: "servers",
      title: "Virtual servers",
      data,
      none: "",
      columns: [
        {
          title: "VirtualServer",
          cell: ({ name, service }) =>
            html`<span class="name">${name}</span>${service ? html`<span class="sub">for Service ${service}</span>` : undefined}`,
        },
        {
          title: "Serves",
          cell: ({ addresses, ports }) =>
            html`<span class="mono">${shortList(addresses, namesShown)}</span><span class="sub">${ports}</span>`,
        },
        { title: "Node", cell: ({ node }) => node ?? dash },
        { title: "Real servers up", cell: upOf },
        { title: "Forwarding", cell: ({ forwarding }) => forwarding ?? dash },
        { title: "State", cell: ({ state, isWell }) => tag(isWell ? "good" : "bad", state) },
      ],
    },
    view,
  );
}

function upOf({ up, total, name }: ServerRow): Html {
  if (up === undefined || total === undefined) return dash;
  const text = `${count(up)} of ${count(total)}`;
  const tone = up === 0 ? "full" : up < total ? "scarce" : "";
  return html`<div class="share">${bar(total > 0 ? up / total : 0, `${name}: ${text} up`, tone)}<span class="keep">${text}</span></div>`;
}

export function movesSection(data: Rows<MoveRow>, picture: Picture | undefined, view: View): Html {
  const body =
    data.found === 0
      ? html`<p class="none">${nothingShown(data, "No address has been answered for yet.", view)}</p>`
      : html`${picture && lanes(picture)}<ol class="moves">
${data.rows.map((move) => moveItem(move, view))}</ol>${pager("moves", data, view)}`;
  return section("moves", "Moves, newest first", data, body, view);
}

/** The list below says the same in words. */
function lanes(picture: Picture): Html {
  const quarters = [0, 1, 2, 3, 4].map(
    (quarter) => new Date(picture.from.getTime() + (quarter / 4) * (picture.to.getTime() - picture.from.getTime())),
  );
  const label = `Which node answered, from ${picture.from.toISOString()} to ${picture.to.toISOString()}; the list below says it in words`;
  return html`<div class="lanes" role="img" aria-label="${label}">
${picture.lanes.map((each) => lane(each, picture.nodes))}<div class="axis"><span></span><div>${quarters.map((time) => html`<span>${time.toISOString().slice(11, 16)}</span>`)}</div></div></div>
`;
}

/** For a name. */
const tooNarrow = 0.03;
/** As many colours as the style has; names stand in the spans as well. */
const colors = 8;

function lane({ virtualIP, spans }: Lane, nodes: readonly string[]): Html {
  const span = ({ node, from, to }: Span) => {
    const color = node === "" ? "nobody" : `node${nodes.indexOf(node) % colors}`;
    const name = node || "nobody";
    return html`<svg class="${color}" x="${percent(from)}" width="${percent(to - from)}" height="24"><title>${name}</title><rect width="100%" height="100%"></rect>${to - from < tooNarrow ? undefined : html`<text x="7" y="16.5">${name}</text>`}</svg>`;
  };
  return html`<div class="lane"><span class="name">${virtualIP}</span><svg width="100%" height="24">${spans.map(span)}</svg></div>
`;
}

function percent(part: number): string {
  return `${(part * 100).toFixed(3)}%`;
}

function moveItem(move: MoveRow, { now }: View): Html {
  const { time, virtualIPs, why, reason } = move;
  const [day = "", clock = ""] = new Date(time)
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .split("T");
  const kind = move.to === "" ? "lost" : move.from === "" ? "first" : "moved";
  return html`<li class="${kind}"><div class="at"><time datetime="${time}">${clock}</time><span class="sub">${day}, ${ago(time, now)}</span></div><div class="rail"></div><div class="body"><span class="route">${route(move)}</span> <span>${shortList(virtualIPs, namesShown)}</span>${silence(move)}<span class="sub">${why ? `${why} (${reason})` : reason}</span></div></li>
`;
}

function route({ from, to }: MoveRow): Html {
  if (from === "") return html`<span class="name">${to}</span> answers for`;
  const arrow = html`<span class="arrow" role="img" aria-label="to">→</span>`;
  return html`<span class="name">${from}</span> ${arrow} <span class="name">${to || "nobody"}</span>`;
}

function silence({ durationsMs: [least, most] }: MoveRow): Html | undefined {
  if (least === undefined || most === undefined) return undefined;
  const [from, to] = [formatMilliseconds(least), formatMilliseconds(most)];
  return html` ${tag("plain", `${from === to ? from : `${from}–${to}`} ms`)}`;
}
