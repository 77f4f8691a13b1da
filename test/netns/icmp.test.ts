/** Echo requests through real raw sockets: who answers, who keeps silent, who is not there; by interface and with a mark. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { apiVersion } from "../../src/api/group.ts";
import { Lan } from "../support/lan.ts";
import { Agent, yamlFile } from "./agentStandaloneProcess.ts";
import type { DrivenResult } from "./healthDriver.ts";

const driver = fileURLToPath(new URL("healthDriver.ts", import.meta.url));

let lan: Lan;

before(async () => {
  lan = await Lan.create({ nodes: 3 });
});

after(() => lan.destroy());

interface Asked {
  address: string;
  check?: object;
  /** It is never other than it is assumed to be at first. */
  stays?: boolean;
}

async function check(asked: Record<string, Asked>): Promise<Record<string, DrivenResult>> {
  const input = JSON.stringify(Object.entries(asked).map(([key, { check: fields = {}, ...rest }]) => ({ key, ...rest, check: fields })));
  return JSON.parse(await lan.exec("n1", [process.execPath, driver], { input, timeoutMs: 60_000 }));
}

const up: DrivenResult = { up: true, message: "" };

test("icmp: hosts that answer are up, those that keep silent or are not there are down, in both families", async () => {
  await lan.exec("n3", ["sysctl", "-qw", "net.ipv4.icmp_echo_ignore_all=1", "net.ipv6.icmp.echo_ignore_all=1"]);
  const [well, silent] = [lan.nodeAddress("n2"), lan.nodeAddress("n3")];
  const { well4, well6, silent4, silent6, absent, unreachable } = await check({
    well4: { address: well.IPv4, check: { initial: "Down" } },
    well6: { address: well.IPv6, check: { initial: "Down" } },
    silent4: { address: silent.IPv4 },
    silent6: { address: silent.IPv6 },
    absent: { address: "198.51.100.99" },
    unreachable: { address: "203.0.113.1" },
  });
  assert.deepEqual([well4, well6], [up, up]);
  for (const result of [silent4, silent6, absent]) assert.deepEqual(result, { up: false, message: "no answer within 500 ms" });
  assert.equal(unreachable?.up, false);
  assert.match(unreachable?.message ?? "", /unreachable/);
});

test("icmp: many at a time share a socket, and each hears its own answers only", async () => {
  await lan.exec("n2", ["ip", "route", "add", "local", "10.99.0.0/23", "dev", "lo"]);
  await lan.exec("n1", ["ip", "route", "add", "10.99.0.0/16", "via", lan.nodeAddress("n2").IPv4]);
  // 10.99.0.0/23 answers, 10.99.2.0/23 is nobody's.
  const hosts = Array.from({ length: 1000 }, (_, index) => `10.99.${Math.floor(index / 250)}.${(index % 250) + 1}`);
  const initial = (index: number) => ({ initial: index < 500 ? "Down" : "Up" });
  const results = await check(Object.fromEntries(hosts.map((address, index) => [address, { address, check: initial(index) }])));
  const wrong = hosts.filter((address, index) => results[address]?.up !== index < 500);
  assert.deepEqual(wrong, []);
});

test("icmp: a tracked gateway that no longer answers is down", async () => {
  const text = yamlFile({
    apiVersion,
    kind: "VirtualIP",
    metadata: { name: "web" },
    spec: {
      addresses: [{ address: "198.51.100.200/24" }],
      interface: "eth0",
      vrrp: { virtualRouterID: 51, advertisementInterval: "100ms" },
      track: [{ name: "gateway", icmp: { host: Lan.fabricAddress.IPv4 }, interval: "200ms", fall: 2 }],
    },
  });
  const agent = new Agent(lan, "n1", { text });
  const answers = (ignore: boolean) => lan.exec("fabric", ["sysctl", "-qw", `net.ipv4.icmp_echo_ignore_all=${Number(ignore)}`]);
  await agent.becomes("MASTER", "web/IPv4");
  await answers(true);
  assert.equal((await agent.becomes("FAULT", "web/IPv4")).reason, "CheckFailed");
  await answers(false);
  await agent.becomes("MASTER", "web/IPv4");
  assert.deepEqual(await agent.process.stop(), { code: 0, signal: null });
});

test("icmp: by an interface and with a mark", async () => {
  await lan.exec("n1", ["nft", "-f", "-"], {
    input: "table inet marks {\n chain output {\n type filter hook output priority 0\n meta mark 7 icmp type echo-request drop\n }\n}\n",
  });
  const address = lan.nodeAddress("n2").IPv4;
  const { byInterface, wrongInterface, noInterface, marked, otherMark } = await check({
    byInterface: { address, check: { interface: "eth0", initial: "Down" } },
    wrongInterface: { address, check: { interface: "lo" } },
    noInterface: { address, check: { interface: "no-such" }, stays: true },
    marked: { address, check: { firewallMark: 7 } },
    otherMark: { address, check: { firewallMark: 8, initial: "Down" } },
  });
  assert.deepEqual([byInterface, otherMark], [up, up]);
  assert.deepEqual([wrongInterface?.up, marked?.up], [false, false]);
  // Says nothing of the server, and why.
  assert.equal(noInterface?.up, true);
  assert.match(noInterface?.message ?? "", /^ICMP: .*No such device/);
});
