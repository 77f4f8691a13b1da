/** Starting routers of either make, and who holds an address. */
import { startKeepalived } from "./keepalived.ts";
import type { Lan } from "./lan.ts";
import { startStandaloneAgent } from "./standaloneAgent.ts";
import type { RouterSettings, VrrpRouter } from "./vrrpRouter.ts";
import { until } from "./waiting.ts";

export type Make = VrrpRouter["make"];

export function startRouter(make: Make, lan: Lan, node: string, settings: RouterSettings): Promise<VrrpRouter> {
  return make === "aloft" ? startStandaloneAgent(lan, node, [settings]) : startKeepalived(lan, node, [settings]);
}

/** Nodes whose kernel has the address (without its prefix length). A node whose router was killed may still have it. */
export async function holders(lan: Lan, address: string): Promise<string[]> {
  const held = await Promise.all(
    lan.nodes.map(async (node) => ((await lan.addresses(node)).some((own) => own.address === address) ? [node] : [])),
  );
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
