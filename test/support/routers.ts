/** Starting routers of any make, and who holds an address. */
import { startFrr } from "./frr.ts";
import { startKeepalived } from "./keepalived.ts";
import type { Lan } from "./lan.ts";
import { type Form, startStandaloneAgent } from "./standaloneAgent.ts";
import type { RouterSettings, VrrpRouter } from "./vrrpRouter.ts";
import { until } from "./waiting.ts";

/** Those that have everything; FRR is compared with in a few things only. */
export type Make = Exclude<VrrpRouter["make"], "frr">;

/** `form`: what describes the router. keepalived has the same text then that Aloft reads. */
export function startRouter(
  make: VrrpRouter["make"],
  lan: Lan,
  node: string,
  settings: RouterSettings,
  form: Form = "yaml",
): Promise<VrrpRouter> {
  const start: Record<VrrpRouter["make"], () => Promise<VrrpRouter>> = {
    aloft: () => startStandaloneAgent(lan, node, [settings], { form }),
    keepalived: () => startKeepalived(lan, node, [settings], { linkLocalFirst: form === "yaml" }),
    frr: () => startFrr(lan, node, settings),
  };
  return start[make]();
}

/**
 * Nodes whose kernel has the address (without its prefix length) on a link that carries something: FRR leaves it on a macvlan that it
 * holds down. A node whose router was killed may still have it.
 */
export async function holders(lan: Lan, address: string): Promise<string[]> {
  const held = await Promise.all(lan.nodes.map(async (node) => ((await lan.allAddresses(node)).includes(address) ? [node] : [])));
  return held.flat();
}

/** Waits until `node` and no other has the address. */
export async function untilHeldBy(lan: Lan, node: string, address: string, timeoutMs: number): Promise<void> {
  let seen: string[] = [];
  const held = async () => {
    seen = await holders(lan, address);
    return seen.join() === node;
  };
  await until(`${address} on ${node} alone`, held, { timeoutMs, everyMs: 25, hint: () => `it is on ${seen.join(" and ") || "no node"}` });
}
