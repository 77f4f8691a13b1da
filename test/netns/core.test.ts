/** The core on the real kernel: cores in processes of their own, on nodes of a LAN. */
import assert from "node:assert/strict";
import { after, afterEach, before, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { HeldAddress } from "../../src/agent/native/core.ts";
import type { DesiredRouter } from "../../src/agent/native/desiredState.ts";
import type { Snapshot } from "../../src/agent/native/snapshot.ts";
import { run } from "../support/command.ts";
import { Lan } from "../support/lan.ts";
import { until } from "../support/waiting.ts";
import { CorePeer, desiredRouter, type PeerOptions } from "./corePeer.ts";

const v4 = "198.51.100.50";
const v6 = "2001:db8:100::50";
const held: HeldAddress[] = [{ interface: "eth0", address: `${v4}/24` }];
/** What a busy machine adds to a bound that the protocol gives; the benchmark measures exactly. */
const slackMs = 60;

let lan: Lan;
const peers: CorePeer[] = [];
before(async () => {
  lan = await Lan.create({ nodes: 2 });
});
afterEach(async () => {
  await Promise.all(peers.splice(0).map((peer) => peer.kill()));
  for (const node of lan.nodes) {
    await lan.heal(node);
    for (const { address, prefixLength } of await lan.addresses(node)) {
      if (address === v4 || address.startsWith("198.51.100.2") || address === v6) {
        await lan.exec(node, ["ip", "address", "delete", `${address}/${prefixLength}`, "dev", "eth0"]);
      }
    }
  }
});
after(() => lan.destroy());

async function start(node: string, options?: PeerOptions): Promise<CorePeer> {
  const peer = await CorePeer.start(lan, node, options);
  peers.push(peer);
  return peer;
}

async function stands(node: string, address = v4): Promise<boolean> {
  return (await lan.addresses(node)).some((candidate) => candidate.address === address);
}

/** n1 is MASTER, n2 BACKUP that has heard it. */
async function elected(changes: Partial<DesiredRouter> = {}): Promise<[master: CorePeer, backup: CorePeer]> {
  const [one, two] = await Promise.all([start("n1"), start("n2")]);
  await one.apply(desiredRouter({ priority: 254, ...changes }));
  await one.becomes("MASTER");
  await two.apply(desiredRouter({ priority: 244 }));
  await until("adverts", async () => (await two.router()).counters.advertsReceived > 0);
  return [one, two];
}

/** What a TCP connection to a port where nobody listens ends with: ECONNREFUSED when a host answers. */
async function connect(host: string, address: string): Promise<string> {
  const script = `require("node:net").connect({ host: "${address}", port: 9, timeout: 2000 })
    .on("timeout", () => { console.log("TIMEOUT"); process.exit(); }).on("error", (error) => console.log(error.code));`;
  return (await lan.exec(host, [process.execPath, "-e", script])).trim();
}

suite("two cores", () => {
  test("elect one, which alone holds the addresses of both families", async () => {
    const [one, two] = await Promise.all([start("n1"), start("n2")]);
    const both = (priority: number) => [desiredRouter({ priority }), desiredRouter({ priority, family: "IPv6" })];
    await Promise.all([one.apply(...both(254)), two.apply(...both(244))]);
    for (const key of ["vip/IPv4", "vip/IPv6"]) {
      await one.becomes("MASTER", key);
      await two.becomes("BACKUP", key);
    }
    await until("the addresses", async () => (await stands("n1", v4)) && (await stands("n1", v6)));
    assert.equal((await stands("n2", v4)) || (await stands("n2", v6)), false);
    assert.deepEqual((await one.router("vip/IPv6")).addressesHeld, [`${v6}/64`]);
    // A client resolves them at once: they answer ARP and ND, and the client has been told.
    for (const address of [v4, v6]) assert.equal(await connect("client", address), "ECONNREFUSED", address);
  });

  test("SIGKILL: the other takes over within Active_Down", async () => {
    const [one, two] = await elected();
    await one.kill();
    const change = await two.becomes("MASTER");
    assert.equal(change.reason, "AdvertTimeout");
    const activeDownMs = 300 + ((256 - 244) / 256) * 100;
    assert.ok(
      change.silenceMs !== undefined && change.silenceMs >= activeDownMs && change.silenceMs < activeDownMs + slackMs,
      `${change.silenceMs}`,
    );
    assert.ok(await until("the address", () => stands("n2")));
  });

  test("stop() resigns: the other takes over after Skew, and the address is gone when the promise is kept", async () => {
    const [one, two] = await elected();
    assert.deepEqual(await one.stop(), { ok: true });
    assert.equal(await stands("n1"), false);
    const change = await two.becomes("MASTER");
    assert.equal(change.reason, "PeerResigned");
    assert.ok((change.silenceMs ?? Number.POSITIVE_INFINITY) < 4.7 + slackMs, `${change.silenceMs}`);
  });

  test("process.exit() without stop() resigns as well", async () => {
    const [one, two] = await elected();
    one.disconnect(); // which its process answers with process.exit()
    assert.equal((await two.becomes("MASTER")).reason, "PeerResigned");
    await until("the removal", async () => !(await stands("n1")));
  });

  test("a carrier that is lost is a FAULT and a takeover; its return heals it", async () => {
    const [one, two] = await elected();
    await lan.cut("n1", "carrier");
    const fault = await one.becomes("FAULT");
    assert.equal(fault.message, "interface eth0 is down or has no carrier");
    await two.becomes("MASTER");
    await until("the removal", async () => !(await stands("n1")));
    await lan.heal("n1");
    await one.becomes("MASTER");
    await two.becomes("BACKUP");
    await until("one holder", async () => (await stands("n1")) && !(await stands("n2")));
  });

  test("a cut that nobody notices makes two, and its end leaves one", async () => {
    const [one, two] = await elected();
    await lan.cut("n1");
    await two.becomes("MASTER");
    assert.equal((await one.router()).state, "MASTER");
    await lan.heal("n1");
    await two.becomes("BACKUP");
    await until("one holder", async () => (await stands("n1")) && !(await stands("n2")));
    assert.equal((await one.router()).transitions, 2);
  });

  test("a higher priority by apply() takes over, a lower one gives way", async () => {
    const [one, two] = await elected();
    await two.apply(desiredRouter({ priority: 255 - 1 }));
    await one.apply(desiredRouter({ priority: 100 }));
    await two.becomes("MASTER");
    await one.becomes("BACKUP");
    await until("one holder", async () => (await stands("n2")) && !(await stands("n1")));
  });
  for (const family of ["IPv4", "IPv6"] as const) {
    test(`a MASTER whose ${family} source address is taken away resigns from it`, async () => {
      const key = `vip/${family}`;
      const [one, two] = await Promise.all([start("n1"), start("n2")]);
      await one.apply(desiredRouter({ family, priority: 254 }));
      await one.becomes("MASTER", key);
      await two.apply(desiredRouter({ family, priority: 244 }));
      await until("adverts", async () => (await two.router(key)).counters.advertsReceived > 0);
      const source = family === "IPv4" ? `${lan.nodeAddress("n1").IPv4}/24` : `${await lan.linkLocal("n1")}/64`;
      await lan.exec("n1", ["ip", "address", "delete", source, "dev", "eth0"]);
      try {
        assert.match((await one.becomes("FAULT", key)).message, /address/);
        await two.becomes("MASTER", key);
        await until("its event", async () => two.changes(key).at(-1)?.reason === "PeerResigned");
        await until("one holder", async () => !(await stands("n1", family === "IPv4" ? v4 : v6)));
      } finally {
        await lan.exec("n1", ["ip", "address", "add", source, "dev", "eth0", ...(family === "IPv6" ? ["nodad"] : [])]);
      }
    });
  }

  test("a source address that is tracked is a fault while it is missing, one that is not is none", async () => {
    const sourceAddress = "198.51.100.77";
    const own = ["ip", "address", "add", `${sourceAddress}/24`, "dev", "eth0"];
    const one = await start("n1");
    await one.apply(desiredRouter({ sourceAddress, trackSourceAddress: true }));
    const { message, reason, transitions } = await one.becomes("FAULT");
    assert.deepEqual([message, reason], [`interface eth0 has no ${sourceAddress} to send adverts from`, "NoSourceAddress"]);
    assert.equal(transitions, 1, "it was never BACKUP");
    await lan.exec("n1", own);
    await one.becomes("MASTER");
    await lan.exec("n1", own.with(2, "delete"));
    await one.becomes("FAULT");
    await until("the address to go", async () => !(await stands("n1")));
    await one.apply(desiredRouter({ sourceAddress }));
    await one.becomes("MASTER");
  });

  test("a MASTER that stood still looks first: its first packet does not override its successor", async () => {
    // It is BACKUP for long enough to be seen as that.
    const [one, two] = await elected({ preemptDelayMs: 700 });
    process.kill(one.pid, "SIGSTOP");
    await two.becomes("MASTER");
    const sent = (await two.router()).counters.advertsReceived;
    process.kill(one.pid, "SIGCONT");
    assert.equal((await one.becomes("BACKUP")).reason, "LateWakeUp");
    assert.equal((await two.router()).counters.advertsReceived, sent);
    await one.becomes("MASTER"); // by preemption
    await two.becomes("BACKUP");
    await until("one holder", async () => (await stands("n1")) && !(await stands("n2")));
  });
});

suite("addresses", () => {
  test("that somebody removes from the MASTER come back, and its state stays", async () => {
    const [one, two] = await elected();
    const { transitions } = await one.router();
    for (let round = 0; round < 3; round += 1) {
      await until("the address", () => stands("n1"), { timeoutMs: 1000, everyMs: 10 });
      await lan.exec("n1", ["ip", "address", "delete", `${v4}/24`, "dev", "eth0"]);
    }
    await until("the address", () => stands("n1"), { timeoutMs: 1000, everyMs: 10 });
    assert.equal((await one.router()).transitions, transitions);
    assert.equal((await two.router()).state, "BACKUP");
  });

  test("that somebody sets on a BACKUP are reported and left alone", async () => {
    const [, two] = await elected();
    await lan.exec("n2", ["ip", "address", "add", `${v4}/24`, "dev", "eth0"]);
    await until("the message", async () => (await two.router()).message.includes(v4));
    await two.stop();
    assert.ok(await stands("n2"));
  });

  test("of the administrator are reported, used and never removed", async () => {
    await lan.exec("n1", ["ip", "address", "add", `${v4}/24`, "dev", "eth0"]);
    const one = await start("n1", { heldAddresses: held });
    await one.apply(desiredRouter());
    await one.becomes("MASTER");
    await until("the message", async () => (await one.router()).message.includes(v4));
    assert.match((await one.router()).message, /set by somebody else/);
    await one.stop();
    assert.ok(await stands("n1"));
  });

  test("that a killed core left are adopted without a gap when nobody else is there", async () => {
    const dead = await start("n1");
    await dead.apply(desiredRouter());
    await until("the address", () => stands("n1"));
    await dead.kill();
    assert.ok(await stands("n1"));
    const monitor = lan.spawn("n1", "monitor", ["ip", "monitor", "address"], { pipeStdout: true });
    let seen = "";
    monitor.child.stdout?.on("data", (text) => {
      seen += text;
    });
    await sleep(200);
    const next = await start("n1", { heldAddresses: held });
    await next.apply(desiredRouter());
    const master = await next.becomes("MASTER");
    assert.deepEqual(master.addressesHeld, [`${v4}/24`]);
    await monitor.kill();
    assert.doesNotMatch(seen, new RegExp(v4));
  });

  test("that a killed core left are removed at the first advert of another", async () => {
    const [one, two] = await elected();
    await one.kill();
    await two.becomes("MASTER");
    assert.ok(await stands("n1"), "SIGKILL leaves it behind");
    const next = await start("n1", { heldAddresses: held });
    await next.apply(desiredRouter({ priority: 100 }));
    await until("the removal", async () => !(await stands("n1")));
    assert.equal((await next.router()).state, "BACKUP");
  });

  test("that nobody wants any more stay until the first apply(), and go then", async () => {
    const dead = await start("n1");
    await dead.apply(desiredRouter());
    await until("the address", () => stands("n1"));
    await dead.kill();
    const next = await start("n1", { heldAddresses: held });
    await sleep(200);
    assert.ok(await stands("n1"));
    await next.apply();
    await until("the removal", async () => !(await stands("n1")));
  });

  test("stay when the core stops with keepAddresses, and no resignation is sent", async () => {
    const [one, two] = await elected();
    await one.stop(true);
    assert.ok(await stands("n1"));
    assert.equal((await two.router()).counters.priorityZeroReceived, 0);
    assert.equal((await two.becomes("MASTER")).reason, "AdvertTimeout");
  });

  test("more than one batch are added and removed", async () => {
    const one = await start("n1");
    const addresses = Array.from({ length: 120 }, (_, i) => `198.51.100.${i < 40 ? 60 + i : 101 + i}/32`);
    const routers = [0, 1].map((i) =>
      desiredRouter({
        key: `vip${i}/IPv4`,
        virtualRouterID: 60 + i,
        addresses: addresses.slice(i * 60, i * 60 + 60).map((address) => ({ address })),
      }),
    );
    await one.apply(...routers);
    await until(
      "all addresses",
      async () => (await one.router("vip1/IPv4")).addressesHeld.length === 60 && (await stands("n1", "198.51.100.220")),
    );
    await one.stop();
    assert.equal((await lan.addresses("n1")).filter(({ prefixLength }) => prefixLength === 32).length, 0);
  });
});

/** The smallest bound that at least `share` of the wake-ups did not exceed, in microseconds. */
function percentileUs({ lateness: { boundsUs, counts } }: Snapshot, share: number): number {
  const total = counts.at(-1) ?? 0;
  return boundsUs[counts.findIndex((count) => count >= total * share)] ?? Number.NaN;
}

suite("on time", () => {
  test("adverts at 10 ms while JavaScript is blocked for 5 s: p99 below 1 ms, no transition", async (context) => {
    const [one, two] = await Promise.all([start("n1"), start("n2")]);
    if (!(await one.snapshot()).realTime.granted) return context.skip("no real-time scheduling here");
    await one.apply(desiredRouter({ priority: 254, advertisementIntervalMs: 10 }));
    await one.becomes("MASTER");
    await two.apply(desiredRouter({ priority: 244, advertisementIntervalMs: 10 }));
    await until("adverts", async () => (await two.router()).counters.advertsReceived > 0);
    const before = await one.router();
    await one.ask({ do: "block", milliseconds: 5000 });
    const snapshot = await one.snapshot();
    const router = await one.router();
    assert.ok(router.counters.advertsSent - before.counters.advertsSent >= 490, "an advert every 10 ms");
    assert.equal(router.transitions, before.transitions);
    assert.equal((await two.router()).state, "BACKUP");
    assert.equal((await two.router()).counters.transitionsToMaster, 0);
    const p99 = percentileUs(snapshot, 0.99);
    context.diagnostic(`lateness p50 ≤ ${percentileUs(snapshot, 0.5)} µs, p99 ≤ ${p99} µs, max ${snapshot.lateness.maxUs} µs`);
    assert.ok(p99 < 1000, `p99 ${p99} µs`);
  });

  test("without the permission for real time the core runs and says so", async () => {
    const script = `
      import { loadAddon } from ${JSON.stringify(new URL("../../src/agent/native/addon.ts", import.meta.url).href)};
      const { core } = loadAddon().start({ heldAddresses: [], realTime: true, gate: false }, () => {});
      console.log(JSON.stringify(core.snapshot().realTime));
      await core.stop();`;
    const node = [process.execPath, "--input-type=module", "-e", script];
    const output = await run("ip", ["netns", "exec", lan.namespace("n1"), "setpriv", "--bounding-set=-sys_nice", ...node]);
    const { granted, message } = JSON.parse(output) as Snapshot["realTime"];
    assert.equal(granted, false);
    assert.equal(message, "set SCHED_FIFO: Operation not permitted");
  });
});
