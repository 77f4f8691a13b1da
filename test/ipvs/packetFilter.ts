/** Rules of a host's packet filter, by the older tool: User-Mode Linux's kernel has no nftables. */
import type { Lan } from "../support/lan.ts";

const chains = { filter: "INPUT", mangle: "PREROUTING", nat: "POSTROUTING" } as const;

/** These rules, and no others, in a table's chain: "-p tcp --dport 80 -j DROP". All at once. */
export async function setRules(lan: Lan, host: string, table: keyof typeof chains, rules: readonly string[]): Promise<void> {
  const chain = chains[table];
  const lines = [`*${table}`, `:${chain} ACCEPT`, ...rules.map((rule) => `-A ${chain} ${rule}`), "COMMIT", ""];
  await lan.exec(host, ["iptables-legacy-restore", "-w", "5"], { input: lines.join("\n") });
}

export const refuse = (what: string) => [
  `-p tcp ${what} -j REJECT --reject-with tcp-reset`,
  // Everything but TCP has no ports to choose by.
  ...(what.includes("port") ? [] : [`${what} -j REJECT`]),
];
