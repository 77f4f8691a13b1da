/**
 * Virtual routers on bonds, VLANs and bridges: they answer, and fail over when the link below has no carrier any more. Here for the sake of
 * the kernel: that of the machine may have neither bonds nor VLANs.
 */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type Family, families } from "../../src/api/ipAddress.ts";
import { Lan } from "../support/lan.ts";
import { type StandaloneAgent, startStandaloneAgent } from "../support/standaloneAgent.ts";
import { until } from "../support/waiting.ts";

interface Kind {
  name: string;
  /** Of the nodes. */
  device: string;
  /** On a host, which gets these addresses there. */
  build(addresses: readonly string[]): string[];
  /** Whether the client needs such an interface as well. */
  alsoOnClient: boolean;
  /** Ports of the switch that a node hangs on. */
  ports: readonly string[];
}

const taken = (device: string) => [`ip address flush dev eth0`, `ip link set eth0 down`, `ip link set eth0 master ${device}`];
const added = (device: string, addresses: readonly string[]) => [
  `ip link set ${device} up`,
  ...addresses.map((address) => `ip address add ${address} dev ${device}`),
];

const kinds: readonly Kind[] = [
  {
    name: "a bond",
    device: "bond0",
    build: (addresses) => [
      "ip link add bond0 type bond mode active-backup miimon 50",
      ...taken("bond0"),
      "ip link set eth1 master bond0",
      ...added("bond0", addresses),
    ],
    alsoOnClient: false,
    ports: ["", "b"],
  },
  {
    name: "a VLAN",
    device: "eth0.5",
    build: (addresses) => ["ip link add link eth0 name eth0.5 type vlan id 5", ...added("eth0.5", addresses)],
    alsoOnClient: true,
    ports: [""],
  },
  {
    name: "a bridge",
    device: "lan",
    build: (addresses) => [
      "ip link add lan type bridge forward_delay 0",
      ...taken("lan"),
      "ip link set eth0 up",
      ...added("lan", addresses),
    ],
    alsoOnClient: false,
    ports: [""],
  },
];

/** A subnet that only these interfaces have. */
const addressesOf = (host: number) => [`203.0.113.${host}/24`, `2001:db8:5::${host}/64`];
const virtual: Record<Family, string> = { IPv4: "203.0.113.200", IPv6: "2001:db8:5::200" };

async function buildLan(context: TestContext, { build, alsoOnClient, ports, device }: Kind): Promise<Lan> {
  const lan = await Lan.create({ nodes: 2 });
  context.after(() => lan.destroy());
  const shell = (host: string, lines: readonly string[]) => lan.exec(host, ["sh", "-e", "-c", lines.join("\n")]);
  const quiet = "sysctl -q -w net.ipv6.conf.default.accept_dad=0";
  for (const [index, node] of lan.nodes.entries()) {
    if (ports.length > 1) {
      const second = `ip link add ${node}b type veth peer name eth1 netns ${lan.namespace(node)}`;
      await shell("fabric", [second, `ip link set ${node}b addrgenmode none`, `ip link set ${node}b master br0 up`]);
    }
    await shell(node, [quiet, ...build(addressesOf(11 + index))]);
    await until(`a link-local address of ${node}`, async () =>
      /fe80/.test(await lan.exec(node, ["ip", "-6", "address", "show", "dev", device])),
    );
  }
  const client = alsoOnClient
    ? build(addressesOf(100))
    : added(
        "eth0",
        addressesOf(100).map((address) => `${address} nodad`),
      );
  await shell("client", [quiet, ...client]);
  return lan;
}

async function startAgent(lan: Lan, node: string, device: string, priority: number): Promise<StandaloneAgent> {
  const router = (family: Family, virtualRouterID: number) => ({
    family,
    virtualRouterID,
    version: 3 as const,
    priority,
    advertisementIntervalMs: 200,
    addresses: [`${virtual[family]}/${family === "IPv4" ? 24 : 64}`],
    interface: device,
  });
  return startStandaloneAgent(lan, node, [router("IPv4", 51), router("IPv6", 52)]);
}

for (const kind of kinds)
  test(`virtual routers on ${kind.name}: they answer, and fail over when its last link has no carrier`, async (context) => {
    const { device, ports } = kind;
    const lan = await buildLan(context, kind);
    const agents = new Map<string, StandaloneAgent>();
    const holds = (node: string) =>
      until(
        `both addresses on ${node}, and an answer`,
        async () => {
          const standing = await lan.exec(node, ["ip", "-brief", "address", "show", "dev", device]);
          if (!families.every((family) => standing.includes(virtual[family]))) return false;
          await Promise.all(families.map((family) => lan.exec("client", ["ping", "-c", "1", "-W", "1", virtual[family]])));
          return true;
        },
        { timeoutMs: 20_000, hint: () => [...agents.values()].map((agent) => agent.logTail()).join("\n") },
      );
    agents.set("n1", await startAgent(lan, "n1", device, 200));
    await holds("n1");
    const n2 = await startAgent(lan, "n2", device, 100);
    agents.set("n2", n2);
    const [last = "", ...others] = ports.toReversed().map((port) => `n1${port}`);
    for (const port of others) await lan.cut(port, "carrier");
    // Longer than Active_Down, and than the bond looks for carriers.
    await delay(1500);
    await holds("n1");
    assert.doesNotMatch(n2.log(), /"to":"MASTER"/, "while a link is left nothing moves");
    await lan.cut(last, "carrier");
    await holds("n2");
    // The kernel tells of the carrier of a bridge up to a second late, and the others do not wait for that.
    await until("FAULT on n1", () => /"to":"FAULT".*"reason":"InterfaceDown"/.test(agents.get("n1")?.log() ?? ""));
    for (const port of [last, ...others]) await lan.heal(port);
    await holds("n1");
  });
