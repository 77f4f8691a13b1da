/** Spreads addresses over the VirtualIPs of a pool. Pure: what is in one stays, newcomers go where the fewest are. */

export interface ShardMember {
  key: string;
  /** How many addresses. */
  size: number;
  /** The shard that it is in. */
  current?: string;
}

export interface ShardQuestion {
  members: readonly ShardMember[];
  /** Names in order of preference. */
  shards: readonly string[];
  /** How many addresses one of them carries. */
  capacity: number;
}

/** The shard of each member, by its key; absent where none has room. */
export function placeInShards({ members, shards, capacity }: ShardQuestion): Map<string, string> {
  const load = new Map(shards.map((name) => [name, 0]));
  const places = new Map<string, string>();
  const put = ({ key, size }: ShardMember, name: string | undefined): boolean => {
    const present = name === undefined ? undefined : load.get(name);
    if (name === undefined || present === undefined || present + size > capacity) return false;
    load.set(name, present + size);
    places.set(key, name);
    return true;
  };
  const ordered = [...members].sort((a, b) => (a.key < b.key ? -1 : 1));
  const moving = ordered.filter((member) => !put(member, member.current));
  for (const member of moving) {
    const [emptiest] = [...load].sort(([, a], [, b]) => a - b);
    put(member, emptiest?.[0]);
  }
  return places;
}
