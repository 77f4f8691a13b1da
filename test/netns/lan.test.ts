/** The harness itself: what a LAN cuts is cut, and nothing is left behind, however the harness ends. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { run } from "../support/command.ts";
import { Lan } from "../support/lan.ts";
import { until } from "../support/waiting.ts";

describe("a LAN", () => {
  let lan: Lan;
  before(async () => {
    lan = await Lan.create({ nodes: 2 });
  });
  after(() => lan.destroy());

  const reaches = (address: string) =>
    lan.exec("client", ["arping", "-c1", "-w1", "-I", "eth0", address]).then(
      () => true,
      () => false,
    );
  const carrier = async (node: string) => (await lan.exec(node, ["cat", "/sys/class/net/eth0/carrier"])).trim();

  test("gives every host its addresses and a link-local one", async () => {
    const addresses = await lan.addresses("n2");
    assert.deepEqual(
      addresses.filter(({ address }) => !address.startsWith("fe80:")).map(({ address, prefixLength }) => `${address}/${prefixLength}`),
      ["198.51.100.12/24", "2001:db8:100::12/64"],
    );
    assert.equal(addresses.filter(({ tentative }) => tentative).length, 0);
  });

  test("a silent cut leaves the carrier, the other one takes it, and both heal", async () => {
    const { IPv4 } = lan.nodeAddress("n1");
    assert.equal(await reaches(IPv4), true);
    await lan.cut("n1", "silent");
    assert.equal(await reaches(IPv4), false);
    assert.equal(await carrier("n1"), "1");
    await lan.heal("n1");
    assert.equal(await reaches(IPv4), true);
    await lan.cut("n1", "carrier");
    assert.equal(await carrier("n1"), "0");
    await lan.heal("n1");
    // The kernel takes note of a carrier at most once a second.
    await until("an answer after the carrier's return", () => reaches(IPv4));
  });

  test("a node that loses its power loses all its processes, the others none", async () => {
    const mine = [lan.spawn("n1", "a", ["sleep", "60"]), lan.spawn("n1", "b", ["sleep", "60"])];
    const other = lan.spawn("n2", "c", ["sleep", "60"]);
    await until("three processes", async () => (await run("ip", ["netns", "pids", lan.namespace("n1")])).split("\n").length === 3);
    await lan.killHost("n1");
    assert.deepEqual(await Promise.all(mine.map(({ exited }) => exited)), Array(2).fill({ code: null, signal: "SIGKILL" }));
    assert.equal(other.running, true);
  });

  test("another one with the same addresses runs beside it", async () => {
    const second = await Lan.create({ nodes: 1 });
    try {
      assert.notEqual(second.namespace("n1"), lan.namespace("n1"));
      assert.equal(await reaches(lan.nodeAddress("n1").IPv4), true);
    } finally {
      await second.destroy();
    }
  });
});

describe("a harness that ends", () => {
  /** A harness with a LAN and a process in it, which then waits to be ended. Prints the prefix of its namespaces. */
  async function startHarness(): Promise<{ child: ChildProcess; prefix: string }> {
    const lanModule = fileURLToPath(new URL("../support/lan.ts", import.meta.url));
    const program = `
      const { Lan } = await import(${JSON.stringify(lanModule)});
      const lan = await Lan.create({ nodes: 1 });
      lan.spawn("n1", "sleep", ["sleep", "60"]);
      console.log(lan.prefix);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout?.on("data", (chunk) => {
      said += chunk;
    });
    const prefix = await until("the harness's LAN", () => (said.endsWith("\n") ? said.trim() : undefined));
    return { child, prefix };
  }

  const namespaces = (prefix: string) =>
    (existsSync("/run/netns") ? readdirSync("/run/netns") : []).filter((name) => name.startsWith(prefix));

  for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
    test(`by ${signal} leaves nothing behind`, async () => {
      const { child, prefix } = await startHarness();
      assert.equal(namespaces(prefix).length, 3);
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill(signal);
      await ended;
      // Whoever sent SIGINT or SIGTERM may look at once; after SIGKILL the reaper needs a moment.
      if (signal !== "SIGKILL") assert.deepEqual(namespaces(prefix), []);
      await until("the end of its namespaces", () => namespaces(prefix).length === 0);
    });
  }
});
