/** The settings of the kernel that a specification asks for. Pure. */
import type { NodeAgentSpec } from "../../api/nodeAgent.ts";
import { type KernelSettings, planRealServer } from "../../plan/realServer.ts";

export function kernelSettings({ ipvs, realServers = [], virtualServers = [], virtualRouters }: NodeAgentSpec): KernelSettings {
  const ofIpvs = Object.entries(ipvs?.sysctls ?? {}).map(([name, value]) => [`net/ipv4/vs/${name}`, value]);
  const serving = new Set(virtualServers.flatMap(({ virtualIP }) => virtualIP ?? []));
  const devices = virtualRouters.flatMap(({ virtualIP, interface: name }) => (serving.has(virtualIP) ? [name] : []));
  return {
    ...Object.fromEntries(ofIpvs),
    ...(virtualServers.length > 0 && withoutRedirects(devices)),
    ...planRealServer(realServers).settings,
  };
}

/**
 * A director that sends packets back by the link that they came by would tell their senders of the shorter way, past itself. The kernel does
 * so where `all` or the link says so.
 */
function withoutRedirects(devices: readonly string[]): KernelSettings {
  return Object.fromEntries(["all", ...devices].map((name) => [`net/ipv4/conf/${name}/send_redirects`, "0"]));
}
