/** What would be refused, or lost, once it is applied. Pure. */
import { addressPoolSchema } from "../api/addressPool.ts";
import { holds, intersection, parseRange } from "../api/addressRange.ts";
import { formatAddress, parseAddress } from "../api/ipAddress.ts";
import { formatPath } from "../api/unknownFields.ts";
import { virtualIPSchema } from "../api/virtualIP.ts";
import type { MigratedObject, MigratedPool } from "./objects.ts";
import type { ReadService } from "./services.ts";

export function hasAddress({ ranges }: MigratedPool, text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && ranges.some((range) => holds(range, address));
}

export function reportHomeless(services: readonly ReadService[], pools: readonly MigratedPool[]): void {
  for (const { manifest, addresses } of services)
    for (const address of addresses.filter((each) => pools.every((pool) => !hasAddress(pool, each))))
      manifest.warn([], `${address} is in no pool of the input: it would not keep it`, "reference");
}

export function reportOverlaps(pools: readonly MigratedPool[], virtualIPs: readonly MigratedObject[]): void {
  const addresses = virtualIPs.flatMap(({ object, from }) => {
    const { data } = virtualIPSchema.safeParse(object);
    const ranges = (data?.spec.addresses ?? []).flatMap(({ address }) => parseRange(address) ?? []);
    return [{ object, from, ranges }];
  });
  const all = [...pools, ...addresses];
  for (const [index, { object, from, ranges }] of all.entries()) {
    for (const other of all.slice(0, index)) {
      const [common] = ranges.flatMap((range) => other.ranges.flatMap((each) => intersection(range, each) ?? []));
      if (!common) continue;
      const first = formatAddress({ family: common.family, bits: common.first });
      const what = `${first} is in ${titleOf(object)} and in ${titleOf(other.object)}: expected addresses that stand in one alone`;
      from[0]?.fail([], what, "conflict");
    }
  }
}

const titleOf = ({ kind, metadata }: MigratedObject["object"]) => `${kind} ${metadata.name}`;

/** What others allow and the API does not. */
export function reportIssues({ object, from: [first] }: MigratedObject): void {
  if (!first || first.hasErrors) return;
  const schema = object.kind === "AddressPool" ? addressPoolSchema : virtualIPSchema;
  for (const { path, message } of schema.safeParse(object).error?.issues ?? [])
    first.fail([], `${titleOf(object)}: ${formatPath(path)}${shown(valueAt(object, path))}: ${message}`);
}

const valueAt = (object: unknown, path: readonly PropertyKey[]) =>
  path.reduce<unknown>((value, key) => (value as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key], object);

const shown = (value: unknown) => (typeof value === "string" ? ` "${value}"` : "");
