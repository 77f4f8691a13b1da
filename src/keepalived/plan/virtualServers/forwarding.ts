/** lb_kind, lvs_method and sorry_server_lvs_method. */
import type { VirtualServerInput } from "../../../api/virtualServer.ts";
import type { CheckedStatement } from "../../checkedBlock.ts";
import type { Diagnostics } from "../../diagnostic.ts";
import { optionNumber, optionText } from "../addresses.ts";

export interface Forwarding {
  forwarding: NonNullable<VirtualServerInput["forwarding"]>;
  tunnel?: NonNullable<VirtualServerInput["tunnel"]>;
}

export const defaultForwarding: Forwarding = { forwarding: "NAT" };

const types = { ipip: "IPIP", gue: "GUE", gre: "GRE" } as const;
const checksums = { csum: "Checksum", remcsum: "RemoteChecksum" } as const;

export function planForwarding(statement: CheckedStatement | undefined, diagnostics: Diagnostics): Forwarding | undefined {
  const method = statement?.text();
  if (!statement || method === undefined) return undefined;
  if (method !== "TUN") return { forwarding: method as Forwarding["forwarding"] };
  const type = types[(optionText(statement.option("type")) ?? "ipip") as keyof typeof types];
  const port = optionNumber(statement.option("port"));
  // Of several the last one counts.
  const word = statement.options.findLast(({ name }) => /csum$/.test(name))?.name;
  const checksum = word === "csum" || word === "remcsum" ? checksums[word] : undefined;
  const problem = problemOf(type, port, checksum);
  if (problem !== undefined) {
    diagnostics.error("conflict", statement.position, problem);
    return undefined;
  }
  const tunnel = { ...(type !== "IPIP" && { type }), ...(port !== undefined && { port }), ...(checksum && { checksum }) };
  return { forwarding: "TUN", ...(Object.keys(tunnel).length > 0 && { tunnel }) };
}

function problemOf(type: "IPIP" | "GUE" | "GRE", port: number | undefined, checksum: string | undefined): string | undefined {
  if ((type === "GUE") !== (port !== undefined)) return "a tunnel of type gue needs a port, and no other has one";
  if (type === "IPIP" && checksum) return "a tunnel of type ipip has no checksum";
  return type === "GRE" && checksum === "RemoteChecksum" ? "a tunnel of type gre has no remote checksum" : undefined;
}
