import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { HeldTableJournal } from "../../../../src/agent/state/heldTables.ts";
import { NatTable } from "../../../../src/agent/virtualServers/natTable.ts";
import type { Endpoint } from "../../../../src/agent/virtualServers/resolvedVirtualServer.ts";
import { settle, VirtualClock } from "../../runtime/virtualClock.ts";
import { recordedLog } from "../recordedLog.ts";
import { temporaryDirectory } from "../stateFiles.ts";
import { RecordingNat } from "./recordingNat.ts";
import { virtualServer } from "./samples.ts";

const address = "192.0.2.10";
const masqueraded = virtualServer({ addresses: [address], spec: { masquerade: true } });
const translated = virtualServer({ addresses: [address], spec: { forwarding: "DR", service: { name: "web", targets: "Nodes" } } });
const pod = (own: string, fields: Partial<Endpoint> = {}): Endpoint => ({
  address: own,
  port: 8080,
  node: "n1",
  isHere: true,
  ready: true,
  serving: true,
  terminating: false,
  ...fields,
});
const masquerading = { served: [masqueraded], translated: [], endpoints: new Map(), isComplete: true };
const translating = (...endpoints: Endpoint[]) => ({
  served: [],
  translated: [translated],
  endpoints: new Map([["shop/web", endpoints]]),
  isComplete: true,
});
const nothing = { served: [], translated: [], endpoints: new Map(), isComplete: true };

async function create(context: TestContext, directory = temporaryDirectory(context), nat = new RecordingNat()) {
  const clock = new VirtualClock();
  const { log, lines } = recordedLog();
  const journal = new HeldTableJournal(directory, () => clock.wallNow());
  await journal.open();
  const table = new NatTable({ nat, journal, onChange: () => {}, clock, log });
  context.after(() => table.stop(true));
  const pass = async (ms: number) => {
    await clock.advance(ms);
    await settle();
  };
  return { directory, nat, table, pass, lines };
}

/** What the next process would read. */
async function holdsAfterwards(directory: string): Promise<boolean> {
  const journal = new HeldTableJournal(directory, () => new Date(0));
  assert.notEqual((await journal.open()).kind, "damaged");
  return journal.holds;
}

test("the table holds what is to be masqueraded, and what is translated for pods of the node that are ready", async (context) => {
  const { nat, table } = await create(context);
  const endpoints = [pod("10.0.0.2"), pod("10.0.0.1"), pod("10.0.0.3", { ready: false, terminating: true }), pod("fd00::1")];
  const elsewhere: Endpoint = { address: "198.51.100.12", node: "n2", pods: 2, ready: true, serving: true, terminating: false };
  await table.configure({ ...translating(...endpoints, elsewhere), served: [masqueraded] });
  assert.deepEqual(nat.table, {
    masqueraded: [{ protocol: "TCP", address, port: 80 }],
    translations: [
      {
        protocol: "TCP",
        address,
        port: 80,
        targets: [
          { address: "10.0.0.1", port: 8080 },
          { address: "10.0.0.2", port: 8080 },
        ],
      },
    ],
  });
});

test("with no pod that is ready those that are going away and still answer take new connections, and with none nothing is translated", async (context) => {
  const { nat, table } = await create(context);
  const leaving = { ready: false, terminating: true };
  await table.configure(translating(pod("10.0.0.1", leaving), pod("10.0.0.2", { ...leaving, serving: false })));
  assert.deepEqual(nat.table?.translations[0]?.targets, [{ address: "10.0.0.1", port: 8080 }]);
  await table.configure(translating());
  assert.equal(nat.table, undefined);
});

test("it is written once for what is the same, and for nothing at all the kernel is not even asked", async (context) => {
  const { nat, table, pass } = await create(context);
  await table.configure(nothing);
  await pass(5000);
  assert.equal(nat.generation, 1);
  await table.configure(masquerading);
  await table.configure(structuredClone(masquerading));
  await pass(5000);
  assert.equal(nat.written.length, 1);
});

test("a table that somebody removed is put back within a second; what happens to other tables is left alone", async (context) => {
  const { nat, table, pass, lines } = await create(context);
  await table.configure(masquerading);
  nat.othersChange();
  await pass(1000);
  assert.equal(nat.written.length, 1);
  nat.flush();
  await pass(1000);
  assert.equal(nat.written.length, 2);
  assert.deepEqual(nat.table, nat.written[0]);
  assert.equal(lines.filter(({ msg }) => String(msg).includes("put back")).length, 1);
});

test("what the kernel refuses is told, with what it lacks, and tried again each second", async (context) => {
  const { nat, table, pass } = await create(context);
  nat.refusal = { operation: "write table inet aloft", errno: constants.errno.ENOENT, message: "write table inet aloft: No such file" };
  await table.configure(masquerading);
  assert.match(table.problem, /No such file \(the kernel lacks a part of nf_tables/);
  nat.refusal = undefined;
  await pass(1000);
  assert.equal(table.problem, "");
  assert.equal(nat.written.length, 1);
});

test("a kernel that cannot have the table has nothing left to remove", async (context) => {
  const { nat, table, directory } = await create(context);
  nat.refusal = {
    operation: "write table inet aloft",
    errno: constants.errno.EOPNOTSUPP,
    message: "write table inet aloft: not supported",
  };
  await table.configure(masquerading);
  assert.notEqual(table.problem, "");
  await table.configure(nothing);
  assert.equal(table.problem, "");
  assert.equal(await holdsAfterwards(directory), false);
});

test("without a journal the table stands nevertheless, is watched and removed; once the journal can be written it is", async (context) => {
  const directory = join(temporaryDirectory(context), "missing");
  const { nat, table, pass } = await create(context, directory);
  await table.configure(masquerading);
  assert.notEqual(nat.table, undefined);
  assert.match(table.problem, /the journal of held tables cannot be written: ENOENT/);
  nat.flush();
  await pass(1000);
  // Behind what the look does, with a real disk; by itself it sees nothing to write.
  await table.configure(masquerading);
  assert.notEqual(nat.table, undefined);
  await table.configure(nothing);
  assert.equal(nat.table, undefined);
  await table.configure(masquerading);
  mkdirSync(directory);
  await table.configure(masquerading);
  assert.equal(table.problem, "");
  assert.equal(await holdsAfterwards(directory), true);
});

test("a damaged journal is written anew while the table stands", async (context) => {
  const directory = temporaryDirectory(context);
  writeFileSync(join(directory, "held-tables.json"), "{");
  const { table } = await create(context, directory);
  await table.configure(masquerading);
  assert.equal(await holdsAfterwards(directory), true);
});

test("at the end it goes, or stays for the next process, which knows of it and removes it when nobody wants it", async (context) => {
  const { directory, nat, table } = await create(context);
  await table.configure(masquerading);
  await table.stop(true);
  assert.notEqual(nat.table, undefined);
  const next = await create(context, directory, nat);
  await next.table.configure({ ...nothing, isComplete: false });
  assert.notEqual(nat.table, undefined, "it may be wanted by what is not known yet");
  await next.table.configure(nothing);
  assert.equal(nat.table, undefined);
  await next.table.configure(masquerading);
  await next.table.stop(false);
  assert.equal(nat.table, undefined);
});
