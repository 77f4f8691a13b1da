/** Where health checks come from: the packets of each kind have the mark, the source and the way that are asked for. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Lan } from "../support/lan.ts";
import { until } from "../support/waiting.ts";
import type { DrivenResult } from "./healthDriver.ts";

const driver = fileURLToPath(new URL("healthDriver.ts", import.meta.url));
const port = 8080;
const other = "198.51.100.77";

/** Each kind against a server that answers all it is sent. */
const kinds: Record<string, object> = {
  tcp: { tcp: {}, port },
  http: { http: {}, port },
  udp: { udp: { requireReply: true }, port },
  icmp: { icmp: {} },
};

const servers = `
require("http").createServer((_, response) => response.end()).listen(${port}, "::");
const udp = require("dgram").createSocket("udp6").on("message", (message, { port, address }) => udp.send("x", port, address));
udp.bind(${port}, () => console.log("ready"));
`;

let lan: Lan;

before(async () => {
  lan = await Lan.create({ nodes: 2 });
  await lan.exec("n1", ["ip", "address", "add", `${other}/24`, "dev", "eth0"]);
  const running = lan.spawn("n2", "servers", [process.execPath, "-e", servers]);
  await until("the servers", () => running.log().includes("ready"));
});
after(() => lan?.destroy());

/** Of each kind, under `kind` and the name of the variant. */
async function check(
  variants: Record<string, object>,
  address = lan.nodeAddress("n2").IPv4,
  stays: readonly string[] = [],
): Promise<(name: string) => unknown[]> {
  const asked = Object.entries(variants).flatMap(([name, fields]) =>
    Object.entries(kinds).map(([kind, own]) => ({
      key: `${kind} ${name}`,
      address,
      check: { ...own, ...fields },
      stays: stays.includes(`${kind} ${name}`),
    })),
  );
  const said = await lan.exec("n1", [process.execPath, driver], { input: JSON.stringify(asked), timeoutMs: 60_000 });
  const results = JSON.parse(said) as Record<string, DrivenResult>;
  return (name) => Object.keys(kinds).map((kind) => [kind, results[`${kind} ${name}`]?.up]);
}

const all = (up: boolean) => Object.keys(kinds).map((kind) => [kind, up]);
const firewall = (host: string, chain: string) =>
  lan.exec(host, ["nft", "-f", "-"], { input: `table inet filtered\nflush table inet filtered\ntable inet filtered {\n${chain}\n}\n` });

test("health checks: their packets have the mark", async () => {
  await firewall("n1", "chain output {\ntype filter hook output priority 0\nmeta mark 7 drop\n}");
  const of = await check({ marked: { firewallMark: 7 }, otherwise: { firewallMark: 8, initial: "Down" } });
  assert.deepEqual(of("marked"), all(false));
  assert.deepEqual(of("otherwise"), all(true));
});

test("health checks: they leave by the interface", async () => {
  const of = await check({ right: { interface: "eth0", initial: "Down" }, wrong: { interface: "lo" } });
  assert.deepEqual(of("right"), all(true));
  assert.deepEqual(of("wrong"), all(false));
});

test("health checks: they come from the address that is given, ICMP from the kernel's own", async () => {
  await firewall("n2", `chain input {\ntype filter hook input priority 0\nip saddr != ${other} ip saddr 198.51.100.0/24 drop\n}`);
  const of = await check({ given: { sourceAddress: other, initial: "Down" }, usual: {} }, undefined, ["icmp given"]);
  assert.deepEqual(
    of("given"),
    all(true).map(([kind]) => [kind, kind !== "icmp"]),
  );
  assert.deepEqual(of("usual"), all(false));
  await lan.exec("n2", ["nft", "delete", "table", "inet", "filtered"]);
});

test("health checks: link-local addresses are asked by their interface", async () => {
  const addresses = await lan.addresses("n2");
  const linkLocal = addresses.find(({ address }) => address.startsWith("fe80:"))?.address;
  assert.ok(linkLocal);
  const of = await check({ scoped: { interface: "eth0", initial: "Down" } }, linkLocal);
  assert.deepEqual(of("scoped"), all(true));
});
