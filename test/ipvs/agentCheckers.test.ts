/** More samples of keepalived.conf in an outage, those that take longest: which requests come, what becomes of the kernel's table, and when. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { until } from "../support/waiting.ts";
import { FixtureOutage, outage, type SampleOutage } from "./fixtureOutage.ts";
import { healthPage } from "./fixtureServers.ts";

const digest = createHash("md5").update(healthPage).digest("hex");
const web = "TCP 10.1.0.93:80";

const samples: SampleOutage[] = [
  {
    file: "check-http-get-full",
    // The digest is that of a page which nobody knows.
    text: (text) => text.replace(/digest \w+/, `digest ${digest}`),
    up: { [`${web} wrr`]: ["10.1.0.69:80 Route 3"] },
    out: { [`${web} wrr`]: ["127.0.0.1:80 Route 1"] },
    servers: [{ ...outage("10.1.0.69", 80, "refused", [6, 12], [12, 18]), address: "10.1.0.169" }],
  },
  {
    file: "check-ssl-get-full",
    up: { "TCP 10.1.0.93:443 wrr": ["10.1.0.69:443 Route 1"] },
    out: { "TCP 10.1.0.93:443 wrr": [] },
    servers: [{ ...outage("10.1.0.69", 443, "refused", [6, 12], [6, 12]), address: "10.1.0.169" }],
  },
  {
    file: "check-tcp-full",
    up: { [`${web} wrr`]: ["10.1.0.69:80 Route 1"] },
    out: { [`${web} wrr`]: [] },
    servers: [{ ...outage("10.1.0.69", 80, "refused", [1, 7], [0, 6]), address: "10.1.0.169" }],
  },
  {
    file: "syn-check-smtp",
    up: { "TCP 10.1.0.93:25 wlc": ["10.1.0.69:25 Route 1", "10.1.0.71:25 Route 1"] },
    out: { "TCP 10.1.0.93:25 wlc": [] },
    servers: [outage("10.1.0.69", 25, "refused", [6, 12], [0, 6]), outage("10.1.0.71", 25, "silent", [26, 32], [0, 11])],
  },
  {
    file: "lvs-dr-master",
    up: { "TCP 192.168.1.100:80 rr": ["192.168.1.2:80 Route 1", "192.168.1.3:80 Route 1"] },
    out: { "TCP 192.168.1.100:80 rr": [] },
    servers: [outage("192.168.1.2", 80, "refused", [12, 18], [0, 6]), outage("192.168.1.3", 80, "silent", [24, 30], [0, 9])],
  },
  {
    file: "syn-virtual-server-group",
    up: {
      "TCP 10.1.0.93:80 wlc": ["10.1.0.69:80 Route 1"],
      "TCP 10.1.0.94:80 wlc": ["10.1.0.69:80 Route 1"],
      "TCP 10.1.0.95:80 wlc": ["10.1.0.69:80 Route 1"],
      "FWM 7 wlc": ["10.1.0.69:0 Route 1"],
    },
    out: { "TCP 10.1.0.93:80 wlc": [], "TCP 10.1.0.94:80 wlc": [], "TCP 10.1.0.95:80 wlc": [], "FWM 7 wlc": [] },
    servers: [outage("10.1.0.69", 80, "refused", [1, 7], [0, 6]), { ...outage("10.1.0.69", 0, "refused", [1, 7], [0, 6]) }],
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

  test("check-http-get-full: both pages are asked for, and the programs of the server have been told", async () => {
    const asked = seen.bed.requests();
    for (const path of ["/", "/healthz"]) assert.ok(asked.includes(`10.1.0.169:8080 GET ${path}`), path);
    const called = () => seen.called("check-http-get-full");
    await until("the second call", () => called().length >= 2);
    assert.deepEqual(called(), ["down 10.1.0.69", "up 10.1.0.69"]);
  });

  test("check-ssl-get-full: the page is asked for over TLS, whoever signed", () => {
    assert.ok(seen.bed.requests().includes("10.1.0.169:8443 GET /"));
  });

  test("syn-check-smtp: greeted by its name, and left in order", () => {
    for (const line of ["EHLO check.example.com", "QUIT"]) assert.ok(seen.bed.requests().includes(`10.1.0.69:25 ${line}`), line);
  });
});
