/** The samples of keepalived.conf with virtual servers: what an outage of their real servers makes of the kernel's table, and when. */
import { after, before, describe, test } from "node:test";
import { FixtureOutage, outage, type SampleOutage, type Seconds } from "./fixtureOutage.ts";

const route = (servers: readonly string[], weight = 1) => servers.map((server) => `${server} Route ${weight}`);
const sorry = (port: number) => [`127.0.0.1:${port} Route 1`];
/** TCP_CHECK with nothing but a timeout of 3 s each 6 s: it is tried again after 1 s. */
const plainTcp = { refused: [1, 7], silent: [7, 13], back: [0, 6], backFromSilence: [0, 9] } as const satisfies Record<string, Seconds>;

const samples: SampleOutage[] = [
  {
    file: "ha-ipvs-dr",
    up: { "TCP 10.1.0.93:80 rr": route(["10.1.0.69:80", "10.1.0.71:80"]) },
    out: { "TCP 10.1.0.93:80 rr": sorry(80) },
    servers: [outage("10.1.0.69", 80, "refused", [3, 6], [3, 6]), outage("10.1.0.71", 80, "silent", [7, 10], [3, 7])],
  },
  {
    file: "dual-master-lvs-fwmark-node1",
    up: { "FWM 3 rr": route(["172.16.0.69:0", "172.16.0.6:0"]) },
    out: { "FWM 3 rr": sorry(0) },
    // It is checked on the port that the service has lost.
    servers: [
      { ...outage("172.16.0.69", 0, "refused", [9, 11], [2, 4]), address: "172.16.0.69" },
      { ...outage("172.16.0.6", 0, "silent", [17, 19], [2, 6]), address: "172.16.0.6" },
    ],
  },
  {
    file: "check-tcp",
    up: { "TCP 10.1.0.93:80 rr": route(["10.1.0.69:80"]) },
    out: { "TCP 10.1.0.93:80 rr": [] },
    servers: [outage("10.1.0.69", 80, "refused", [6, 9], [0, 3])],
  },
  {
    file: "rs-monitor-equivalent",
    up: { "TCP 10.10.10.100:80 rr": [...route(["10.10.10.13:80"], 2), ...route(["10.10.10.14:80"])] },
    out: { "TCP 10.10.10.100:80 rr": [] },
    servers: [outage("10.10.10.13", 80, "refused", [0, 5], [5, 10]), outage("10.10.10.14", 80, "silent", [3, 8], [5, 11])],
  },
  {
    file: "syn-lvs-tun",
    up: { "TCP 10.1.0.93:80 wlc": ["10.2.0.69:80 Tunnel 1", "10.3.0.71:80 Tunnel 1"] },
    out: { "TCP 10.1.0.93:80 wlc": [] },
    servers: [
      outage("10.2.0.69", 80, "refused", plainTcp.refused, plainTcp.back),
      outage("10.3.0.71", 80, "silent", plainTcp.silent, plainTcp.backFromSilence),
    ],
  },
];

describe("samples of keepalived.conf", () => {
  let seen: FixtureOutage;
  before(async () => {
    seen = await FixtureOutage.run(samples);
  });
  after(() => seen?.destroy());

  for (const { file } of samples) {
    test(`${file}: the table while its servers are up, out, and up again`, () => seen.assertTables(file));
    test(`${file}: servers go and return within the bounds of its settings`, () => seen.assertTimes(file));
  }
});
