/** What the nodes of a virtual router track → spec.track, and what differs on single nodes. */
import { isDeepStrictEqual } from "node:util";
import type { VirtualIPSpec } from "../../api/virtualIP.ts";
import { UniqueNames } from "../plan/names.ts";
import { withoutDefaults } from "./defaults.ts";
import type { Cluster, Member } from "./members.ts";

/** As it is written: without what the schema assumes. */
export type ImportedTrack = { name: string } & Partial<NonNullable<VirtualIPSpec["track"]>[number]>;

export interface MergedTracks {
  /** Of all nodes. */
  common: ImportedTrack[];
  /** By the name of the node: what it tracks besides, or otherwise. */
  overrides: Map<string, ImportedTrack[]>;
}

/** What all nodes track is common, as the first has it; a node may have more, but not less. */
export function mergeTracks(cluster: Cluster): MergedTracks {
  const names = new TrackNames();
  const perNode = cluster.map((member) => ({ node: member.node.name, tracks: readTracks(member, names) }));
  const [first, ...others] = perNode;
  const common = (first?.tracks ?? []).filter(({ name }) => others.every(({ tracks }) => tracks.some((track) => track.name === name)));
  const overrides = perNode.map(({ node, tracks }): [string, ImportedTrack[]] => [
    node,
    tracks.filter((track) => !common.some((other) => isDeepStrictEqual(other, track))),
  ]);
  return { common, overrides: new Map(overrides.filter(([, tracks]) => tracks.length > 0)) };
}

function readTracks({ node, router }: Member, names: TrackNames): ImportedTrack[] {
  return (router.track ?? []).flatMap(({ check, interface: link, weight, reverse }): ImportedTrack[] => {
    const effect = withoutDefaults({ weight, reverse }, { weight: 0, reverse: false });
    if (link !== undefined) return [{ name: names.of(`interface ${link}`, link), interface: link, ...effect }];
    const defined = node.loaded.spec.checks?.find(({ name }) => name === check);
    if (!defined) return [];
    const { name, ...fields } = defined;
    return [{ name: names.of(`check ${name}`, name), ...withoutDefaults(fields, timing), ...effect }];
  });
}

const timing = { interval: "1s", rise: 1, fall: 1, initial: "Up" };

/** The same thing gets the same name on each node; two things never do. */
class TrackNames {
  readonly #given = new Map<string, string>();
  readonly #unique = new UniqueNames();

  of(thing: string, wanted: string): string {
    const given = this.#given.get(thing) ?? this.#unique.take(trackName(wanted));
    this.#given.set(thing, given);
    return given;
  }
}

/** Letters, digits, `-`, `_` and `.`, a letter or digit at both ends. */
function trackName(text: string): string {
  const name = text
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .slice(0, 60)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
  return name || "check";
}
