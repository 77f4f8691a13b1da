/** Short ways to plan a text in a test. */
import { readFileSync } from "node:fs";
import type { VirtualRouterSpec } from "../../../../src/api/nodeAgent.ts";
import { formatDiagnostic } from "../../../../src/keepalived/diagnostic.ts";
import { type LoadedKeepalived, loadKeepalived } from "../../../../src/keepalived/loadKeepalived.ts";
import { memoryReader } from "../../../../src/keepalived/reader.ts";

export const fixtures = new URL("../../../fixtures/keepalived/", import.meta.url);

export function load(text: string): LoadedKeepalived {
  return loadKeepalived("k", memoryReader({ k: text }), { node: "node1" });
}

export function loadFixture(name: string): LoadedKeepalived {
  return loadKeepalived(name, memoryReader({ [name]: readFileSync(new URL(name, fixtures), "utf8") }), { node: "node1" });
}

/** `LINE:COLUMN: error|warning: MESSAGE` */
export function messages({ diagnostics }: LoadedKeepalived): string[] {
  return diagnostics.map((diagnostic) => formatDiagnostic(diagnostic).replace(/^[^:]*:/, ""));
}

/** The lines of an instance that lacks nothing. */
export const instanceLines = "interface eth0\nvirtual_router_id 1\nvirtual_ipaddress { 10.0.0.1/24 }";

/** The one router of an instance with these lines besides; `before` stands in front of it, from line 1. */
export function planInstance(lines: string, before = ""): { router: VirtualRouterSpec; messages: string[] } {
  const loaded = load(`${before}vrrp_instance V {\n${lines}\n${instanceLines}\n}`);
  const [router] = loaded.spec.virtualRouters;
  if (!router) throw new Error(`no virtual router: ${messages(loaded).join("; ")}`);
  return { router, messages: messages(loaded) };
}
