/** What can go wrong on a node, done to agents on the real kernel: there is one MASTER, never two answers, and a takeover is in time. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Family } from "../../src/api/ipAddress.ts";
import { run } from "../support/command.ts";
import type { StandaloneAgent } from "../support/standaloneAgent.ts";
import { elapsedMs } from "../support/takeover.ts";
import { until } from "../support/waiting.ts";
import {
  activeDownMs,
  addresses,
  FaultsBed,
  intervalMs,
  longestGapMs,
  mastersWere,
  neverTwoAnswers,
  outageMs,
  silenceOf,
  slackMs,
  takenOverInTime,
} from "./faultsBed.ts";

let bed: FaultsBed;
before(async () => {
  bed = await FaultsBed.create();
});
afterEach(() => bed.clear());
after(() => bed?.destroy());

const onNode = (node: string, script: string) => bed.lan.exec(node, ["sh", "-e", "-c", script], { timeoutMs: 60_000 });
const messages = (agent: StandaloneAgent, text: RegExp) =>
  agent
    .log()
    .split("\n")
    .filter((line) => text.test(line));

test("kill -9: the successor is there in time, and the dead node's kernel answers no more", async () => {
  const [one] = await bed.elect();
  const seen = await bed.watch(async () => {
    await one.kill();
    await sleep(1_000);
  });
  neverTwoAnswers(seen);
  mastersWere(seen, "n1", "n2");
  takenOverInTime(seen);
});

test("the gate is removed from the MASTER's link: it is back, and shuts behind a kill -9", async () => {
  const [one] = await bed.elect();
  await onNode("n1", "tc qdisc del dev eth0 clsact");
  await until("the gate to stand again", () => messages(one, /the gate was removed/).length > 0, { everyMs: 5, timeoutMs: 1_000 });
  const seen = await bed.watch(async () => {
    await one.kill();
    await sleep(1_000);
  });
  neverTwoAnswers(seen);
  mastersWere(seen, "n1", "n2");
  takenOverInTime(seen);
  assert.match(messages(one, /the gate was removed/).join("\n"), /"interface":"eth0"/);
});

test("a program of tcx comes before the gate: the gate goes before it again, and shuts behind a kill -9", async (context) => {
  const program = join(bed.lan.directory, "tcx");
  await run("cc", ["-O2", "-o", program, fileURLToPath(new URL("faultsTcx.c", import.meta.url))]);
  const [one] = await bed.elect();
  const index = (await onNode("n1", "cat /sys/class/net/eth0/ifindex")).trim();
  const foreign = bed.lan.spawn("n1", "tcx", [program, index]);
  try {
    await until("the program to be attached", () => !foreign.running || /attached/.test(foreign.logTail()), { everyMs: 5 });
    if (!foreign.running) return context.skip(`no tcx here: ${foreign.logTail()}`);
    await sleep(1_100);
    const seen = await bed.watch(async () => {
      await one.kill();
      await sleep(1_000);
    });
    neverTwoAnswers(seen);
    mastersWere(seen, "n1", "n2");
    takenOverInTime(seen);
  } finally {
    await foreign.kill();
  }
});

test("SIGSTOP for 5 s: the same; when it goes on, it looks before it sends, and takes the addresses back", async () => {
  const [one] = await bed.elect();
  let resumedNs = 0n;
  const seen = await bed.watch(async () => {
    process.kill(one.pid, "SIGSTOP");
    await sleep(5_000);
    resumedNs = process.hrtime.bigint();
    process.kill(one.pid, "SIGCONT");
    await sleep(activeDownMs("n1") + 500);
  });
  neverTwoAnswers(seen);
  mastersWere(seen, "n1", "n2", "n1");
  takenOverInTime(seen);
  const looked = silenceOf("n1", seen, resumedNs, bed.lan);
  assert.ok(looked >= activeDownMs("n1"), `it sent after ${looked} ms`);
});

test("all cores busy for 3 s: the MASTER stays, and is followed in time when it dies then", async () => {
  const [one] = await bed.elect();
  const hogs = Array.from({ length: 2 * availableParallelism() }, (_, index) =>
    bed.lan.spawn("client", `hog-${index}`, ["sh", "-c", "while :; do :; done"]),
  );
  const calm = await bed.watch(() => sleep(3_000));
  const seen = await bed.watch(async () => {
    await one.kill();
    await sleep(1_000);
  });
  await Promise.all(hogs.map((hog) => hog.kill()));
  neverTwoAnswers(calm);
  mastersWere(calm, "n1");
  neverTwoAnswers(seen);
  mastersWere(seen, "n1", "n2");
  takenOverInTime(seen);
});

test("a link that flaps 20 times a second for 3 s: one takeover, and one return when it is quiet", async () => {
  await bed.elect();
  const flaps = Array.from({ length: 60 }, () => "link set n1 down\nlink set n1 up\n");
  const seen = await bed.watch(async () => {
    for (const [index, flap] of flaps.entries()) {
      const [down = "", up = ""] = flap.split("\n");
      const dueMs = performance.now() + 25;
      await run("ip", ["-netns", bed.lan.namespace("fabric"), ...down.split(" ")]);
      await sleep(Math.max(0, dueMs - performance.now()));
      await run("ip", ["-netns", bed.lan.namespace("fabric"), ...up.split(" ")]);
      if (index < flaps.length - 1) await sleep(Math.max(0, dueMs + 25 - performance.now()));
    }
    await bed.heldBy("n1");
  });
  neverTwoAnswers(seen);
  mastersWere(seen, "n1", "n2", "n1");
  takenOverInTime(seen);
});

test("adverts lost on the way to the MASTER alone change nothing", async () => {
  await bed.elect();
  await onNode(
    "n1",
    "nft 'add table inet loss; add chain inet loss in { type filter hook input priority 0; }; add rule inet loss in meta l4proto 112 drop'",
  );
  const seen = await bed.watch(() => sleep(1_000));
  neverTwoAnswers(seen);
  mastersWere(seen, "n1");
  assert.ok(outageMs(seen) < intervalMs, `the client had no answer for ${outageMs(seen)} ms`);
});

test("every third advert lost on the way to the BACKUP: it stays BACKUP", async () => {
  await bed.elect();
  await onNode(
    "n2",
    "nft 'add table inet loss; add chain inet loss in { type filter hook input priority 0; }; add rule inet loss in meta l4proto 112 numgen inc mod 3 == 0 drop'",
  );
  const seen = await bed.watch(() => sleep(3_000));
  neverTwoAnswers(seen);
  mastersWere(seen, "n1");
});

test("every advert lost on the way to the BACKUP: two MASTERs, of which the better one defends itself, and one again when it ends", async () => {
  const [, two] = await bed.elect();
  let healedNs = 0n;
  const seen = await bed.watch(async () => {
    await onNode(
      "n2",
      "nft 'add table inet loss; add chain inet loss in { type filter hook input priority 0; }; add rule inet loss in meta l4proto 112 drop'",
    );
    await sleep(3_000);
    await onNode("n2", "nft flush ruleset");
    healedNs = process.hrtime.bigint();
    await sleep(1_500);
  });
  const macs = { n1: await bed.lan.mac("n1"), n2: await bed.lan.mac("n2") };
  for (const [family, address] of Object.entries(addresses)) {
    const adverts = { n1: seen.advertsBy("n1", family as Family), n2: seen.advertsBy("n2", family as Family) };
    const announced = (node: "n1" | "n2") =>
      seen.observation.announcements.filter((one) => one.address === address && one.mac === macs[node]);
    assert.ok(longestGapMs(adverts.n1) < 2 * intervalMs, `${family}: the better one was silent for ${longestGapMs(adverts.n1)} ms`);
    const firstClaimNs = announced("n2")[0]?.timeNs ?? 0n;
    assert.ok(
      announced("n1").some(({ timeNs }) => timeNs > firstClaimNs && timeNs < healedNs),
      `${family}: it did not defend ${address}`,
    );
    const lastNs = adverts.n2.at(-1)?.atNs ?? 0n;
    assert.ok(lastNs > seen.sinceNs, `${family}: the other one never was MASTER`);
    assert.ok(
      elapsedMs(healedNs, lastNs) <= intervalMs + slackMs,
      `${family}: two MASTERs ${elapsedMs(healedNs, lastNs)} ms after the loss`,
    );
    const again = announced("n1").find(({ timeNs }) => timeNs > lastNs);
    assert.ok(again && elapsedMs(lastNs, again.timeNs) <= 1_000 + slackMs, `${family}: ${address} was not announced anew`);
    assert.deepEqual(seen.observation.owners.filter((owner) => owner.address === address).at(-1)?.macs, [macs.n1]);
  }
  await bed.heldBy("n1", 0);
  assert.match(messages(two, /"to":"BACKUP"/).at(-1) ?? "", /"reason":"HigherPriority"/);
});

test("5,000 addresses of others come and go at once: nobody takes over, and a lost address is noticed afterwards", async () => {
  const [one] = await bed.elect();
  const batch = (verb: string) =>
    Array.from({ length: 5_000 }, (_, index) => `address ${verb} 10.${10 + (index >> 8)}.${index & 255}.1/32 dev lo`).join("\n");
  const seen = await bed.watch(async () => {
    for (const verb of ["add", "delete"]) await bed.lan.exec("n1", ["ip", "-batch", "-"], { input: batch(verb), timeoutMs: 60_000 });
    await onNode("n1", `ip address delete ${addresses.IPv4}/24 dev eth0`);
    await bed.heldBy("n1", 2_000);
  });
  neverTwoAnswers(seen);
  mastersWere(seen, "n1");
  assert.equal(messages(one, /"to":"FAULT"/).length, 0);
});

test("an address that somebody deletes is back within 100 ms", async () => {
  await bed.elect();
  const seen = await bed.watch(async () => {
    await onNode("n1", `ip address delete ${addresses.IPv4}/24 dev eth0; ip address delete ${addresses.IPv6}/64 dev eth0`);
    await sleep(500);
  });
  neverTwoAnswers(seen);
  mastersWere(seen, "n1");
  // The client may lose nothing at all; that it was gone shows in the announcements of its return.
  for (const address of Object.values(addresses)) {
    const back = seen.observation.announcements.find((one) => one.address === address && one.timeNs > seen.sinceNs);
    assert.ok(back, `${address} was not announced anew`);
  }
  assert.ok(outageMs(seen) < 100, `the client had no answer for ${outageMs(seen)} ms`);
  await bed.heldBy("n1", 0);
});

test("the kernel of who takes its addresses back is slow with them: packets are answered by the other one until it has them", async () => {
  const library = join(bed.lan.directory, "slowkernel.so");
  await run("cc", ["-shared", "-fPIC", "-O2", "-o", library, fileURLToPath(new URL("faultsSlowKernel.c", import.meta.url))]);
  const slownessMs = 400;
  const [one] = await bed.elect({ env: { LD_PRELOAD: library, ALOFT_TEST_SLOWNESS: String(slownessMs) } });
  process.kill(one.pid, "SIGSTOP");
  await sleep(activeDownMs("n2") + 3 * slownessMs);
  const seen = await bed.watch(async () => {
    process.kill(one.pid, "SIGCONT");
    await sleep(activeDownMs("n1") + 2 * slownessMs);
    await bed.heldBy("n1");
  });
  neverTwoAnswers(seen);
  mastersWere(seen, "n2", "n1");
  const mac = await bed.lan.mac("n1");
  for (const [family, address] of Object.entries(addresses)) {
    const first = seen.advertsBy("n1", family as Family).at(0);
    const told = seen.observation.announcements.find((each) => each.address === address && each.mac === mac);
    assert.ok(first && told && elapsedMs(first.atNs, told.timeNs) >= slownessMs, `${address} was not announced as late as that`);
  }
  assert.ok(outageMs(seen) < slackMs, `the client had no answer for ${outageMs(seen)} ms`);
});

test("the link is deleted and made anew: a takeover in time, and the return", async () => {
  await bed.elect();
  const { IPv4, IPv6 } = bed.lan.nodeAddress("n1");
  const mac = await bed.lan.mac("n1");
  const seen = await bed.watch(async () => {
    await onNode("n1", "ip link delete eth0");
    await until("n2", () => bed.heldBy("n2", 0).then(() => true));
    const n1 = bed.lan.namespace("n1");
    await bed.lan.exec("fabric", ["ip", "link", "add", "n1", "type", "veth", "peer", "name", "eth0", "address", mac, "netns", n1]);
    await bed.lan.exec("fabric", ["ip", "link", "set", "n1", "addrgenmode", "none"]);
    await bed.lan.heal("n1");
    await onNode(
      "n1",
      `sysctl -q -w net.ipv6.conf.eth0.accept_dad=0; ip link set eth0 up; ip address add ${IPv4}/24 brd + dev eth0; ip address add ${IPv6}/64 dev eth0 nodad`,
    );
    await bed.heldBy("n1");
  });
  neverTwoAnswers(seen);
  mastersWere(seen, "n1", "n2", "n1");
  takenOverInTime(seen);
});

test("the wall clock goes back an hour, and forth: nothing happens", async () => {
  const clock = join(bed.lan.directory, "offset");
  const library = join(bed.lan.directory, "wallclock.so");
  await run("cc", ["-shared", "-fPIC", "-O2", "-o", library, fileURLToPath(new URL("faultsWallClock.c", import.meta.url))]);
  writeFileSync(clock, Buffer.alloc(8));
  const [one, two] = await bed.elect({ env: { LD_PRELOAD: library, ALOFT_TEST_CLOCK: clock } });
  const set = (seconds: number) => writeFileSync(clock, new Uint8Array(new BigInt64Array([BigInt(seconds)]).buffer), { flag: "r+" });
  const seen = await bed.watch(async () => {
    set(-3600);
    await sleep(1_000);
    set(3600);
    await sleep(1_000);
  });
  neverTwoAnswers(seen);
  mastersWere(seen, "n1");
  assert.equal(outageMs(seen), 0);
  set(-3600);
  const killed = await bed.watch(async () => {
    await one.kill();
    await sleep(1_000);
  });
  neverTwoAnswers(killed);
  mastersWere(killed, "n1", "n2");
  takenOverInTime(killed);
  // The agent did live in that hour: the time of its last line is the proof.
  const { time } = JSON.parse(messages(two, /"to":"MASTER"/).at(-1) ?? "{}") as { time?: string | number };
  assert.ok(Math.abs(new Date(time ?? 0).getTime() - (Date.now() - 3_600_000)) < 60_000, `it was ${time} there`);
});
