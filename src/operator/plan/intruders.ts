/** Hosts outside that claim an address of a VirtualIP, and routers outside that use its VRID, in words. Pure. */
import type { RouterReport } from "./reports.ts";

/** "192.0.2.10 is claimed by 02:00:00:00:00:09 (seen by n1, n2)". Silent agents say nothing any more. */
export function describeClaims(reports: readonly RouterReport[]): string[] {
  const seen = reports.flatMap(({ node, silent, conflict }) =>
    conflict && !silent ? [{ node, text: `${conflict.address} is claimed by ${conflict.mac}` }] : [],
  );
  return [...Map.groupBy(seen, ({ text }) => text)].map(([text, all]) => `${text} (seen by ${nodesOf(all)})`).sort();
}

/** "192.0.2.9 uses VRID 51 as well (heard by n1): address list differs". What comes from `own` addresses is a candidate that changes. */
export function describeRivals(reports: readonly RouterReport[], virtualRouterID: number | undefined, own: ReadonlySet<string>): string[] {
  const heard = reports.flatMap(({ node, silent, foreignRouter }) =>
    foreignRouter && !silent && !own.has(foreignRouter.address) ? [{ node, ...foreignRouter }] : [],
  );
  return [...Map.groupBy(heard, ({ address }) => address)]
    .map(([address, all]) => {
      const reasons = [...new Set(all.map(({ reason }) => reason))].sort().join(", ");
      return `${address} uses VRID ${virtualRouterID ?? "?"} as well (heard by ${nodesOf(all)}): ${reasons}`;
    })
    .sort();
}

function nodesOf(seen: readonly { node: string }[]): string {
  return [...new Set(seen.map(({ node }) => node))].sort().join(", ");
}
