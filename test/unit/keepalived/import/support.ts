/** Short ways to import texts in a test. */
import { readFileSync } from "node:fs";
import { formatDiagnostic } from "../../../../src/keepalived/diagnostic.ts";
import { importKeepalived, type KeepalivedImport } from "../../../../src/keepalived/import/importKeepalived.ts";
import type { ImportedNode } from "../../../../src/keepalived/import/members.ts";
import { loadKeepalived } from "../../../../src/keepalived/loadKeepalived.ts";
import { memoryReader } from "../../../../src/keepalived/reader.ts";
import { fixtures } from "../plan/support.ts";

/** By the name of the node; its file is called NODE.conf. */
export function importTexts(texts: Record<string, string>): { imported: KeepalivedImport; nodes: ImportedNode[]; messages: string[] } {
  const nodes = Object.entries(texts).map(([name, text]): ImportedNode => {
    const file = `${name}.conf`;
    const loaded = loadKeepalived(file, memoryReader({ [file]: text }), { node: name });
    if (loaded.hasErrors) throw new Error(loaded.diagnostics.map(formatDiagnostic).join("; "));
    return { name, loaded };
  });
  const imported = importKeepalived(nodes, { namespace: "aloft-system" });
  return { imported, nodes, messages: imported.diagnostics.map(formatDiagnostic) };
}

export function importFixtures(...names: string[]) {
  return importTexts(Object.fromEntries(names.map((name) => [name, readFileSync(new URL(`${name}.conf`, fixtures), "utf8")])));
}

/** An instance V with VRID 1 and 10.0.0.1; `lines` go before what they shall replace. */
export function instance(
  lines = "",
  { name = "V", interface: link = "eth0", vrid = 1, address = "10.0.0.1", priority = 100 } = {},
): string {
  const needed = { interface: link, virtual_router_id: vrid, priority };
  const rest = Object.entries(needed).filter(([keyword]) => !new RegExp(`^${keyword} `, "m").test(lines));
  const addresses = lines.includes("virtual_ipaddress {") ? "" : `virtual_ipaddress {\n${address}\n}\n`;
  return `vrrp_instance ${name} {\n${rest.map(([keyword, value]) => `${keyword} ${value}\n`).join("")}${addresses}${lines}\n}\n`;
}
