/** Services with annotations of another load balancer → the annotations that Aloft reads. Pure. */
import { z } from "zod";
import { canonicalAddress, isGlobalUnicast, isIPv4Mapped, parseAddress } from "../api/ipAddress.ts";
import { addressesAnnotation, loadBalancerClass } from "../api/service.ts";
import { visible } from "../keepalived/diagnostic.ts";
import type { Manifest } from "./manifest.ts";
import type { MigratedService } from "./objects.ts";

type Outcome =
  /** An annotation of Aloft's; `as` says what its text must be. */
  | { becomes: string; as: "addresses" | "pool" | "text" }
  /** Nothing that a user wants: no word is lost about it. */
  | { says: string }
  /** Why there is nothing like it. */
  | { missing: string };

export interface AnnotationTable {
  /** The first one counts more. */
  prefixes: readonly string[];
  names: Readonly<Record<string, Outcome>>;
}

export interface ServicesContext {
  tables: readonly AnnotationTable[];
  /** Name of the AddressPool that was made of the pool of that name. */
  poolNamed(origin: string): string | undefined;
}

const specSchema = z.looseObject({
  type: z.string().default("ClusterIP"),
  loadBalancerClass: z.string().optional(),
  loadBalancerIP: z.string().optional(),
});
const metadataSchema = z.looseObject({ annotations: z.record(z.string(), z.string()).default({}) });
const statusSchema = z.looseObject({
  loadBalancer: z.looseObject({ ingress: z.array(z.looseObject({ ip: z.string().optional() })).nullish() }).default({}),
});

export interface ReadService extends MigratedService {
  /** Canonical: that it asks for, else those that it has. */
  addresses: string[];
  /** Whether it asks for them. */
  asks: boolean;
}

/** Undefined for what is no business of Aloft's. */
export function readService(manifest: Manifest, context: ServicesContext): ReadService | undefined {
  const [spec, metadata, status] = [
    manifest.read("spec", specSchema),
    manifest.read("metadata", metadataSchema),
    manifest.read("status", statusSchema),
  ];
  if (!spec || !metadata || !status || spec.type !== "LoadBalancer") return undefined;
  const { annotations: written } = metadata;
  if (written["kube-vip.io/ignore"] === "true") return undefined;
  const isKnown = Object.keys(written).some((key) =>
    context.tables.some(({ prefixes }) => prefixes.some((prefix) => key.startsWith(prefix))),
  );
  const wanted = spec.loadBalancerClass;
  if (wanted !== undefined && wanted !== loadBalancerClass && !isKnown && !wanted.startsWith("kube-vip.io/")) {
    manifest.warn(["spec", "loadBalancerClass"], `"${wanted}" is somebody else's: left alone`);
    return undefined;
  }
  const annotations = Object.assign({}, ...context.tables.map((table) => translate(manifest, table, written, context)));
  const asked = annotations[addressesAnnotation]?.split(",") ?? readDeprecatedField(manifest, spec.loadBalancerIP);
  const has = (status.loadBalancer.ingress ?? []).flatMap(({ ip }) => (ip === undefined ? [] : canonicalAddress(ip)));
  const isOfAnotherClass = wanted !== undefined && wanted !== loadBalancerClass;
  if (isOfAnotherClass) {
    const what = `"${wanted}" must become ${loadBalancerClass}, which takes another type in between: see docs/moving.md`;
    manifest.warn(["spec", "loadBalancerClass"], what, "difference");
    // Its status goes on the way.
    if (asked.length === 0 && has.length > 0) annotations[addressesAnnotation] = has.join(",");
  }
  return { manifest, annotations, addresses: asked.length > 0 ? asked : has, asks: asked.length > 0 };
}

/** It stays, and Aloft reads it, too. */
function readDeprecatedField(manifest: Manifest, text: string | undefined): string[] {
  if (!text) return [];
  const value = readAddresses(text);
  if ("text" in value) return value.text.split(",");
  manifest.warn(["spec", "loadBalancerIP"], `${value.expected}, got "${text}": take it away, or the Service gets none`, "value");
  return [];
}

function translate(
  manifest: Manifest,
  { prefixes, names }: AnnotationTable,
  written: Readonly<Record<string, string>>,
  context: ServicesContext,
): Record<string, string> {
  const result: Record<string, string> = {};
  // The prefix that counts more comes last.
  for (const prefix of prefixes.toReversed()) {
    for (const [key, text] of Object.entries(written)) {
      if (!key.startsWith(prefix)) continue;
      const name = key.slice(prefix.length);
      const value = translateOne(manifest, key, Object.hasOwn(names, name) ? names[name] : undefined, text, context);
      if (value) result[value.name] = value.text;
    }
  }
  return result;
}

function translateOne(manifest: Manifest, key: string, outcome: Outcome | undefined, text: string, context: ServicesContext) {
  const path = ["metadata", "annotations", key];
  if (!outcome) manifest.warn(path, "unknown here: ignored", "unknown-keyword");
  else if ("missing" in outcome) manifest.warn(path, outcome.missing, "not-offered");
  else if ("becomes" in outcome && text !== "") {
    const value = valueAs[outcome.as](text, context);
    if ("text" in value) return { name: outcome.becomes, text: value.text };
    manifest.warn(path, `${value.expected}, got "${text}": left out`, "value");
  }
  return undefined;
}

type Value = { text: string } | { expected: string };

const valueAs: Record<"addresses" | "pool" | "text", (text: string, context: ServicesContext) => Value> = {
  addresses: readAddresses,
  pool: (text, { poolNamed }) => {
    const name = poolNamed(text);
    return name === undefined ? { expected: "expected the name of a pool of the input" } : { text: name };
  },
  // It is written into a line of a comment.
  text: (text) => (visible(text) === text ? { text } : { expected: "expected a text of one line, of characters that can be seen" }),
};

function readAddresses(text: string): Value {
  const parts = text.split(",").map((part) => part.trim());
  if (parts.some((part) => part === "0.0.0.0" || part === "::")) return { expected: "expected addresses, for DHCP is not offered" };
  const addresses = parts.flatMap((part) => parseAddress(part) ?? []);
  const families = new Set(addresses.map(({ family }) => family));
  const isGood = addresses.length === parts.length && families.size === addresses.length && !addresses.some(isIPv4Mapped);
  if (!isGood) return { expected: "expected IP addresses, at most one of each family" };
  if (!addresses.every(isGlobalUnicast)) return { expected: "expected addresses that other hosts can reach" };
  return { text: parts.map(canonicalAddress).join(",") };
}
