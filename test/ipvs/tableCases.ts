/** Virtual servers as keepalived.conf has them, each beside the services that it stands for. Pure. */

import type { IpvsDestination, IpvsService, IpvsServiceKey } from "../../src/agent/native/ipvsState.ts";
import type { Family } from "../../src/api/ipAddress.ts";

export interface TableCase {
  title: string;
  conf: string[];
  services: IpvsService[];
}

type Flag = NonNullable<IpvsService["schedulerFlags"]>[number];
type Forwarding = IpvsDestination["forwarding"];
type Protocol = NonNullable<IpvsServiceKey["protocol"]>;

const families: Family[] = ["IPv4", "IPv6"];
const protocols: Protocol[] = ["TCP", "UDP", "SCTP"];
const forwardings: Forwarding[] = ["NAT", "DR", "TUN"];

/** With keepalived's words for the flags. */
const schedulers: { name: string; words?: string[]; flags?: Flag[] }[] = [
  ...["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh"].map((name) => ({ name })),
  { name: "sh", words: ["sh-fallback"], flags: ["Flag1"] },
  { name: "sh", words: ["sh-port"], flags: ["Flag2"] },
  { name: "sh", words: ["sh-fallback", "sh-port"], flags: ["Flag1", "Flag2"] },
  { name: "mh", words: ["mh-fallback"], flags: ["Flag1"] },
  { name: "mh", words: ["mh-port"], flags: ["Flag2"] },
  { name: "mh", words: ["mh-fallback", "mh-port"], flags: ["Flag1", "Flag2"] },
];

const virtualAddress = { IPv4: "192.0.2.10", IPv6: "2001:db8:1::10" } as const;
const servers = { IPv4: ["198.51.100.61", "198.51.100.62"], IPv6: ["2001:db8:100::61", "2001:db8:100::62"] } as const;

let nextPort = 1000;

interface Sample {
  title: string;
  family?: Family;
  protocol?: Protocol;
  forwarding?: Forwarding;
  /** Lines of virtual_server. */
  lines?: string[];
  /** Lines of each real_server. */
  serverLines?: string[];
  service?: Partial<IpvsService>;
  destination?: Partial<IpvsDestination>;
}

/** A virtual server on an address and a port of its own, with two real servers of weights 1 and 2. */
function sample(settings: Sample): TableCase {
  const {
    title,
    family = "IPv4",
    protocol = "TCP",
    forwarding = "DR",
    lines = [],
    serverLines = [],
    service = {},
    destination = {},
  } = settings;
  const port = nextPort++;
  const key = { family, protocol, address: virtualAddress[family], port };
  const destinations = servers[family].map((address, index) => ({ address, port, forwarding, weight: index + 1, ...destination }));
  const conf = [
    `virtual_server ${key.address} ${port} {`,
    `  lb_kind ${forwarding}`,
    `  protocol ${protocol}`,
    ...(service.scheduler ? [] : ["  lb_algo rr"]),
    ...lines.map((line) => `  ${line}`),
    ...destinations.map(({ address, weight }) => realServer(address, port, [`weight ${weight}`, ...serverLines])),
    "}",
  ];
  return { title, conf, services: [{ key, scheduler: "rr", destinations, ...service }] };
}

const realServer = (address: string, port: number, lines: string[]) => `  real_server ${address} ${port} {\n${lines.join("\n")}\n}`;

const products: TableCase[] = schedulers.flatMap(({ name, words = [], flags }) =>
  families.flatMap((family) =>
    protocols.flatMap((protocol) =>
      forwardings.map((forwarding) =>
        sample({
          title: [name, ...words, protocol, family, forwarding].join(" "),
          family,
          protocol,
          forwarding,
          lines: [`lb_algo ${name}`, ...words],
          service: { scheduler: name, ...(flags && { schedulerFlags: flags }) },
        }),
      ),
    ),
  ),
);

const singles: TableCase[] = [
  sample({
    title: "persistence_timeout",
    lines: ["persistence_timeout 300"],
    service: { persistence: { timeoutSeconds: 300, prefixLength: 32 } },
  }),
  sample({
    title: "persistence_timeout without a value",
    lines: ["persistence_timeout"],
    service: { persistence: { timeoutSeconds: 360, prefixLength: 32 } },
  }),
  sample({
    title: "persistence_granularity",
    lines: ["persistence_timeout 60", "persistence_granularity 255.255.255.0"],
    service: { persistence: { timeoutSeconds: 60, prefixLength: 24 } },
  }),
  sample({
    title: "persistence_granularity IPv6",
    family: "IPv6",
    lines: ["persistence_timeout 60", "persistence_granularity 64"],
    service: { persistence: { timeoutSeconds: 60, prefixLength: 64 } },
  }),
  sample({
    title: "persistence_engine",
    protocol: "UDP",
    lines: ["persistence_timeout 60", "persistence_engine sip"],
    service: { persistence: { timeoutSeconds: 60, prefixLength: 32, engine: "sip" } },
  }),
  sample({ title: "one-packet scheduling", protocol: "UDP", lines: ["ops"], service: { onePacket: true } }),
  sample({
    title: "thresholds",
    serverLines: ["uthreshold 100", "lthreshold 80"],
    destination: { upperThreshold: 100, lowerThreshold: 80 },
  }),
  sample({
    title: "TUN ipip",
    forwarding: "TUN",
    serverLines: ["lvs_method TUN type ipip"],
    destination: { tunnel: { type: "IPIP" } },
  }),
  sample({
    title: "TUN gue",
    forwarding: "TUN",
    serverLines: ["lvs_method TUN type gue port 6080"],
    destination: { tunnel: { type: "GUE", port: 6080 } },
  }),
  sample({
    title: "TUN gue csum",
    forwarding: "TUN",
    serverLines: ["lvs_method TUN type gue port 6080 csum"],
    destination: { tunnel: { type: "GUE", port: 6080, checksum: "Checksum" } },
  }),
  sample({
    title: "TUN gue remcsum",
    forwarding: "TUN",
    serverLines: ["lvs_method TUN type gue port 6080 remcsum"],
    destination: { tunnel: { type: "GUE", port: 6080, checksum: "RemoteChecksum" } },
  }),
  sample({
    title: "TUN gre csum",
    forwarding: "TUN",
    serverLines: ["lvs_method TUN type gre csum"],
    destination: { tunnel: { type: "GRE", checksum: "Checksum" } },
  }),
];

const marks: TableCase[] = families.map((family, index) => {
  const firewallMark = 7 + index;
  const destinations = servers[family].map((address) => ({ address, port: 0, forwarding: "DR" as const, weight: 1 }));
  return {
    title: ["fwmark", family].join(" "),
    conf: [
      `virtual_server fwmark ${firewallMark} {`,
      `  ip_family ${family === "IPv6" ? "inet6" : "inet"}`,
      "  lb_algo rr",
      "  lb_kind DR",
      ...servers[family].map((address) => realServer(address, 80, [])),
      "}",
    ],
    services: [{ key: { family, firewallMark }, scheduler: "rr", destinations }],
  };
});

function group(): TableCase {
  // With NAT they keep their port under the mark, too.
  const destinations = servers.IPv4.map((address): IpvsDestination => ({ address, port: 8080, forwarding: "NAT", weight: 3 }));
  const service = (address: string): IpvsService => ({
    key: { family: "IPv4", protocol: "TCP", address, port: 80 },
    scheduler: "wlc",
    destinations,
  });
  return {
    title: "group of an address, a range and a mark",
    conf: [
      "virtual_server_group G {",
      "  192.0.2.20 80",
      "  192.0.2.21-23 80",
      "  fwmark 9",
      "}",
      "virtual_server group G {",
      "  lb_algo wlc",
      "  lb_kind NAT",
      "  protocol TCP",
      ...servers.IPv4.map((address) => realServer(address, 8080, ["weight 3"])),
      "}",
    ],
    services: [
      ...[20, 21, 22, 23].map((host) => service(`192.0.2.${host}`)),
      { key: { family: "IPv4", firewallMark: 9 }, scheduler: "wlc", destinations },
    ],
  };
}

export const tableCases: readonly TableCase[] = [...products, ...singles, ...marks, group()];
