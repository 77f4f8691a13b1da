/** An outage of the real servers of samples: when each server goes and returns, and what the table is meanwhile. All samples go through it at once. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../support/waiting.ts";
import { FileDirector, fixture } from "./fileDirector.ts";
import { FixtureBed } from "./fixtureBed.ts";
import { assertWithin, type Moment } from "./moment.ts";
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

/** The first check of a server comes within delay_loop, and counts without being repeated. No sample waits longer. */
const longestLoopSeconds = 6;
/** Beyond the longest bound it is too late. */
const patienceSeconds = 5;

interface Running {
  sample: SampleOutage;
  director: FileDirector;
  called(): string[];
  /** With all servers up, without them, and with them again. */
  tables: ProcTable[];
}

const sorted = (table: Record<string, string[]>) => Object.entries(table).map(([service, servers]) => [service, [...servers].sort()]);
const same = (table: ProcTable, wanted: Record<string, string[]>) =>
  JSON.stringify([...table].sort()) === JSON.stringify(sorted(wanted).sort());

export class FixtureOutage {
  readonly bed: FixtureBed;
  readonly #running: Running[] = [];
  #watch: TableWatch | undefined;
  #failed: Moment = { earliest: 0, latest: 0 };
  #healed: Moment = { earliest: 0, latest: 0 };

  private constructor(bed: FixtureBed) {
    this.bed = bed;
  }

  /** Runs all of it; the tests read what was seen. */
  static async run(samples: readonly SampleOutage[]): Promise<FixtureOutage> {
    const outage = new FixtureOutage(await FixtureBed.create(samples.length));
    for (const sample of samples) outage.#launch(sample);
    await outage.#go();
    return outage;
  }

  #launch(sample: SampleOutage): void {
    const node = this.bed.take();
    const { text, called } = this.bed.withPrograms(node, sample.text?.(fixture(sample.file)) ?? fixture(sample.file));
    this.#running.push({ sample, director: FileDirector.launch(this.bed.lan, node, "aloft", text), called, tables: [] });
  }

  async #go(): Promise<void> {
    await Promise.all(this.#running.map(({ director }) => director.ready()));
    await sleep(1000 * longestLoopSeconds);
    await this.#settle("up", 10_000);
    this.#watch = new TableWatch(this.#running.map(({ director }) => director.process.pid));
    const servers = this.#running.flatMap(({ sample }) => sample.servers);
    const failing = (how: ServerOutage["how"]) => [...new Set(servers.flatMap((one) => (one.how === how ? one.address : [])))];
    const longest = (which: "gone" | "back") => 1000 * (patienceSeconds + Math.max(...servers.map((one) => one[which][1])));
    this.#failed = await this.bed.serverFailures({ refused: failing("refused"), silent: failing("silent") });
    await this.#settle("out", longest("gone"));
    this.#healed = await this.bed.serverFailures({});
    await this.#settle("up", longest("back"));
    this.#watch.end();
  }

  /** Waits, if not for ever, until all have these tables, and keeps what they have. */
  async #settle(phase: "up" | "out", timeoutMs: number): Promise<void> {
    const settled = () => this.#running.every(({ sample, director }) => same(director.table(), sample[phase]));
    await until(`the tables of "${phase}"`, settled, { timeoutMs, everyMs: 50 }).catch(() => {});
    for (const { director, tables } of this.#running) tables.push(director.table());
  }

  #of(file: string): Running {
    const found = this.#running.find(({ sample }) => sample.file === file);
    if (!found) throw new Error(`${file} does not run`);
    return found;
  }

  called(file: string): string[] {
    return this.#of(file).called();
  }

  /** Its tables are those that the README names. */
  assertTables(file: string): void {
    const { sample, tables, director } = this.#of(file);
    for (const [index, wanted] of [sample.up, sample.out, sample.up].entries())
      assert.deepEqual(Object.fromEntries(tables[index] ?? []), Object.fromEntries(sorted(wanted)), director.process.logTail(8));
  }

  /** Each server goes and returns within its bounds. */
  assertTimes(file: string): void {
    const { sample, director } = this.#of(file);
    for (const { server, how, gone, back } of sample.servers) {
      const at = (stands: boolean, { earliest }: Moment) => this.#watch?.when(director.process.pid, server, stands, earliest);
      within(`${server} (${how}) is gone`, this.#failed, at(false, this.#failed), gone);
      within(`${server} (${how}) is back`, this.#healed, at(true, this.#healed), back);
    }
  }

  destroy(): Promise<void> {
    this.#watch?.end();
    return this.bed.destroy();
  }
}

function within(what: string, from: Moment, at: Moment | undefined, [least, most]: Seconds): void {
  assertWithin(what, from, at, 1000 * least, 1000 * most);
}

/** A server that is checked where it serves, on the port of the service. */
export function outage(address: string, port: number, how: ServerOutage["how"], gone: Seconds, back: Seconds): ServerOutage {
  return { server: `${address}:${port}`, address, how, gone, back };
}
