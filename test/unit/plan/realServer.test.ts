import assert from "node:assert/strict";
import { test } from "node:test";
import { planRealServer, tunnelDevice } from "../../../src/plan/realServer.ts";

test("real server: the address stands on lo alone in its subnet, and the LAN gets no answer for it", () => {
  assert.deepEqual(planRealServer([{ addresses: ["192.0.2.10", "2001:db8::10"] }, { addresses: ["192.0.2.10"] }]), {
    addresses: [
      { address: "192.0.2.10/32", interface: "lo", scope: "host" },
      { address: "2001:db8::10/128", interface: "lo" },
    ],
    settings: { "net/ipv4/conf/all/arp_ignore": "1", "net/ipv4/conf/all/arp_announce": "2" },
  });
});

test("real server: over IPv6 the kernel answers for addresses of the link alone, and nothing is set", () => {
  assert.deepEqual(planRealServer([{ addresses: ["2001:db8::10"] }]).settings, {});
  assert.deepEqual(planRealServer([]), { addresses: [], settings: {} });
});

test("real server: with TUN the device is up, its reverse path filter is loose, and over IPv4 it has the address, too", () => {
  const { settings, addresses } = planRealServer([{ addresses: ["192.0.2.10", "2001:db8::10"], tunnels: ["ip6tnl0", "tunl0"] }]);
  const places = addresses.map(({ address, interface: name }) => `${address} ${name}`);
  const alone = ["192.0.2.10/32 lo", "2001:db8::10/128 lo"];
  assert.deepEqual(places, [...alone, "192.0.2.10/32 ip6tnl0", "192.0.2.10/32 tunl0"]);
  assert.deepEqual([settings["link/tunl0"], settings["net/ipv4/conf/tunl0/rp_filter"]], ["up", "2"]);
  assert.deepEqual(planRealServer([{ addresses: ["2001:db8::10"], tunnels: ["ip6tnl0"] }]).settings, { "link/ip6tnl0": "up" });
});

test("real server: the device is that of the encapsulation, of the way there, and of what is inside", () => {
  const devices = (type: "IPIP" | "GUE" | "GRE") =>
    (["IPv4", "IPv6"] as const).flatMap((outer) => (["IPv4", "IPv6"] as const).map((inner) => tunnelDevice(type, outer, inner)));
  assert.deepEqual(devices("IPIP"), ["tunl0", "sit0", "ip6tnl0", "ip6tnl0"]);
  assert.deepEqual(devices("GUE"), ["tunl0", "sit0", "ip6tnl0", "ip6tnl0"]);
  assert.deepEqual(devices("GRE"), ["gre0", "gre0", "ip6gre0", "ip6gre0"]);
});
