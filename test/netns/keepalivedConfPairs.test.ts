/** Pairs of keepalived.conf as people write them: both nodes run Aloft, or either runs keepalived 2.2.7. Times are those of the samples' README. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  ConfRouter,
  downSeconds,
  from,
  heldBy,
  type Make,
  now,
  onLan,
  resignation,
  sample,
  skewSeconds,
  Wire,
  within,
} from "./keepalivedConfLan.ts";

interface Pair {
  /** The node of the MASTER file and that of the BACKUP file. */
  files: [a: string, b: string];
  vrid: number;
  priorities: [a: number, b: number];
  /** On eth0 of the MASTER. */
  address: string;
  group?: string;
}

const pairs: Pair[] = [
  { files: ["prose-pair-master", "prose-pair-backup"], vrid: 51, priorities: [100, 50], address: "192.168.200.16/32" },
  { files: ["single-master", "single-backup"], vrid: 14, priorities: [100, 98], address: "10.1.0.91/16", group: "224.0.100.19" },
  { files: ["lvs-dr-master", "lvs-dr-backup"], vrid: 66, priorities: [100, 50], address: "192.168.1.100/32" },
  { files: ["glued-comment", "lvs-dr-backup"], vrid: 66, priorities: [100, 50], address: "192.168.1.100/32" },
  { files: ["ha-ipvs-dr", "ha-ipvs-dr-backup"], vrid: 14, priorities: [100, 98], address: "10.1.0.93/16", group: "224.0.100.19" },
];

const makes: [a: Make, b: Make][] = [
  ["aloft", "aloft"],
  ["keepalived", "aloft"],
  ["aloft", "keepalived"],
];

// They wait more than they work.
describe("pairs", { concurrency: 5 }, () => {
  for (const [makeA, makeB] of makes)
    for (const pair of pairs) test(`${pair.files.join(", ")} (${makeA} with ${makeB})`, runPair(pair, makeA, makeB));
});

/** Start, stop, return, crash. */
function runPair({ files, vrid, priorities, address, group = "224.0.0.18" }: Pair, makeA: Make, makeB: Make): () => Promise<void> {
  return onLan(2, async (lan) => {
    const [a, b] = [from(lan, "n1", vrid), from(lan, "n2", vrid)];
    const [textA, textB] = [sample(files[0]), sample(files[1])];
    const wire = await Wire.listen(lan);

    const first = await ConfRouter.start(lan, "n1", makeA, textA);
    const advert = await wire.advert("A's first advert", first.startedNs, a);
    within("A alone is MASTER", first.started, advert.timeNs, downSeconds(priorities[0]));
    const { destination, ttl, version, priority, intervalMs, addresses } = advert;
    const expected = { destination: group, ttl: 255, version: 2, priority: priorities[0], intervalMs: 1000, addresses: 1 };
    assert.deepEqual({ destination, ttl, version, priority, intervalMs, addresses }, expected);
    const other = await ConfRouter.start(lan, "n2", makeB, textB);
    await heldBy(lan, "n1", address);
    await wire.advert("an advert that B hears", other.startedNs + 500_000_000n, a);

    const stopped = now();
    await first.stop();
    const resigned = await wire.advert("A's resignation", stopped, resignation(lan, "n1", vrid));
    const taken = await wire.advert("B's first advert", resigned.timeNs, b);
    within("A stopped, B is MASTER", resigned.timeNs, taken.timeNs, skewSeconds(priorities[1]));
    assert.equal(taken.priority, priorities[1]);
    await heldBy(lan, "n2", address);

    const again = await ConfRouter.start(lan, "n1", makeA, textA, first);
    const returned = await wire.advert("A's return", again.startedNs, a);
    within("A returned and is MASTER", again.started, returned.timeNs, downSeconds(priorities[0]) - 1, downSeconds(priorities[0]));
    await heldBy(lan, "n1", address);

    await wire.advert("an advert of A after its return", returned.timeNs, a);
    const killed = await again.kill();
    const takenAgain = await wire.advert("B's takeover", killed, b);
    const last = wire.adverts().findLast(a);
    within("A crashed, B is MASTER", last?.timeNs ?? 0n, takenAgain.timeNs, downSeconds(priorities[1]));
  });
}
