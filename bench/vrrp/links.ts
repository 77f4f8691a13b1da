/** Links between two nodes beside the LAN: veth pairs l0, l1, …, as many routers need that do not fit on one. */
import type { Lan } from "../../test/support/lan.ts";

export const linkNames = (count: number) => Array.from({ length: count }, (_, index) => `l${index}`);

/** Address of a node on a link. */
export const linkAddress = (node: "n1" | "n2", link: number) => `10.199.${link}.${node === "n1" ? 1 : 2}`;

export async function addLinks(lan: Lan, count: number): Promise<void> {
  const commands = linkNames(count).map((name) => `ip link add ${name} type veth peer name ${name} netns ${lan.namespace("n2")}`);
  await lan.exec("n1", ["sh", "-e", "-c", commands.join("\n")]);
  for (const node of ["n1", "n2"] as const) {
    const set = linkNames(count).flatMap((name, link) => [
      `ip address add ${linkAddress(node, link)}/24 dev ${name}`,
      `ip link set ${name} up`,
    ]);
    await lan.exec(node, ["sh", "-e", "-c", set.join("\n")]);
  }
}
