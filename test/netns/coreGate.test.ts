/** What the kernel does for a core that has a gate, as a client on the LAN sees it: who answers for an address, and for how long. */
import assert from "node:assert/strict";
import { after, afterEach, before, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { DesiredRouter } from "../../src/agent/native/desiredState.ts";
import { Lan } from "../support/lan.ts";
import { longestDoubleAnswerMs, longestOutageMs, type Observation, Observer } from "../support/observer.ts";
import { until } from "../support/waiting.ts";
import { CorePeer, desiredRouter } from "./corePeer.ts";

const addresses = ["198.51.100.50", "2001:db8:100::50"];
/** Three intervals of 100 ms: as long as the gate stays open behind an advert. */
const openMs = 300;
/** What a busy machine adds, and the observer's 2 ms between two questions. */
const slackMs = 60;

let lan: Lan;
const peers: CorePeer[] = [];
before(async () => {
  lan = await Lan.create({ nodes: 2 });
});
afterEach(async () => {
  await Promise.all(peers.splice(0).map((peer) => peer.kill()));
  for (const node of lan.nodes) {
    for (const { address, prefixLength } of await lan.addresses(node)) {
      if (addresses.includes(address)) await lan.exec(node, ["ip", "address", "delete", `${address}/${prefixLength}`, "dev", "eth0"]);
    }
  }
});
after(() => lan.destroy());

async function start(node: string): Promise<CorePeer> {
  const peer = await CorePeer.start(lan, node, { gate: true });
  peers.push(peer);
  return peer;
}

function both(changes: Partial<DesiredRouter>): DesiredRouter[] {
  return (["IPv4", "IPv6"] as const).map((family) => desiredRouter({ family, deadMan: true, ...changes }));
}

const keys = ["vip/IPv4", "vip/IPv6"];

/** n1 is MASTER of both families, n2 BACKUP that has heard it. */
async function elected(changes: Partial<DesiredRouter> = {}): Promise<[master: CorePeer, backup: CorePeer]> {
  const [one, two] = await Promise.all([start("n1"), start("n2")]);
  const { active, message } = (await one.snapshot()).gate;
  assert.ok(active, `no gate: ${message}`);
  await one.apply(...both({ priority: 254, ...changes }));
  for (const key of keys) await one.becomes("MASTER", key);
  await two.apply(...both({ priority: 244 }));
  for (const key of keys) await until("adverts", async () => (await two.router(key)).counters.advertsReceived > 0);
  return [one, two];
}

/** Whoever answers for an address, by name, in the order in which that changed. */
async function owners(observation: Observation, address: string): Promise<string[]> {
  const names = new Map(await Promise.all(lan.nodes.map(async (node) => [await lan.mac(node), node] as const)));
  return observation.owners
    .filter((owner) => owner.address === address)
    .map(({ macs }) => macs.map((mac) => names.get(mac) ?? mac).join("+") || "nobody");
}

async function observed(act: () => Promise<void>): Promise<Observation> {
  const observer = await Observer.start(lan, addresses);
  await sleep(150);
  await act();
  await sleep(300);
  return observer.stop();
}

function neverTwo(observation: Observation): void {
  for (const address of addresses) assert.equal(longestDoubleAnswerMs(observation, address, 0n), 0, `two answered for ${address}`);
}

suite("the gate", () => {
  for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
    test(`shuts by itself after ${signal}: nobody answers until the successor does`, async () => {
      const [one, two] = await elected();
      const observation = await observed(async () => {
        process.kill(one.pid, signal);
        for (const key of keys) await two.becomes("MASTER", key);
      });
      neverTwo(observation);
      for (const address of addresses) assert.deepEqual(await owners(observation, address), ["n1", "nobody", "n2"]);
    });
  }

  test("of a core that was stopped lets nothing out when it goes on: it looks first", async () => {
    // It is BACKUP for long enough to be seen as that.
    const [one, two] = await elected({ preemptDelayMs: 700 });
    const observation = await observed(async () => {
      process.kill(one.pid, "SIGSTOP");
      for (const key of keys) await two.becomes("MASTER", key);
      process.kill(one.pid, "SIGCONT");
      for (const key of keys) assert.equal((await one.becomes("BACKUP", key)).reason, "LateWakeUp");
      for (const key of keys) await one.becomes("MASTER", key); // by preemption
      for (const key of keys) await two.becomes("BACKUP", key);
    });
    neverTwo(observation);
    for (const address of addresses)
      assert.deepEqual(
        (await owners(observation, address)).filter((owner) => owner !== "nobody"),
        ["n1", "n2", "n1"],
      );
  });

  test("shuts as soon as it says, also where there is no successor", async () => {
    const one = await start("n1");
    await one.apply(...both({ priority: 254 }));
    for (const key of keys) await one.becomes("MASTER", key);
    let killedNs = 0n;
    const observation = await observed(async () => {
      killedNs = process.hrtime.bigint();
      await one.kill();
      await sleep(openMs + 200);
    });
    for (const address of addresses) {
      assert.deepEqual(await owners(observation, address), ["n1", "nobody"]);
      const shut = observation.owners.find((owner) => owner.address === address && owner.macs.length === 0);
      const afterMs = Number((shut?.timeNs ?? 0n) - killedNs) / 1e6;
      assert.ok(afterMs > openMs - 100 - slackMs && afterMs < openMs + slackMs, `${address} was answered for ${afterMs} ms`);
    }
  });

  test("stays open without a dead-man switch", async () => {
    const one = await start("n1");
    await one.apply(...both({ priority: 254, deadMan: false }));
    for (const key of keys) await one.becomes("MASTER", key);
    const observation = await observed(async () => {
      await one.kill();
      await sleep(openMs + 200);
    });
    for (const address of addresses) assert.deepEqual(await owners(observation, address), ["n1"]);
  });

  for (const [takes, accept] of [
    ["takes", true],
    ["refuses", false],
  ] as const) {
    test(`${takes} packets to the addresses as the router says, and answers for them`, async () => {
      const one = await start("n1");
      await one.apply(...both({ priority: 254, accept }));
      for (const key of keys) await one.becomes("MASTER", key);
      const observation = await observed(() => sleep(500));
      for (const address of addresses) {
        assert.deepEqual(await owners(observation, address), ["n1"]);
        const echoes = observation.summaries.find((summary) => summary.by === "echo" && summary.address === address);
        assert.ok((echoes?.sent ?? 0) > 100);
        assert.equal((echoes?.answered ?? 0) > 0, accept, `${echoes?.answered} of ${echoes?.sent} pings of ${address} were answered`);
      }
    });
  }

  test("hands over at stop(): the successor answers before the addresses go, and never do two", async (context) => {
    const [one, two] = await elected();
    const observation = await observed(async () => {
      assert.deepEqual(await one.stop(), { ok: true });
      for (const key of keys) await two.becomes("MASTER", key);
    });
    neverTwo(observation);
    for (const address of addresses) {
      const outage = longestOutageMs(observation, address, 0n);
      context.diagnostic(`${address}: client outage ${outage.toFixed(1)} ms`);
      assert.ok(outage < slackMs, `client outage of ${address}: ${outage} ms`);
      assert.equal(
        (await lan.addresses("n1")).some((candidate) => candidate.address === address),
        false,
      );
    }
    for (const key of keys) assert.equal((await two.router(key)).reason, "PeerResigned");
  });

  test("is gone after stop(): the node may have the address in another way", async () => {
    const one = await start("n1");
    await one.apply(...both({ priority: 254 }));
    for (const key of keys) await one.becomes("MASTER", key);
    await one.stop();
    await lan.exec("n1", ["ip", "address", "add", `${addresses[0]}/24`, "dev", "eth0"]);
    const observation = await observed(() => sleep(100));
    assert.deepEqual(await owners(observation, addresses[0] ?? ""), ["n1"]);
  });
});

/** A gratuitous ARP for an address from the client's own MAC address, as a host sends it that has the same address. */
const claim = `
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("eth0", 0x0806))
mac = s.getsockname()[4]; ip = socket.inet_aton(sys.argv[1])
s.send(b"\\xff" * 6 + mac + b"\\x08\\x06\\0\\1\\x08\\0\\6\\4\\0\\1" + mac + ip + bytes(6) + ip)`;

suite("conflicts", () => {
  test("of a MASTER are told with the address and the MAC address of the other", async () => {
    const one = await start("n1");
    await one.apply(desiredRouter({ priority: 254, conflicts: "Report" }));
    await one.becomes("MASTER");
    await sleep(500);
    await lan.exec("client", ["python3", "-c", claim, addresses[0] ?? ""]);
    const [notice] = await until("the notice", () => one.notices().length > 0 && one.notices());
    const mac = await lan.mac("client");
    assert.deepEqual([notice?.notice, notice?.address, notice?.mac], ["AddressConflict", addresses[0], mac]);
    const { conflict, state } = await one.router();
    assert.deepEqual([conflict?.address, conflict?.mac, state], [addresses[0], mac, "MASTER"]);
    assert.ok(Math.abs((conflict?.at ?? 0) - Date.now()) < 10_000);
  });

  test("keep a router that enforces from its first claim, until the other has gone", async () => {
    const own = ["ip", "address", "add", `${addresses[0]}/24`, "dev", "eth0"];
    await lan.exec("client", own);
    const one = await start("n1");
    await one.apply(desiredRouter({ priority: 254, conflicts: "Enforce" }));
    const fault = await one.becomes("FAULT");
    assert.equal(fault.reason, "AddressConflict");
    assert.equal(fault.message, `${addresses[0]} is claimed by ${await lan.mac("client")}`);
    assert.equal(
      (await lan.addresses("n1")).some(({ address }) => address === addresses[0]),
      false,
    );
    await lan.exec("client", own.with(2, "delete"));
    await one.becomes("MASTER");
  });
});
