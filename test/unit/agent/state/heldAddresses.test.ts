import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { HeldAddressJournal, mayHold, stillHeld } from "../../../../src/agent/state/heldAddresses.ts";
import { link, plain, planOf, routerSnapshot, routerSpec, snapshot } from "../fixtures.ts";
import { temporaryDirectory } from "../stateFiles.ts";

const now = () => new Date(0);
const a = { interface: "eth0", address: "192.0.2.10/24" };
const b = { interface: "eth0", address: "192.0.2.11/24" };
const desiredOf = (...addresses: string[]) =>
  planOf({ virtualRouters: addresses.length > 0 ? [routerSpec({ addresses: plain(...addresses) })] : [] }).desired;

test("the journal is the union of what was added until it shrinks, also for the next agent", async (context) => {
  const directory = temporaryDirectory(context);
  const journal = new HeldAddressJournal(directory, now);
  assert.equal((await journal.open()).kind, "absent");
  await journal.add([a]);
  await journal.add([a, b]);
  const next = new HeldAddressJournal(directory, now);
  await next.open();
  assert.deepEqual(next.addresses, [a, b]);
  await next.shrinkTo([b]);
  const last = new HeldAddressJournal(directory, now);
  await last.open();
  assert.deepEqual(last.addresses, [b]);
});

test("adding what is there and shrinking to everything write nothing", async (context) => {
  const directory = temporaryDirectory(context);
  const journal = new HeldAddressJournal(directory, now);
  await journal.add([]);
  await journal.shrinkTo([a]);
  assert.deepEqual(readdirSync(directory), []);
});

test("what could not be written is written by the next call, even if that adds nothing", async (context) => {
  const directory = temporaryDirectory(context);
  const journal = new HeldAddressJournal(directory, now);
  // A directory in the place of the file: the rename fails, as for root nothing else does.
  mkdirSync(join(directory, "held-addresses.json", "in the way"), { recursive: true });
  await assert.rejects(journal.add([a]));
  assert.ok(journal.isUnsaved);
  rmSync(join(directory, "held-addresses.json"), { recursive: true });
  await journal.add([a]);
  assert.ok(!journal.isUnsaved);
  const next = new HeldAddressJournal(directory, now);
  await next.open();
  assert.deepEqual(next.addresses, [a]);
});

test("what stands on the interface by somebody else's hand is never ours to remove", () => {
  const desired = desiredOf(a.address, b.address);
  assert.deepEqual(mayHold(desired, [link({ addresses: [a.address] })]), [b]);
  assert.deepEqual(mayHold(desired, [link({ name: "eth1", addresses: [a.address] })]), [a, b]);
});

test("an address stands on its own interface, else on the macvlan of its router, else on the router's interface; static ones count too", () => {
  const own = [{ address: "192.0.2.10/24" }, { address: "192.0.2.11/32", interface: "lo" }];
  const spec = {
    virtualRouters: [
      routerSpec({ addresses: own }),
      routerSpec({ virtualIP: "db", virtualRouterID: 52, virtualMACInterface: "v4-52-eth0", addresses: plain("192.0.2.12/24") }),
    ],
    static: { addresses: [{ address: "192.0.2.13/24", interface: "eth1" }] },
  };
  assert.deepEqual(
    mayHold(planOf(spec).desired, []).map(({ interface: name, address }) => `${name} ${address}`),
    ["eth0 192.0.2.10/24", "lo 192.0.2.11/32", "v4-52-eth0 192.0.2.12/24", "eth1 192.0.2.13/24"],
  );
});

test("an address leaves the journal when it is not desired, not held and not in the kernel", () => {
  const nowhere = () => false;
  const held = snapshot({ routers: [routerSnapshot({ addressesHeld: [a.address] })] });
  assert.deepEqual(stillHeld([a, b], desiredOf(a.address), snapshot(), nowhere), [a]);
  assert.deepEqual(stillHeld([a, b], desiredOf(), held, nowhere), [a]);
  assert.deepEqual(
    stillHeld([a, b], desiredOf(), snapshot(), ({ address }) => address === b.address),
    [b],
  );
  assert.deepEqual(stillHeld([a, b], desiredOf(), snapshot(), nowhere), []);
});
