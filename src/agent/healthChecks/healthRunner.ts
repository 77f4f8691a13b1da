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
import type { StartDialer } from "../native/dialer.ts";
import type { ProgramRunner } from "../programs/programRunner.ts";
import { Slots } from "../programs/slots.ts";
import { Agenda } from "./agenda.ts";
import { createHealthProbe, type HealthTools, healthCheckKind, targetOf } from "./createHealthProbe.ts";
import { Definitions } from "./definitions.ts";
import { HealthRun, type HealthRunKind } from "./healthRun.ts";
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
  readonly #kinds: Record<HealthCheckKind, HealthRunKind>;
  /** Checks of one VirtualServer are one object. */
  readonly #policies = new WeakMap<HealthCheck, HealthPolicy>();
  /** By definition, and by key. */
  #runs = new Map<string, HealthRun>();
  #byKey = new Map<string, HealthRun | undefined>();
  #definitions = new Definitions();
  #changed = new Set<HealthRun>();
  #flushing: NodeJS.Immediate | undefined;

  constructor(options: HealthRunnerOptions) {
    this.#options = options;
    const { startDialer, programs, certificates, node, log, clock, random = Math.random } = options;
    const connector = new Connector(startDialer);
    const echoes = new EchoSockets(() => connector.closeOnExec());
    this.#tools = { connector, echoes, programs, certificates, node, log, clock };
    const agenda = new Agenda(clock);
    this.#kinds = perKind((kind) => ({
      kind,
      slots: new Slots(slotsPerKind[kind]),
      tally: new HealthTally(kind),
      agenda,
      clock,
      random,
      onChange: (run) => this.#onChange(run),
      onProblem: (run, problem) => log.warn({ ...fieldsOf(run), problem }, "a health check cannot be made; its result stays"),
    }));
  }

  configure(targets: readonly HealthTarget[]): void {
    const runs = new Map<string, HealthRun>();
    const byKey = new Map<string, HealthRun | undefined>();
    const before = this.#runs;
    const definitions = new Definitions(this.#definitions);
    for (const target of targets) {
      const definition = definitions.of(target);
      const run = runs.get(definition) ?? withoutKeys(before.get(definition)) ?? this.#create(target, definition);
      byKey.set(target.key, run);
      if (!run) continue;
      run.keys.push(target.key);
      runs.set(definition, run);
    }
    this.#runs = runs;
    this.#byKey = byKey;
    this.#definitions = definitions;
    for (const [definition, run] of before) if (!runs.has(definition)) this.#end(run);
    for (const [definition, run] of runs) if (!before.has(definition)) run.start();
  }

  /** A check of a kind that this agent does not know counts as up. */
  result(key: string): HealthResult | undefined {
    if (!this.#byKey.has(key)) return undefined;
    const run = this.#byKey.get(key);
    return run ? { key, ...run.finding } : { key, up: true, message: "" };
  }

  /** Equal checks once, under the first of their keys. */
  snapshot(): HealthReport[] {
    return [...this.#runs.values()].map(({ keys: [key = ""], kind, finding, transitions, latencyMs }) => {
      return { key, ...finding, kind, transitions, latencyMs };
    });
  }

  /** By kind, of all checks since the start. */
  counts(): HealthCounts[] {
    return kinds.map((kind) => this.#kinds[kind].tally.counts());
  }

  /** Ends all checks; programs under way are ended by ProgramRunner.stop(). */
  stop(): Promise<void> {
    for (const run of this.#runs.values()) run.stop();
    this.#runs.clear();
    this.#byKey.clear();
    this.#changed.clear();
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    this.#tools.connector.close();
    this.#tools.echoes.close();
    return Promise.resolve();
  }

  #end(run: HealthRun): void {
    run.stop();
    this.#changed.delete(run);
  }

  #create(target: HealthTarget, definition: string): HealthRun | undefined {
    const { key, check } = target;
    const kind = healthCheckKind(check);
    const { log } = this.#options;
    if (!kind) {
      log.warn({ check: key }, "a health check of a kind that this agent does not know is ignored");
      return undefined;
    }
    if (kind === "icmp" && (check.sourceAddress !== undefined || check.sourcePort !== undefined))
      log.warn({ check: key }, "ICMP checks have no source address of their own: the kernel chooses it");
    const probe = createHealthProbe(kind, target, this.#tools);
    const run = new HealthRun(this.#kinds[kind], { target, policy: this.#policyOf(kind, check), probe, group: target.group ?? definition });
    const old = this.#byKey.get(key);
    if (old && subjectOf(old.target) === subjectOf(target)) run.inherit(old.inherited);
    return run;
  }

  /** The number in a file counts at once. */
  #policyOf(kind: HealthCheckKind, check: HealthCheck): HealthPolicy {
    let policy = this.#policies.get(check) ?? healthPolicy(check);
    if (kind === "file") policy = { ...policy, retries: 0, rise: 1, fall: 1 };
    this.#policies.set(check, policy);
    return policy;
  }

  #onChange(run: HealthRun): void {
    const { up, weight, weightChange, message } = run.finding;
    const { log } = this.#options;
    if (up) log.info({ ...fieldsOf(run), weight, weightChange }, "health check is good");
    else log.warn({ ...fieldsOf(run), reason: message }, "health check has failed");
    this.#changed.add(run);
    this.#flushing ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = undefined;
    const keys = [...this.#changed].flatMap(({ keys: own }) => own);
    this.#changed.clear();
    if (keys.length > 0) this.#options.onChange(keys);
  }
}

/** As the log names it. */
function fieldsOf({ kind, target: { key, address, port } }: HealthRun): object {
  return { check: key, address, port, kind };
}

/** What goes on has its keys anew. */
function withoutKeys(run: HealthRun | undefined): HealthRun | undefined {
  if (run) run.keys = [];
  return run;
}

/** What is asked of whom, whatever the timing. */
function subjectOf(target: HealthTarget): string {
  const kind = healthCheckKind(target.check);
  return JSON.stringify([kind, kind && target.check[kind], targetOf(target)]);
}

function perKind<Value>(make: (kind: HealthCheckKind) => Value): Record<HealthCheckKind, Value> {
  return Object.fromEntries(kinds.map((kind) => [kind, make(kind)])) as Record<HealthCheckKind, Value>;
}
