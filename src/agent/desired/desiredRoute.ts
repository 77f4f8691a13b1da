/** Routes and policy rules of NodeAgent.spec → the core's form, or why one cannot be set. Pure. */
import type { Family } from "../../api/ipAddress.ts";
import type { PolicyRule, Route } from "../../api/routing.ts";
import type { DesiredRoute, DesiredRule } from "../native/desiredState.ts";
import { canonicalAddress, canonicalPrefix, Refusal } from "./desiredAddress.ts";

/** Types of routes that lead nowhere. */
const endsHere: ReadonlySet<Route["type"]> = new Set(["blackhole", "unreachable", "prohibit"]);

/** @throws Refusal */
export function desiredRoute(route: Route, field: string): DesiredRoute {
  const { prefix, text: destination } = canonicalPrefix(route.destination, `${field}: destination`);
  const { family } = prefix;
  const { type, nextHops = [], source, ...rest } = route;
  if (endsHere.has(type) && nextHops.length > 0) throw new Refusal(`${field}: ${destination}: a route of type ${type} has no next hops`);
  if (type === "unicast" && nextHops.length === 0) throw new Refusal(`${field}: ${destination}: needs a next hop: via, interface or both`);
  const hops = nextHops.map((hop) => desiredHop(hop, family, `${field}: ${destination}`));
  return defined({ ...rest, family, destination, type, nextHops: hops, source: canonicalAddress(source, family, `${field}: source`) });
}

type Hop = NonNullable<Route["nextHops"]>[number];

function desiredHop(hop: Hop, family: Family, field: string): DesiredRoute["nextHops"][number] {
  if (hop.via === undefined && hop.interface === undefined) throw new Refusal(`${field}: a next hop needs via, interface or both`);
  if (hop.onLink && hop.interface === undefined) throw new Refusal(`${field}: onLink needs an interface`);
  return defined({ ...hop, via: canonicalAddress(hop.via, family, `${field}: via`) });
}

/** @throws Refusal */
export function desiredRule(rule: PolicyRule, field: string): DesiredRule {
  const { from, to, family: given, action, table, ...rest } = rule;
  const prefixes = { from, to };
  const families = new Set<Family>(given ? [given] : []);
  for (const name of ["from", "to"] as const) {
    const text = prefixes[name];
    if (text === undefined) continue;
    const canonical = canonicalPrefix(text, `${field}: ${name}`);
    families.add(canonical.prefix.family);
    prefixes[name] = canonical.text;
  }
  if (families.size > 1) throw new Refusal(`${field}: family, from and to are of different families`);
  if (action === "lookup" && table === undefined) throw new Refusal(`${field}: table: the action lookup needs one`);
  const [family = "IPv4"] = families;
  return defined({ ...rest, ...prefixes, family, action, table: action === "lookup" ? table : undefined });
}

/** Without the fields that are undefined: the addon tells absent from present by the key. */
export function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
