/** Words about the transport of adverts and about acceptance, run by keepalived and by Aloft: the same is on the wire. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Family } from "../../src/api/ipAddress.ts";
import type { Lan } from "../support/lan.ts";
import { Observer } from "../support/observer.ts";
import { until } from "../support/waiting.ts";
import { ConfRouter, has, type Make, onLan, Wire } from "./keepalivedConfLan.ts";

const vip: Record<Family, string> = { IPv4: "198.51.100.200", IPv6: "2001:db8:100::200" };

/** An instance that is soon MASTER. */
function conf(lines: string, family: Family = "IPv4"): string {
  return `vrrp_instance V {
  interface eth0
  virtual_router_id 51
  priority 200
  version 3
  advert_int 0.1
  ${lines}
  virtual_ipaddress {
    ${vip[family]}/${family === "IPv4" ? 24 : 64}
  }
}
`;
}

async function answers(lan: Lan, node: string, address: string): Promise<void> {
  await until(`${address} on ${node}`, async () => (await lan.allAddresses(node)).includes(address), { everyMs: 20 });
}

/** A host that sends back what it gets, and one that asks it. */
const behind = "203.0.113.9";
const echoServer = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("${behind}", 7))
print("ready", flush=True)
while True:
    data, peer = s.recvfrom(64); s.sendto(data, peer)`;
const question = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(0.2)
for attempt in range(25):
    s.sendto(b"x", ("${behind}", 7))
    try: s.recv(64); break
    except TimeoutError: pass
else: raise SystemExit("no answer")`;

/** n2 has a host behind it that the client reaches through n1's virtual address alone. */
async function putBehind(lan: Lan): Promise<void> {
  await lan.exec("n2", ["ip", "address", "add", `${behind}/32`, "dev", "lo"]);
  await lan.exec("n1", [
    "sysctl",
    "-qw",
    "net.ipv4.ip_forward=1",
    "net.ipv4.conf.all.send_redirects=0",
    "net.ipv4.conf.eth0.send_redirects=0",
  ]);
  await lan.exec("n1", ["ip", "route", "add", behind, "via", lan.nodeAddress("n2").IPv4]);
  await lan.exec("client", ["ip", "route", "add", behind, "via", vip.IPv4]);
  const server = lan.spawn("n2", "echo", ["python3", "-c", echoServer]);
  await until("the echo server", () => server.log().includes("ready"));
}

const unicast = (lan: Lan, family: Family, line: string) =>
  `unicast_src_ip ${lan.nodeAddress("n1")[family]}\n  ${line}\n  unicast_peer {\n    ${lan.nodeAddress("n2")[family]}\n  }`;

/** TTL or hop limit on the wire. */
const ttls: [family: Family, line: string, ttl: number][] = [
  ["IPv4", "", 255],
  ["IPv6", "", 64],
  ["IPv4", "unicast_ttl 3", 3],
  ["IPv6", "unicast_ttl 255", 255],
];

for (const make of ["keepalived", "aloft"] satisfies Make[]) {
  describe(make, { concurrency: 4 }, () => {
    for (const [family, line, ttl] of ttls)
      test(
        `unicast over ${family} with ${line || "no unicast_ttl"} leaves with ${ttl}`,
        onLan(2, async (lan) => {
          // A hub: the client hears what one node sends to the other.
          await lan.exec("fabric", ["ip", "link", "set", "br0", "type", "bridge", "ageing_time", "0"]);
          const wire = await Wire.listen(lan);
          const router = await ConfRouter.start(lan, "n1", make, conf(unicast(lan, family, line), family));
          const advert = await wire.advert("an advert", router.startedNs, ({ source }) => source === lan.nodeAddress("n1")[family]);
          assert.deepEqual([advert.destination, advert.ttl], [lan.nodeAddress("n2")[family], ttl]);
        }),
      );

    test(
      "no_accept: the address is answered for and led through, and takes nothing itself",
      onLan(2, async (lan) => {
        await putBehind(lan);
        await ConfRouter.start(lan, "n1", make, conf("no_accept"));
        await answers(lan, "n1", vip.IPv4);
        await lan.exec("client", ["python3", "-c", question]);
        const observer = await Observer.start(lan, [vip.IPv4], { echoEvery: "20ms", askEvery: "20ms" });
        await delay(600);
        const { summaries } = await observer.stop();
        const answered = (by: "echo" | "arp") => summaries.find((summary) => summary.by === by)?.answered ?? 0;
        assert.ok(answered("arp") > 10, `${answered("arp")} ARP requests were answered`);
        assert.equal(answered("echo"), 0, "pings");
      }),
    );

    test(
      "vmac_xmit_base: adverts have the MAC address of the interface, announcements that of the virtual router",
      onLan(1, async (lan) => {
        const wire = await Wire.listen(lan);
        const router = await ConfRouter.start(lan, "n1", make, conf("use_vmac\n  vmac_xmit_base"));
        const advert = await wire.advert("an advert", router.startedNs, ({ virtualRouterID }) => virtualRouterID === 51);
        assert.deepEqual([advert.source, advert.mac], [lan.nodeAddress("n1").IPv4, await lan.mac("n1")]);
        const [announced] = await until("an announcement", () => {
          const found = wire.announcements(router.startedNs).filter(({ address }) => address === vip.IPv4);
          return found.length > 0 && found;
        });
        assert.equal(announced?.mac, "00:00:5e:00:01:33");
      }),
    );
  });
}

// keepalived 2.2.7 compares the address with a sockaddr, and so goes on without it, whatever its manual says.
test(
  "track_src_ip: FAULT while the source address is missing",
  onLan(1, async (lan) => {
    const change = (what: "add" | "delete") => lan.exec("n1", ["ip", "address", what, "203.0.113.77/24", "dev", "eth0"]);
    await change("add");
    await ConfRouter.start(lan, "n1", "aloft", conf("mcast_src_ip 203.0.113.77\n  track_src_ip"));
    await answers(lan, "n1", vip.IPv4);
    await change("delete");
    await until("the address to go", async () => !(await has(lan, "n1", `${vip.IPv4}/24`)), { everyMs: 20 });
    await change("add");
    await answers(lan, "n1", vip.IPv4);
  }),
);
