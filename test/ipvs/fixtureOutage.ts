/**
 * An outage of the real servers of samples, run by Aloft and by keepalived beside it: when each server goes and returns, and what the tables
 * are meanwhile. All samples go through it at once.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../support/waiting.ts";
import { FileDirector, fixture } from "./fileDirector.ts";
import { FixtureBed } from "./fixtureBed.ts";
import { type ProcTable, TableWatch } from "./procTable.ts";

/** Seconds from a change of the server to that of the table, as the samples' README counts them. */
export type Seconds = readonly [least: number, most: number];

export interface ServerOutage {
  /** As the table has it, without its weight. */
  server: string;
  /** Where it is checked. */
  address: string;
  how: "refused" | "silent";
  gone: Seconds;
  back: Seconds;
}

export interface SampleOutage {
  file: string;
  /** Its text as it runs here, where that is not the sample's. */
  text?: (text: string) => string;
  /** What the kernel has while all servers are up, and while they are out. */
  up: Record<string, string[]>;
  out: Record<string, string[]>;
  servers: ServerOutage[];
}

/** What a machine whose only processor has two dozen processes to run may add; a moment is read by the 20 ms, and a check is under way. */
const lateSeconds = 1;
const earlySeconds = 0.1;

type SavedTable = Record<string, string[]>;

interface Running {
  sample: SampleOutage;
  aloft: FileDirector;
  keepalived: FileDirector;
  called(): string[];
  /** With all servers up, without them, and with them again. */
  saved: { aloft: SavedTable; keepalived: SavedTable }[];
  tables: ProcTable[];
}

const sorted = (table: Record<string, string[]>) => Object.entries(table).map(([service, servers]) => [service, [...servers].sort()]);
const same = (table: ProcTable, wanted: Record<string, string[]>) =>
  JSON.stringify([...table].sort()) === JSON.stringify(sorted(wanted).sort());

export class FixtureOutage {
  readonly bed: FixtureBed;
  readonly #running: Running[] = [];
  #watch: TableWatch | undefined;
  #failedAt = 0;
  #healedAt = 0;

  private constructor(bed: FixtureBed) {
    this.bed = bed;
  }

  /** Runs all of it; the tests read what was seen. */
  static async run(samples: readonly SampleOutage[]): Promise<FixtureOutage> {
    console.log("T0", performance.now());
    const outage = new FixtureOutage(await FixtureBed.create(samples.length * 2));
    console.log("T bed", performance.now());
    for (const sample of samples) outage.#launch(sample);
    await outage.#go();
    return outage;
  }

  #launch(sample: SampleOutage): void {
    const [own, other] = [this.bed.take(), this.bed.take()];
    const text = sample.text?.(fixture(sample.file)) ?? fixture(sample.file);
    const [ours, theirs] = [own, other].map((node) => this.bed.withPrograms(node, text));
    this.#running.push({
      sample,
      aloft: FileDirector.launch(this.bed.lan, own, "aloft", ours?.text ?? ""),
      keepalived: FileDirector.launch(this.bed.lan, other, "keepalived", theirs?.text ?? ""),
      called: () => ours?.called() ?? [],
      saved: [],
      tables: [],
    });
  }

  async #go(): Promise<void> {
    await Promise.all(this.#running.flatMap(({ aloft, keepalived }) => [aloft.ready(), keepalived.ready()]));
    console.log("T ready", performance.now());
    await this.#settle("up", 10_000);
    console.log("T settled", performance.now());
    this.#watch = new TableWatch(this.#running.map(({ aloft }) => aloft.process.pid));
    const servers = this.#running.flatMap(({ sample }) => sample.servers);
    const failing = (how: ServerOutage["how"]) => [...new Set(servers.flatMap((one) => (one.how === how ? one.address : [])))];
    const longest = (which: "gone" | "back") => 1000 * (lateSeconds + Math.max(...servers.map((one) => one[which][1])));
    this.#failedAt = await this.bed.serverFailures({ refused: failing("refused"), silent: failing("silent") });
    await this.#settle("out", longest("gone"));
    console.log("T out", performance.now());
    this.#healedAt = await this.bed.serverFailures({});
    await this.#settle("up", longest("back"));
    this.#watch.end();
    console.log("T end", performance.now());
  }

  /** Waits, if not for ever, until all have these tables, and keeps what they have. */
  async #settle(phase: "up" | "out", timeoutMs: number): Promise<void> {
    const settled = () =>
      this.#running.every(({ sample, aloft, keepalived }) => [aloft, keepalived].every((one) => same(one.table(), sample[phase])));
    await until(`the tables of "${phase}"`, settled, { timeoutMs, everyMs: 50 }).catch(() => {});
    for (const { aloft, keepalived, tables, saved } of this.#running) {
      tables.push(aloft.table());
      saved.push({ aloft: await aloft.saved(), keepalived: await keepalived.saved() });
    }
  }

  #of(file: string): Running {
    const found = this.#running.find(({ sample }) => sample.file === file);
    if (!found) throw new Error(`${file} does not run`);
    return found;
  }

  called(file: string): string[] {
    return this.#of(file).called();
  }

  /** Its tables are those that the README names, and keepalived's. */
  assertTables(file: string): void {
    const { sample, tables, saved, aloft } = this.#of(file);
    for (const [index, wanted] of [sample.up, sample.out, sample.up].entries()) {
      assert.deepEqual(Object.fromEntries(tables[index] ?? []), Object.fromEntries(sorted(wanted)), aloft.process.logTail(8));
      assert.deepEqual(saved[index]?.aloft, saved[index]?.keepalived, `beside keepalived, phase ${index}`);
    }
  }

  /** Each server goes and returns within its bounds. */
  assertTimes(file: string): void {
    const { sample, aloft } = this.#of(file);
    for (const { server, how, gone, back } of sample.servers) {
      const at = (stands: boolean, after: number) => this.#watch?.when(aloft.process.pid, server, stands, after);
      within(`${server} (${how}) is gone`, this.#failedAt, at(false, this.#failedAt), gone);
      within(`${server} (${how}) is back`, this.#healedAt, at(true, this.#healedAt), back);
    }
  }

  destroy(): Promise<void> {
    this.#watch?.end();
    return this.bed.destroy();
  }
}

function within(what: string, from: number, at: number | undefined, [least, most]: Seconds): void {
  assert.ok(at !== undefined, `${what}: never`);
  const seconds = (at - from) / 1000;
  const text = `${what} after ${seconds.toFixed(2)} s, expected ${least} to ${most} s`;
  assert.ok(seconds >= least - earlySeconds && seconds <= most + lateSeconds, text);
}

/** Two tests for each sample, of what an outage showed. */
export function testSamples(samples: readonly SampleOutage[], seen: () => FixtureOutage): void {
  for (const { file } of samples) {
    test(`${file}: up, out and up again the table is keepalived's`, () => seen().assertTables(file));
    test(`${file}: servers go and return within the bounds of its settings`, () => seen().assertTimes(file));
  }
}

/** A server that is checked where it serves, on the port of the service. */
export function outage(address: string, port: number, how: ServerOutage["how"], gone: Seconds, back: Seconds): ServerOutage {
  return { server: `${address}:${port}`, address, how, gone, back };
}
