/** keepalived.conf with tracking, preemption and groups, on the real kernel: who leads when, as the samples' README has it. */
import assert from "node:assert/strict";
import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { BackgroundProcess } from "../support/backgroundProcess.ts";
import type { Lan } from "../support/lan.ts";
import { until } from "../support/waiting.ts";
import {
  addInterface,
  addSecondNetwork,
  ConfRouter,
  downSeconds,
  from,
  has,
  heldBy,
  type Make,
  momentOf,
  now,
  onLan,
  onNode,
  resignation,
  sample,
  skewSeconds,
  Wire,
  within,
} from "./keepalivedConfLan.ts";

/** The kernel tells of returned carriers once a second, for all links of the machine together. */
const carrierSeconds = 1;

const aloft: Make = "aloft";
const keepalived: Make = "keepalived";
/** Makes of the node of the MASTER file and of that of the BACKUP file. */
const pairs: [Make, Make][] = [
  [aloft, aloft],
  [keepalived, aloft],
  [aloft, keepalived],
];
const halfSecond = 500_000_000n;

/** A starts and leads, B starts and hears it. */
async function startPair(lan: Lan, wire: Wire, vrid: number, [textA, textB]: [string, string], makes: [Make, Make] = [aloft, aloft]) {
  const a = await ConfRouter.start(lan, "n1", makes[0], textA);
  await wire.advert("A's first advert", a.startedNs, from(lan, "n1", vrid));
  const b = await ConfRouter.start(lan, "n2", makes[1], textB);
  await wire.advert("an advert that B hears", b.startedNs + halfSecond, from(lan, "n1", vrid));
  return { a, b };
}

const link = (lan: Lan, node: string, name: string, state: "up" | "down") => lan.exec(node, ["ip", "link", "set", name, state]);

// They wait more than they work.
describe("tracking, preemption, groups", { concurrency: 5 }, () => {
  test(
    "track-interface: FAULT at once when eth1 fails, back after Down; eth0 itself cannot tell",
    onLan(2, async (lan) => {
      await addInterface(lan, "n1", "eth1");
      const wire = await Wire.listen(lan);
      await startPair(lan, wire, 51, [sample("track-interface"), sample("prose-pair-backup")], [aloft, keepalived]);
      const down = await momentOf(() => link(lan, "n1", "eth1", "down"));
      const resigned = await wire.advert("A's resignation", down.earliestNs, resignation(lan, "n1", 51));
      within("FAULT", down, resigned.timeNs, 0);
      const taken = await wire.advert("B's first advert", resigned.timeNs, from(lan, "n2", 51));
      within("B is MASTER", resigned.timeNs, taken.timeNs, skewSeconds(50));
      await heldBy(lan, "n2", "192.168.200.16/32");
      await wire.advert("one more of B", taken.timeNs, from(lan, "n2", 51));
      const up = await momentOf(() => link(lan, "n1", "eth1", "up"));
      const returned = await wire.advert("A's return", up.earliestNs, from(lan, "n1", 51));
      within("A is MASTER again", up, returned.timeNs, downSeconds(100) - 1, downSeconds(100) + carrierSeconds);
      await heldBy(lan, "n1", "192.168.200.16/32");
      await wire.advert("an advert that B hears", returned.timeNs + halfSecond, from(lan, "n1", 51));
      await link(lan, "n1", "eth0", "down");
      const silent = await wire.advert("B's takeover", now(), from(lan, "n2", 51));
      const last = wire.adverts().findLast(from(lan, "n1", 51));
      within("eth0 lost, B is MASTER", last?.timeNs ?? 0n, silent.timeNs, downSeconds(50));
    }),
  );

  test(
    "nopreempt: a living MASTER of lower priority is left alone, one that stops is followed",
    onLan(2, async (lan) => {
      const wire = await Wire.listen(lan);
      const b = await ConfRouter.start(lan, "n2", keepalived, sample("prose-pair-backup"));
      await wire.advert("B's first advert", b.startedNs, from(lan, "n2", 51));
      const a = await ConfRouter.start(lan, "n1", aloft, sample("nopreempt"));
      await delay(6000);
      assert.deepEqual(wire.adverts(a.startedNs).filter(from(lan, "n1", 51)), []);
      const stopped = now();
      await b.stop();
      const resigned = await wire.advert("B's resignation", stopped, resignation(lan, "n2", 51));
      const taken = await wire.advert("A's first advert", resigned.timeNs, from(lan, "n1", 51));
      within("A is MASTER", resigned.timeNs, taken.timeNs, skewSeconds(100));
    }),
  );

  test(
    "preempt-delay: 5 s instead of 300, from B's first advert, and never two MASTERs for longer than an advert takes",
    onLan(2, async (lan) => {
      const wire = await Wire.listen(lan);
      const b = await ConfRouter.start(lan, "n2", keepalived, sample("prose-pair-backup"));
      await wire.advert("B's first advert", b.startedNs, from(lan, "n2", 51));
      const a = await ConfRouter.start(lan, "n1", aloft, sample("preempt-delay").replace("preempt_delay 300", "preempt_delay 5"));
      const heard = await wire.advert("what A hears of B", a.startedNs, from(lan, "n2", 51));
      const taken = await wire.advert("A's first advert", a.startedNs, from(lan, "n1", 51));
      within("A is MASTER", heard.timeNs, taken.timeNs, 5 + downSeconds(100) - 1, 5 + downSeconds(100));
      await delay(1500);
      assert.deepEqual(wire.adverts(taken.timeNs + halfSecond).filter(from(lan, "n2", 51)), []);
    }),
  );

  test(
    "track-script-minimal: 20 less while the file is missing",
    onLan(1, async (lan) => {
      const ready = join(lan.directory, "ready");
      writeFileSync(ready, "");
      const wire = await Wire.listen(lan);
      const router = await ConfRouter.start(lan, "n1", aloft, sample("track-script-minimal").replace("/run/ready", ready));
      const mine = from(lan, "n1", 51);
      const first = await wire.advert("an advert", router.startedNs, mine);
      assert.equal(first.priority, 100);
      const removed = now();
      rmSync(ready);
      const lower = await wire.advert("priority 80", removed, (advert) => mine(advert) && advert.priority === 80);
      // A run every 2 s, an advert every second.
      within("80", removed, lower.timeNs, 0, 3);
      const made = now();
      writeFileSync(ready, "");
      const higher = await wire.advert("priority 100", made, (advert) => mine(advert) && advert.priority === 100);
      within("100", made, higher.timeNs, 0, 3);
    }),
  );

  for (const makes of pairs)
    test(
      `track-tcp: the service decides who leads (${makes.join(" with ")})`,
      onLan(2, async (lan) => {
        const services = new Map<string, BackgroundProcess>();
        const serve = (node: string) =>
          services.set(node, lan.spawn(node, `service-${node}-${Math.random()}`, [process.execPath, "-e", service]));
        for (const [node, address] of [
          ["n1", "10.0.3.2/24"],
          ["n2", "10.0.3.3/24"],
        ] as const) {
          await lan.exec(node, ["ip", "address", "add", address, "dev", "eth0"]);
          serve(node);
        }
        const wire = await Wire.listen(lan);
        const [a, b] = [from(lan, "n1", 51), from(lan, "n2", 51)];
        await startPair(lan, wire, 51, [sample("track-tcp-master"), sample("track-tcp-backup")], makes);
        await heldBy(lan, "n1", "10.0.3.100/32");

        const failedA = await momentOf(async () => services.get("n1")?.kill());
        const taken = await wire.advert("B's takeover", failedA.earliestNs, b);
        within("B is MASTER", failedA, taken.timeNs, 3.6, 5.6);
        await heldBy(lan, "n2", "10.0.3.100/32");

        const failedB = await momentOf(async () => services.get("n2")?.kill());
        const back = await wire.advert("A's takeover", failedB.earliestNs, a);
        assert.equal(back.priority, 91, "its service is down, too");
        within("A is MASTER", failedB, back.timeNs, 0 + downSeconds(91) - 1, 1 + downSeconds(91));
        await heldBy(lan, "n1", "10.0.3.100/32");

        serve("n1");
        const well = await wire.advert("A at 101", now(), (advert) => a(advert) && advert.priority === 101);
        await delay(1500);
        assert.deepEqual(wire.adverts(back.timeNs + halfSecond).filter(b), [], "no transition");
        assert.ok(well);
        assert.equal(
          wire.adverts().some(({ priority }) => priority === 0),
          false,
          "no node was ever in FAULT",
        );
      }),
    );

  test(
    "ha-nginx: a maintenance file and a process decide who leads",
    onLan(2, async (lan) => {
      const texts = ["n1", "n2"].map((node, index) => {
        const { text, directory } = onNode(lan, node, sample(index === 0 ? "ha-nginx-master" : "ha-nginx-backup"));
        const name = `ngx${process.pid}${node}`;
        copyFileSync("/bin/sleep", join(directory, name));
        return { text: text.replaceAll("nginx", name), down: join(directory, "down"), program: join(directory, name) };
      });
      const [first, second] = texts;
      assert.ok(first && second);
      const run = (node: string, program: string) => lan.spawn(node, `${node}-process-${Math.random()}`, [program, "600"]);
      const processA = run("n1", first.program);
      run("n2", second.program);
      const wire = await Wire.listen(lan);
      const [a, b] = [from(lan, "n1", 14), from(lan, "n2", 14)];
      await startPair(lan, wire, 14, [first.text, second.text]);

      const maintained = now();
      writeFileSync(first.down, "");
      const taken = await wire.advert("B's takeover", maintained, b);
      within("file on A, B is MASTER", maintained, taken.timeNs, downSeconds(98) - 1, 1 + downSeconds(98));
      const over = now();
      rmSync(first.down);
      const back = await wire.advert("A's return", over, a);
      within("file gone, A is MASTER", over, back.timeNs, downSeconds(100) - 1, 1 + downSeconds(95));
      await wire.advert("an advert that B hears", back.timeNs + halfSecond, a);
      const dead = await momentOf(() => processA.kill());
      const takenAgain = await wire.advert("B's takeover", dead.earliestNs, b);
      within("process on A dead, B is MASTER", dead, takenAgain.timeNs, 1 + downSeconds(98) - 1, 2 + downSeconds(98));
      // Both fail: 95 and 93.
      writeFileSync(second.down, "");
      await wire.advert("A leads with 95", now(), (advert) => a(advert) && advert.priority === 95);
    }),
  );

  const crossed = [
    { files: ["mutual-node1", "mutual-node2"], addresses: ["192.168.1.8/32", "192.168.1.9/32"], vrid: 52, backup: 99 },
    { files: ["dual-master-node1", "dual-master-node2"], addresses: ["10.1.0.91/16", "10.1.0.92/16"], vrid: 15, backup: 98 },
  ];
  for (const { files, addresses, vrid, backup } of crossed)
    for (const makes of pairs)
      test(
        `${files.join(", ")}: each leads one and follows in the other (${makes.join(" with ")})`,
        onLan(2, async (lan) => {
          const [textA = "", textB = ""] = files.map(sample);
          const [address1 = "", address2 = ""] = addresses;
          const wire = await Wire.listen(lan);
          await ConfRouter.start(lan, "n1", makes[0], textA);
          const b = await ConfRouter.start(lan, "n2", makes[1], textB);
          await heldBy(lan, "n1", address1);
          await heldBy(lan, "n2", address2);
          await wire.advert("an advert that A hears", now(), from(lan, "n2", vrid));
          const killed = await b.kill();
          const taken = await wire.advert("A's takeover", killed, from(lan, "n1", vrid));
          const last = wire.adverts().findLast(from(lan, "n2", vrid));
          within("A has both", last?.timeNs ?? 0n, taken.timeNs, downSeconds(backup));
          await until("both addresses", async () => (await has(lan, "n1", address1)) && (await has(lan, "n1", address2)));
          const again = await ConfRouter.start(lan, "n2", makes[1], textB, b);
          const home = await wire.advert("B's return", again.startedNs, from(lan, "n2", vrid));
          within("home again", again.started, home.timeNs, downSeconds(100) - 1, downSeconds(100));
          await heldBy(lan, "n2", address2);
          await heldBy(lan, "n1", address1);
        }),
      );

  test(
    "syn-many-backups: the best BACKUP follows, and the next after it",
    onLan(3, async (lan) => {
      const wire = await Wire.listen(lan);
      const { a, b } = await startPair(lan, wire, 66, [sample("syn-many-backups-a"), sample("syn-many-backups-b")]);
      const c = await ConfRouter.start(lan, "n3", aloft, sample("syn-many-backups-c"));
      await wire.advert("an advert that C hears", c.startedNs + halfSecond, from(lan, "n1", 66));
      const followedBy = async (killed: bigint, before: string, after: string, priority: number) => {
        const taken = await wire.advert(`${after}'s takeover`, killed, from(lan, after, 66));
        const last = wire.adverts().findLast(from(lan, before, 66));
        within(`${after} is MASTER`, last?.timeNs ?? 0n, taken.timeNs, downSeconds(priority));
        return taken;
      };
      const second = await followedBy(await a.kill(), "n1", "n2", 100);
      await wire.advert("an advert that C hears", second.timeNs + halfSecond, from(lan, "n2", 66));
      assert.deepEqual(wire.adverts().filter(from(lan, "n3", 66)), []);
      await followedBy(await b.kill(), "n2", "n3", 50);
      const again = await ConfRouter.start(lan, "n1", aloft, sample("syn-many-backups-a"), a);
      const home = await wire.advert("A's return", again.startedNs, from(lan, "n1", 66));
      within("A is MASTER again", again.started, home.timeNs, downSeconds(150) - 1, downSeconds(150));
    }),
  );

  for (const makes of pairs)
    test(
      `syn-sync-group: both move together (${makes.join(" with ")})`,
      onLan(2, async (lan) => {
        await addSecondNetwork(lan, "10.9.0");
        const [onA, onB] = [onNode(lan, "n1", sample("syn-sync-group-master")), onNode(lan, "n2", sample("syn-sync-group-backup"))];
        const wire = await Wire.listen(lan);
        const inside = await Wire.listen(lan, "fabric", "br1");
        await startPair(lan, wire, 51, [onA.text, onB.text], makes);
        await heldBy(lan, "n1", "192.168.200.16/24");
        await heldBy(lan, "n1", "10.9.0.1/24", "eth1");
        assert.deepEqual(onA.notified(), ["notify.sh backup", "notify.sh master"].slice(onA.notified().length === 1 ? 1 : 0));

        const down = await momentOf(() => link(lan, "n1", "eth1", "down"));
        const resigned = await wire.advert("the resignation of VI_OUT", down.earliestNs, resignation(lan, "n1", 51));
        within("FAULT of both", down, resigned.timeNs, 0);
        const taken = await wire.advert("B's first advert", down.earliestNs, from(lan, "n2", 51));
        const insideLast = inside
          .adverts()
          .findLast(({ virtualRouterID, source, priority }) => virtualRouterID === 52 && source === "10.9.0.101" && priority > 0);
        within("B has both", insideLast?.timeNs ?? 0n, taken.timeNs, downSeconds(98));
        await heldBy(lan, "n2", "192.168.200.16/24");
        await heldBy(lan, "n2", "10.9.0.1/24", "eth1");
        await until("one notification of the group", () => onA.notified().at(-1) === "notify.sh fault");

        const up = await momentOf(() => link(lan, "n1", "eth1", "up"));
        const returned = await wire.advert("A's return", up.earliestNs, from(lan, "n1", 51));
        within("both are on A again", up, returned.timeNs, downSeconds(100) - 1, downSeconds(100) + carrierSeconds);
        await heldBy(lan, "n1", "192.168.200.16/24");
        await heldBy(lan, "n1", "10.9.0.1/24", "eth1");
      }),
    );

  test(
    "weights count as in keepalived, reversed or not, of what is up and of what is down",
    onLan(2, async (lan) => {
      const five = join(lan.directory, "five");
      writeFileSync(five, "5\n");
      for (const node of lan.nodes) {
        await addInterface(lan, node, "eth1");
        await addInterface(lan, node, "eth2");
        await link(lan, node, "eth2", "down");
      }
      const signs = ["", " weight 0 reverse", " weight 10", " weight -10", " weight 10 reverse", " weight -10 reverse"];
      const tracks = [
        ...["good", "bad"].flatMap((name) => signs.map((sign) => `track_script {\n${name}${sign}\n}`)),
        ...["eth1", "eth2"].flatMap((name) => signs.map((sign) => `track_interface {\n${name}${sign}\n}`)),
        ...signs.map((sign) => `track_file {\nfive${sign}\n}`),
      ];
      const conf = (first: number) =>
        [
          "vrrp_script good {\nscript /bin/true\n}\nvrrp_script bad {\nscript /bin/false\n}",
          `track_file five {\nfile ${five}\n}`,
          ...tracks.map((track, index) => {
            const vrid = first + index;
            return `vrrp_instance V${vrid} {\ninterface eth0\nvirtual_router_id ${vrid}\nvirtual_ipaddress {\n10.77.0.${vrid}\n}\n${track}\n}`;
          }),
        ].join("\n");
      const wire = await Wire.listen(lan);
      const [firstA, firstB] = [1, 101];
      await ConfRouter.start(lan, "n1", aloft, conf(firstA));
      await ConfRouter.start(lan, "n2", keepalived, conf(firstB));
      const settled = now() + 6n * 1_000_000_000n;
      await wire.advert("adverts of both", settled, ({ virtualRouterID }) => virtualRouterID >= firstB);
      await delay(1500);
      const priorities = (first: number) =>
        tracks.map((track, index) => {
          const last = wire.adverts(settled).findLast(({ virtualRouterID, priority }) => virtualRouterID === first + index && priority > 0);
          return `${track.replaceAll("\n", " ")}: ${last?.priority ?? "FAULT"}`;
        });
      assert.deepEqual(priorities(firstA), priorities(firstB));
      assert.ok(new Set(priorities(firstB).map((line) => line.split(": ")[1])).size >= 5, "they differ among themselves");
    }),
  );

  test(
    "syn-split-brain: different VRIDs, so both lead",
    onLan(2, async (lan) => {
      const wire = await Wire.listen(lan);
      const a = await ConfRouter.start(lan, "n1", aloft, sample("syn-split-brain-a"));
      const b = await ConfRouter.start(lan, "n2", aloft, sample("syn-split-brain-b"));
      await wire.advert("A leads 51", a.startedNs, from(lan, "n1", 51));
      await wire.advert("B leads 52", b.startedNs, from(lan, "n2", 52));
      await until(
        "the address on both",
        async () => (await has(lan, "n1", "192.168.200.16/32")) && (await has(lan, "n2", "192.168.200.16/32")),
      );
    }),
  );

  test(
    "single: a peer whose password was cut by hand is accepted",
    onLan(2, async (lan) => {
      const wire = await Wire.listen(lan);
      const peer = sample("single-backup").replace("123456_psd", "123456_p");
      await startPair(lan, wire, 14, [sample("single-master"), peer], [keepalived, aloft]);
      await delay(4500);
      assert.deepEqual(wire.adverts().filter(from(lan, "n2", 14)), []);
    }),
  );
});

/** What the probe of track-tcp looks at. */
const service = 'require("node:net").createServer((socket) => socket.destroy()).listen(8889, "0.0.0.0");';
