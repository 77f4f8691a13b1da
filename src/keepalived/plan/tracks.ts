/** What an instance tracks: its own lists, those of its sync group, and the interfaces that its addresses, routes and rules need. */
import type { VirtualRouterSpec } from "../../api/nodeAgent.ts";
import type { CheckedBlock, CheckedStatement } from "../checkedBlock.ts";
import { type Diagnostics, type Position, quote } from "../diagnostic.ts";
import { optionNumber } from "./addresses.ts";
import type { CheckSource, Checks, DefinedCheck } from "./checks.ts";

type Track = NonNullable<VirtualRouterSpec["track"]>[number];

interface Tracked {
  /** Of an interface its name. */
  what: DefinedCheck | string;
  weight: number;
  reverse: boolean;
  position: Position;
}

export interface TrackingOptions {
  block: CheckedBlock;
  /** Of the sync group. */
  group: CheckedBlock | undefined;
  /** Group members keep their weights: sync_group_tracking_weight. */
  keepWeights: boolean;
  /** The instance, or a member of its group, is the address owner: its priority stays 255. */
  isOwner: boolean;
  groupHasOwner: boolean;
  ownInterface: string;
  /** Without one of these the instance cannot have what it shall have while it is MASTER. */
  neededInterfaces: ReadonlySet<string>;
  checks: Checks;
  diagnostics: Diagnostics;
}

const lists: Record<string, CheckSource | "interface"> = {
  track_interface: "interface",
  track_script: "script",
  track_file: "file",
  track_process: "process",
};

/** As keepalived puts them together. */
export function planTracks(options: TrackingOptions): Track[] {
  const tracked = new Map<Tracked["what"], Tracked>();
  for (const one of readLists(options.block, options)) {
    const allowed = withAllowedWeight(one, options);
    if (allowed) tracked.set(allowed.what, allowed);
  }
  for (const name of options.neededInterfaces) if (name !== options.ownInterface) trackNeeded(name, tracked, options);
  for (const one of options.group ? readLists(options.group, options) : []) {
    const own = tracked.get(one.what);
    // Without a weight it stays what it is: FAULT.
    if (own && own.weight === 0) continue;
    tracked.set(
      one.what,
      options.groupHasOwner ? withoutWeight(one, "a member of the group is the address owner", options.diagnostics) : one,
    );
  }
  return [...tracked.values()].map((one) => writeTrack(one, options.checks));
}

function readLists(block: CheckedBlock, { checks, ownInterface, diagnostics }: TrackingOptions): Tracked[] {
  const seen = new Set<Tracked["what"]>();
  return Object.entries(lists).flatMap(([keyword, source]) =>
    block.items(keyword).flatMap((line) => {
      const name = line.text("name") ?? "";
      const what = source === "interface" ? name : checks.find(source, name);
      if (what === undefined) return [];
      if (seen.has(what)) {
        diagnostics.warning("ignored", line.position, `${quote(name)} is tracked already: this line is ignored`);
        return [];
      }
      seen.add(what);
      if (what === ownInterface) {
        diagnostics.warning("ignored", line.position, `${quote(name)} is the instance's own interface: it is tracked anyway`);
        return [];
      }
      return [readLine(line, what, diagnostics)];
    }),
  );
}

function readLine(line: CheckedStatement, what: Tracked["what"], diagnostics: Diagnostics): Tracked {
  const defaults = typeof what === "string" ? { weight: 0, reverse: false } : what;
  const written = optionNumber(line.option("weight")) ?? defaults.weight;
  const weight = Math.max(-mostWeight, Math.min(mostWeight, written));
  if (weight !== written) diagnostics.warning("value", line.position, `weight ${written} is taken for ${weight}`);
  const reverse = line.has("reverse") || (defaults.reverse && !line.has("noreverse"));
  return { what, weight, reverse, position: line.position };
}

const mostWeight = 253;

/** Members of a group must not differ in their priorities, and an owner's never changes. Undefined: not tracked at all. */
function withAllowedWeight(one: Tracked, options: TrackingOptions): Tracked | undefined {
  const inGroup = options.group !== undefined && !options.keepWeights;
  if (one.weight === 0 || (!inGroup && !options.isOwner) || sourceOf(one) === "process") return one;
  const reason = inGroup ? "the instance is in a sync group" : "the instance is the address owner";
  const isDefault = sourceOf(one) === "file" && one.weight === 1;
  if (isDefault || (sourceOf(one) === "interface" && inGroup)) return withoutWeight(one, reason, options.diagnostics);
  options.diagnostics.warning("ignored", one.position, `${describe(one)} with a weight is not tracked, as in keepalived: ${reason}`);
  return undefined;
}

function withoutWeight(one: Tracked, reason: string, diagnostics: Diagnostics): Tracked {
  if (one.weight !== 0)
    diagnostics.warning("ignored", one.position, `the weight of ${describe(one)} is ignored, as in keepalived: ${reason}`);
  return { ...one, weight: 0 };
}

function trackNeeded(name: string, tracked: Map<Tracked["what"], Tracked>, { diagnostics, block }: TrackingOptions): void {
  const own = tracked.get(name);
  if (own && own.weight !== 0) {
    const message = `the weight of ${describe(own)} is ignored, as in keepalived: addresses, routes or rules of the instance need it`;
    diagnostics.warning("ignored", own.position, message);
  }
  tracked.set(name, { what: name, weight: 0, reverse: false, position: own?.position ?? block.position });
}

function sourceOf({ what }: Tracked): CheckSource | "interface" {
  return typeof what === "string" ? "interface" : what.source;
}

function describe(one: Tracked): string {
  return quote(typeof one.what === "string" ? one.what : (one.what.statement.text("name") ?? ""));
}

/** `reverse` negates what is added, here as there. */
function writeTrack({ what, weight, reverse }: Tracked, checks: Checks): Track {
  const subject = typeof what === "string" ? { interface: what } : { check: checks.use(what) };
  return { ...subject, weight, reverse };
}
