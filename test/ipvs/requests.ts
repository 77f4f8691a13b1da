/** What is asked of IPVS on a node meanwhile, whoever asks: netlink has a kind of link that shows all of it. */
import { fileURLToPath } from "node:url";
import type { Lan } from "../support/lan.ts";
import { until } from "../support/waiting.ts";

const program = fileURLToPath(new URL("../../build/native/netlinktap", import.meta.url));

/** By command: NEW_SERVICE, SET_DEST, … */
export type Requests = Record<string, number>;

let taps = 0;

/** Without those that only look. */
export async function changesDuring(lan: Lan, node: string, step: () => Promise<unknown>): Promise<Requests> {
  const link = `tap${taps++}`;
  await lan.exec(node, ["sh", "-e", "-c", `ip link add ${link} type nlmon; ip link set ${link} up`]);
  const tap = lan.spawn(node, link, [program, link]);
  await until("the tap", () => tap.log().includes("counting"), { everyMs: 10, hint: () => tap.logTail() });
  try {
    await step();
  } finally {
    await tap.stop();
    await lan.exec(node, ["ip", "link", "del", link]);
  }
  const { counts, dropped } = JSON.parse(tap.logTail(1)) as { counts: Requests; dropped: number };
  if (dropped > 0) throw new Error(`the tap missed ${dropped} packets`);
  return Object.fromEntries(Object.entries(counts).filter(([command]) => !command.startsWith("GET_")));
}
