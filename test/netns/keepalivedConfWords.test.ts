/** Words of keepalived.conf that are seldom used: keepalived and Aloft go through the same with the same file. */
import assert from "node:assert/strict";
import { closeSync, constants, mkdirSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { until } from "../support/waiting.ts";
import {
  addInterface,
  ConfRouter,
  from,
  heldBy,
  type Make,
  momentOf,
  now,
  onLan,
  resignation,
  secondsBetween,
  Wire,
  within,
} from "./keepalivedConfLan.ts";

const vrid = 51;
const address = "198.51.100.200/24";
const makes: Make[] = ["keepalived", "aloft"];

const instance = (lines: string, addresses = [address]) => `
vrrp_instance web {
  state BACKUP
  interface eth0
  version 3
  virtual_router_id ${vrid}
  priority 100
  advert_int 0.1
  virtual_ipaddress {
    ${addresses.join("\n    ")}
  }
${lines}}
`;

/** What has come through a FIFO so far, line by line. */
class FifoReader {
  readonly #file: number;
  readonly lines: string[] = [];

  private constructor(file: number) {
    this.#file = file;
  }

  static open(path: string): FifoReader {
    return new FifoReader(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
  }

  /** Waits until a line of the kind has come after those that were there. */
  async line(what: string): Promise<void> {
    const before = this.lines.length;
    await until(
      what,
      () =>
        this.#read()
          .slice(before)
          .some((line) => line.includes(what)),
      { everyMs: 20, hint: () => this.lines.join("; ") },
    );
  }

  close(): string[] {
    this.#read();
    closeSync(this.#file);
    return this.lines;
  }

  #read(): string[] {
    const buffer = Buffer.alloc(65536);
    try {
      const text = buffer.toString("utf8", 0, readSync(this.#file, buffer));
      this.lines.push(...text.split("\n").filter(Boolean));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
    return this.lines;
  }
}

test(
  "FIFOs get states, changes of the priority and the states at a reload as keepalived writes them; a tracked file is made",
  onLan(1, async (lan) => {
    const told: Record<string, { all: string[]; vrrp: string[]; made: string }> = {};
    for (const make of makes) {
      const directory = join(lan.directory, `words-${make}`);
      mkdirSync(directory);
      const [all, vrrp, score] = ["all", "vrrp", "score"].map((name) => join(directory, name)) as [string, string, string];
      const text = `
global_defs {
  notify_fifo ${all}
  vrrp_notify_fifo ${vrrp}
  vrrp_notify_priority_changes on
  fifo_write_vrrp_states_on_reload
}
track_file score {
  file ${score}
  weight 1
  init_file 0
}
${instance("  track_file {\n    score\n  }\n")}`;
      // One that keepalived has made itself is another one after a reload.
      await lan.exec("n1", ["mkfifo", all, vrrp]);
      const readers = [FifoReader.open(all), FifoReader.open(vrrp)];
      const router = await ConfRouter.start(lan, "n1", make, text);
      const next = (what: string) => Promise.all(readers.map((reader) => reader.line(what)));
      await next("MASTER 100");
      const made = readFileSync(score, "utf8");
      for (const [value, priority] of [
        [-20, 80],
        [5, 105],
      ]) {
        writeFileSync(score, `${value}\n`);
        await next(`MASTER_PRIORITY ${priority}`);
      }
      await lan.exec("n1", ["ip", "link", "set", "eth0", "down"]);
      await next("FAULT");
      // Of a MASTER that stays one keepalived 2.2.7 says nothing.
      router.process.signal("SIGHUP");
      await next("FAULT");
      writeFileSync(score, "7\n");
      await next("BACKUP_PRIORITY 107");
      await router.stop();
      // keepalived tracks anew at a reload, and tells of the priority that it had before.
      const same = (line: string) => !(line.endsWith("BACKUP_PRIORITY 105") && make === "keepalived");
      const [first = [], second = []] = readers.map((reader) => reader.close().filter(same));
      told[make] = { all: first, vrrp: second, made };
      await lan.exec("n1", ["ip", "link", "set", "eth0", "up"]);
    }
    assert.deepEqual(told.aloft, told.keepalived);
    assert.deepEqual([told.aloft?.made, told.aloft?.all.length], ["0\n", told.aloft?.vrrp.length]);
  }),
);

test(
  "init_file: a file that is there keeps its number, unless it is to be overwritten, and not at a reload",
  onLan(1, async (lan) => {
    const results: Record<string, string[]> = {};
    for (const make of makes) {
      const directory = join(lan.directory, `init-${make}`);
      mkdirSync(directory);
      const [kept, replaced] = ["kept", "replaced"].map((name) => join(directory, name)) as [string, string];
      for (const path of [kept, replaced]) writeFileSync(path, "3\n");
      const file = (name: string, path: string, init: string) =>
        `track_file ${name} {\n  file ${path}\n  weight 1\n  init_file ${init}\n}\n`;
      const text = `${file("kept", kept, "9")}${file("replaced", replaced, "9 overwrite")}${instance("  track_file {\n    kept\n    replaced\n  }\n")}`;
      const wire = await Wire.listen(lan);
      const router = await ConfRouter.start(lan, "n1", make, text);
      await wire.advert("an advert with the numbers of both", router.startedNs, (advert) => advert.priority === 112);
      const atStart = [kept, replaced].map((path) => readFileSync(path, "utf8"));
      writeFileSync(replaced, "4\n");
      await wire.advert("an advert with another number", now(), (advert) => advert.priority === 107);
      router.process.signal("SIGHUP");
      await delay(1000);
      results[make] = [...atStart, readFileSync(replaced, "utf8")];
      await router.stop();
    }
    assert.deepEqual(results, { keepalived: ["3\n", "9\n", "4\n"], aloft: ["3\n", "9\n", "4\n"] });
  }),
);

describe("vrrp_garp_interval and garp_group", () => {
  for (const make of makes)
    test(
      `gratuitous ARPs are apart as far as the file says (${make})`,
      onLan(1, async (lan) => {
        const pause = 0.1;
        const addresses = [200, 201, 202, 203, 204].map((host) => `198.51.100.${host}/24`);
        const announce = "  garp_master_delay 0\n  garp_master_repeat 1\n";
        for (const lines of [
          `global_defs {\n  vrrp_garp_interval ${pause}\n}\n`,
          `global_defs {\n  vrrp_garp_interval 0.001\n}\ngarp_group {\n  garp_interval ${pause}\n  interface eth0\n}\n`,
        ]) {
          const wire = await Wire.listen(lan);
          const router = await ConfRouter.start(lan, "n1", make, lines + instance(announce, addresses));
          const heard = () => wire.announcements(router.startedNs);
          await until("an announcement of each", () => new Set(heard().map((one) => one.address)).size === addresses.length, {
            everyMs: 20,
          });
          await delay(500);
          const times = heard().map(({ timeNs }) => timeNs);
          const gaps = times.slice(1).map((time, index) => secondsBetween(times[index] ?? time, time));
          assert.equal(gaps.length, addresses.length - 1);
          for (const [index, time] of times.slice(1).entries())
            within("the distance of two announcements", times[index] ?? 0n, time, pause);
          assert.ok(Math.min(...gaps) > pause * 0.9, `${gaps}`);
          const adverts = wire.adverts(times[0]).filter(from(lan, "n1", vrid));
          const late = Math.max(...adverts.slice(1).map(({ timeNs }, index) => secondsBetween(adverts[index]?.timeNs ?? timeNs, timeNs)));
          assert.ok(late < 0.2, `an advert waited ${late} s`);
          await router.stop();
          await heldBy(lan, undefined, address);
        }
      }),
    );
});

describe("interface_up_down_delays", () => {
  for (const make of makes)
    test(
      `a bounce of the carrier is no fault, a longer loss is one when its delay is over (${make})`,
      onLan(1, async (lan) => {
        const peer = await addInterface(lan, "n1", "eth1");
        const carrier = (state: string) => lan.exec("client", ["ip", "link", "set", peer, state]);
        const wire = await Wire.listen(lan);
        const text = `interface_up_down_delays {\n  eth1 1.5\n}\n${instance("  track_interface {\n    eth1\n  }\n")}`;
        const router = await ConfRouter.start(lan, "n1", make, text);
        await wire.advert("the first advert", router.startedNs, from(lan, "n1", vrid));
        const bounced = now();
        await carrier("down");
        await delay(500);
        await carrier("up");
        await delay(2500);
        assert.deepEqual(wire.adverts(bounced).filter(resignation(lan, "n1", vrid)), []);
        const lost = await momentOf(() => carrier("down"));
        const resigned = await wire.advert("the resignation", lost.earliestNs, resignation(lan, "n1", vrid));
        within("FAULT", lost, resigned.timeNs, 1.5, 2.5);
        await delay(500);
        const back = await momentOf(() => carrier("up"));
        const returned = await wire.advert("the return", back.earliestNs, from(lan, "n1", vrid));
        // The kernel may take a second to tell of a carrier.
        within("MASTER again", back, returned.timeNs, 0.3, 1.4);
      }),
    );
});
