/** The ConfigMap of kube-vip's cloud provider: addresses by namespace → AddressPools. */
import { z } from "zod";
import { type AddressRange, formatRange, mergeRanges } from "../../api/addressRange.ts";
import type { Manifest } from "../manifest.ts";
import { type MigratedPool, makePool } from "../objects.ts";
import { expectedRange, readRange, type WrittenRange, withoutEnds } from "../ranges.ts";
import { namespaceNameLabel } from "../selectors.ts";

export const configMapName = "kubevip";

const dataSchema = z.record(z.string(), z.string());
type Data = z.infer<typeof dataSchema>;

/** What is for every namespace that has none of its own. */
const everybody = "global";
const scoped = /^(cidr|range|interface|allow-share)-(.+)$/;
const settings = ["search-order", "skip-end-ips-in-cidr"];

/**
 * @param link the interface of Services, as the DaemonSet names it.
 * @param nameOf gives a name that an AddressPool may have.
 */
export function kubeVipPools(manifest: Manifest, link: string | undefined, nameOf: (wanted: string) => string): MigratedPool[] {
  const data = manifest.read("data", dataSchema);
  if (!data) return [];
  for (const key of Object.keys(data))
    if (!scoped.test(key) && !settings.includes(key)) manifest.warn(["data", key], "unknown here: ignored", "unknown-keyword");
  if (data["search-order"] === "desc") manifest.warn(["data", "search-order"], "the lowest free address comes first", "not-offered");
  const scopes = [...new Set(Object.keys(data).flatMap((key) => /^(?:cidr|range)-(.+)$/.exec(key)?.[1] ?? []))];
  const own = scopes.filter((scope) => scope !== everybody && sourceOf(data, scope)?.endsWith(`-${scope}`));
  return scopes.flatMap((scope) => migrateScope({ manifest, data, scope, own, link, nameOf }));
}

interface Scope {
  manifest: Manifest;
  data: Data;
  scope: string;
  /** Namespaces with addresses of their own: they never get those of everybody. */
  own: readonly string[];
  link: string | undefined;
  nameOf(wanted: string): string;
}

function migrateScope({ manifest, data, scope, own, link, nameOf }: Scope): MigratedPool[] {
  const source = sourceOf(data, scope);
  for (const kind of ["cidr", "range"]) {
    const key = `${kind}-${scope}`;
    if (data[key] !== undefined && key !== source) manifest.warn(["data", key], `kube-vip takes ${source} instead: left out`, "difference");
  }
  if (!source?.endsWith(`-${scope}`)) return [];
  const written = rangesOf(manifest, data, source);
  const merged = withoutRepeats(written);
  if (merged.length === 0) return [];
  reportSharing(manifest, data, scope);
  const usual = data[`interface-${scope}`] ?? data[`interface-${everybody}`] ?? link;
  const others = { matchExpressions: [{ key: namespaceNameLabel, operator: "NotIn" as const, values: [...own] }] };
  const spec = {
    addresses: merged.map(({ text }) => text),
    ...(scope === everybody ? own.length > 0 && { namespaceSelector: others } : { namespaces: [scope] }),
    // kube-vip lets any Services have one address.
    sharing: "Cluster" as const,
    ...(usual !== undefined && usual !== "" && { virtualIP: { interface: usual } }),
  };
  const ranges: AddressRange[] = merged.map(({ range }) => range);
  return [{ object: makePool(nameOf(scope), spec), from: [manifest], ranges, origin: scope }];
}

/** CIDRs of everybody come before ranges of the namespace. */
function sourceOf(data: Data, scope: string): string | undefined {
  return [`cidr-${scope}`, `cidr-${everybody}`, `range-${scope}`, `range-${everybody}`].find((key) => data[key] !== undefined);
}

function rangesOf(manifest: Manifest, data: Data, key: string): WrittenRange[] {
  const path = ["data", key];
  return (data[key] ?? "").split(",").flatMap((part) => {
    const text = part.trim();
    if (text === "0.0.0.0/32") {
      manifest.warn(path, "0.0.0.0/32 stands for DHCP, which is not offered: left out", "not-offered");
      return [];
    }
    const written = readRange(text);
    if (!written) manifest.fail(path, `expected ${expectedRange}, got "${text}"`);
    if (!written) return [];
    if (written.network)
      manifest.warn(path, `"${text}" has bits of a host: written as the network ${written.network}, as kube-vip takes it`);
    return key.startsWith("cidr-") && data["skip-end-ips-in-cidr"] === "true" ? withoutEnds(written) : written;
  });
}

/** kube-vip lets what it is given overlap. */
function withoutRepeats(written: readonly WrittenRange[]): { text: string; range: AddressRange }[] {
  const merged = mergeRanges(written.map(({ range }) => range));
  const isApart = merged.length === written.length;
  return isApart ? [...written] : merged.map((range) => ({ text: formatRange(range), range }));
}

function reportSharing(manifest: Manifest, data: Data, scope: string): void {
  const key = `allow-share-${scope}`;
  if (data[key] !== "true") return;
  manifest.warn(
    ["data", key],
    "Services share an address by a key that they have: give new ones the annotation aloft.dev/sharing-key",
    "difference",
  );
}
