/**
 * Runs the health checks of a node. Equal checks of several virtual servers are one. They are spread in time, and have slots by kind of
 * which no group takes more than others leave: checks that hang hold up nobody else.
 */
import { type HealthCheck, type HealthCheckKind, healthCheckKinds } from "../../api/healthCheck.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import { Connector } from "../checks/connector.ts";
import { EchoSockets } from "../checks/echoSockets.ts";
import type { TlsMaterial } from "../checks/tls.ts";
import type { StartDialer } from "../native.ts";
import type { ProgramRunner } from "../programs/programRunner.ts";
import { Slots } from "../programs/slots.ts";
import { createHealthProbe, type HealthTools, healthCheckKind, targetOf } from "./createHealthProbe.ts";
import { Definitions } from "./definitions.ts";
import { HealthRun } from "./healthRun.ts";
import { type HealthPolicy, healthPolicy } from "./healthState.ts";
import { type HealthCounts, HealthTally } from "./healthTally.ts";
import type { HealthChecks, HealthResult, HealthTarget } from "./healthTarget.ts";

export interface HealthRunnerOptions {
  startDialer: StartDialer;
  programs: ProgramRunner;
  certificates?: (name: string) => TlsMaterial | undefined;
  node: string;
  log: Logger;
  clock: Clock;
  /** Results have changed: all those of one turn of the event loop. */
  onChange(keys: readonly string[]): void;
  /** Default: Math.random. */
  random?: () => number;
}

/** What is known of a check, for the metrics and for people. */
export interface HealthReport extends HealthResult {
  kind: HealthCheckKind;
  transitions: number;
  /** Of the last attempt. */
  latencyMs?: number;
}

interface Entry {
  target: HealthTarget;
  run: HealthRun;
  keys: string[];
}

/**
 * How many attempts of a kind are under way at a time; one group alone has half. Files are read on the threads of the pool, which the journal
 * needs as well.
 */
const slotsPerKind: Record<HealthCheckKind, number> = {
  tcp: 8192,
  http: 1024,
  grpc: 1024,
  smtp: 1024,
  dns: 4096,
  udp: 4096,
  icmp: 4096,
  exec: 128,
  file: 2,
};
const kinds = Object.keys(healthCheckKinds) as HealthCheckKind[];

export class HealthRunner implements HealthChecks {
  readonly #options: HealthRunnerOptions;
  readonly #tools: HealthTools;
  readonly #slots: Record<HealthCheckKind, Slots>;
  readonly #tallies: Record<HealthCheckKind, HealthTally>;
  /** By definition, and by key. */
  #entries = new Map<string, Entry>();
  #byKey = new Map<string, Entry | undefined>();
  #definitions = new Definitions();
  #changed = new Set<Entry>();
  #flushing: NodeJS.Immediate | undefined;

  constructor(options: HealthRunnerOptions) {
    this.#options = options;
    const { startDialer, programs, certificates, node, log, clock } = options;
    const connector = new Connector(startDialer);
    const echoes = new EchoSockets(() => connector.closeOnExec());
    this.#tools = { connector, echoes, programs, certificates, node, log, clock };
    this.#slots = perKind((kind) => new Slots(slotsPerKind[kind]));
    this.#tallies = perKind((kind) => new HealthTally(kind));
  }

  configure(targets: readonly HealthTarget[]): void {
    const entries = new Map<string, Entry>();
    const byKey = new Map<string, Entry | undefined>();
    const before = this.#entries;
    const definitions = new Definitions(this.#definitions);
    for (const target of targets) {
      const definition = definitions.of(target);
      const entry = entries.get(definition) ?? begin(before.get(definition)) ?? this.#create(target, definition);
      byKey.set(target.key, entry);
      if (!entry) continue;
      entry.keys.push(target.key);
      entries.set(definition, entry);
    }
    this.#entries = entries;
    this.#byKey = byKey;
    this.#definitions = definitions;
    for (const [definition, entry] of before) if (!entries.has(definition)) this.#end(entry);
    for (const [definition, { run }] of entries) if (!before.has(definition)) run.start();
  }

  /** A check of a kind that this agent does not know counts as up. */
  result(key: string): HealthResult | undefined {
    if (!this.#byKey.has(key)) return undefined;
    const entry = this.#byKey.get(key);
    return entry ? { key, ...entry.run.finding } : { key, up: true, message: "" };
  }

  /** Equal checks once, under the first of their keys. */
  snapshot(): HealthReport[] {
    return [...this.#entries.values()].map(({ keys: [key = ""], run }) => {
      const { kind, finding, transitions, latencyMs } = run;
      return { key, ...finding, kind, transitions, latencyMs };
    });
  }

  /** By kind, of all checks since the start. */
  counts(): HealthCounts[] {
    return kinds.map((kind) => this.#tallies[kind].counts());
  }

  /** Ends all checks; programs under way are ended by ProgramRunner.stop(). */
  stop(): Promise<void> {
    for (const { run } of this.#entries.values()) run.stop();
    this.#entries.clear();
    this.#byKey.clear();
    this.#changed.clear();
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    this.#tools.connector.close();
    this.#tools.echoes.close();
    return Promise.resolve();
  }

  #end(entry: Entry): void {
    entry.run.stop();
    this.#changed.delete(entry);
  }

  #create(target: HealthTarget, definition: string): Entry | undefined {
    const { key, check } = target;
    const kind = healthCheckKind(check);
    const { log, clock, random = Math.random } = this.#options;
    if (!kind) {
      log.warn({ check: key }, "a health check of a kind that this agent does not know is ignored");
      return undefined;
    }
    if (kind === "icmp" && (check.sourceAddress !== undefined || check.sourcePort !== undefined))
      log.warn({ check: key }, "ICMP checks have no source address of their own: the kernel chooses it");
    const fields = { check: key, address: target.address, port: target.port, kind };
    const run = new HealthRun({
      kind,
      policy: policyOf(kind, check),
      probe: createHealthProbe(kind, target, this.#tools),
      slots: this.#slots[kind],
      group: target.group ?? definition,
      tally: this.#tallies[kind],
      clock,
      random,
      onChange: () => this.#onChange(entry, fields),
      onProblem: (problem) => log.warn({ ...fields, problem }, "a health check cannot be made; its result stays"),
    });
    const entry: Entry = { target, run, keys: [] };
    const old = this.#byKey.get(key);
    if (old && subjectOf(old.target) === subjectOf(target)) run.inherit(old.run.inherited);
    return entry;
  }

  #onChange(entry: Entry, fields: object): void {
    const { up, weight, weightChange, message } = entry.run.finding;
    const { log } = this.#options;
    if (up) log.info({ ...fields, weight, weightChange }, "health check is good");
    else log.warn({ ...fields, reason: message }, "health check has failed");
    this.#changed.add(entry);
    this.#flushing ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = undefined;
    const keys = [...this.#changed].flatMap(({ keys: own }) => own);
    this.#changed.clear();
    if (keys.length > 0) this.#options.onChange(keys);
  }
}

/** What goes on has its keys anew. */
function begin(entry: Entry | undefined): Entry | undefined {
  if (entry) entry.keys = [];
  return entry;
}

/** What is asked of whom, whatever the timing. */
function subjectOf(target: HealthTarget): string {
  const kind = healthCheckKind(target.check);
  return JSON.stringify([kind, kind && target.check[kind], targetOf(target)]);
}

/** The number in a file counts at once. */
function policyOf(kind: HealthCheckKind, check: HealthCheck): HealthPolicy {
  const policy = healthPolicy(check);
  return kind === "file" ? { ...policy, retries: 0, rise: 1, fall: 1 } : policy;
}

function perKind<Value>(make: (kind: HealthCheckKind) => Value): Record<HealthCheckKind, Value> {
  return Object.fromEntries(kinds.map((kind) => [kind, make(kind)])) as Record<HealthCheckKind, Value>;
}
