/** Pods on nodes of a LAN: network namespaces behind a node, which routes for them, and a server in each. */
import { fileURLToPath } from "node:url";
import { run } from "./command.ts";
import type { Lan } from "./lan.ts";
import { until } from "./waiting.ts";

const server = fileURLToPath(new URL("../ipvs/realServerHost.ts", import.meta.url));

export interface Pod {
  name: string;
  node: string;
  IPv4: string;
  IPv6: string;
}

/** What the server of each pod listens on. */
export const podPort = 8080;

/** `number` is unique on the LAN, and below 250. Other nodes find the pod as in a pod network that routes. */
export async function startPod(lan: Lan, node: string, number: number): Promise<Pod> {
  const pod = { name: `pod${number}`, node, IPv4: `10.244.0.${number}`, IPv6: `fd00:244::${number.toString(16)}` };
  const shell = (host: string, lines: readonly string[]) => lan.exec(host, ["sh", "-e", "-c", lines.join("\n")]);
  await run("ip", ["netns", "add", lan.namespace(pod.name)]);
  await shell(node, [
    "sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1",
    `ip link add ${pod.name} type veth peer name eth0 netns ${lan.namespace(pod.name)}`,
    `ip link set ${pod.name} up`,
    `ip address add 169.254.1.1/32 dev ${pod.name}`,
    `ip address add fe80::1/64 dev ${pod.name} nodad`,
    `ip route add ${pod.IPv4} dev ${pod.name}`,
    `ip route add ${pod.IPv6} dev ${pod.name}`,
  ]);
  await shell(pod.name, [
    "sysctl -q -w net.ipv6.conf.eth0.accept_dad=0",
    "ip link set lo up",
    "ip link set eth0 up",
    `ip address add ${pod.IPv4}/32 dev eth0`,
    `ip address add ${pod.IPv6}/128 dev eth0 nodad`,
    "ip route add 169.254.1.1 dev eth0",
    "ip route add default via 169.254.1.1",
    "ip -6 route add default via fe80::1 dev eth0",
  ]);
  const { IPv4, IPv6 } = lan.nodeAddress(node);
  for (const other of lan.nodes.filter((each) => each !== node)) {
    await shell(other, [`ip route add ${pod.IPv4} via ${IPv4}`, `ip route add ${pod.IPv6} via ${IPv6}`]);
  }
  const running = lan.spawn(pod.name, pod.name, [process.execPath, server, pod.name, String(podPort)]);
  await until(`a server in ${pod.name}`, () => running.log().includes("ready"), { hint: () => running.logTail() });
  return pod;
}
