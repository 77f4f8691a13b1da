/** Values that the agent's tests share, and a Core that records what it is told and reports what the test sets. */
import type { TestContext } from "node:test";
import { Companions } from "../../../src/agent/companions.ts";
import { FixedSecrets, type SecretSource } from "../../../src/agent/credentials/secrets.ts";
import { type Plan, planDesired, type RawSpec } from "../../../src/agent/desired/desired.ts";
import { LoadBalancing } from "../../../src/agent/loadBalancing.ts";
import type { Core, CoreResult } from "../../../src/agent/native/core.ts";
import type { CheckResult, DesiredState } from "../../../src/agent/native/desiredState.ts";
import type { LinkSnapshot, RouterSnapshot, Snapshot } from "../../../src/agent/native/snapshot.ts";
import { LocalPrograms } from "../../../src/agent/programs/localPrograms.ts";
import { SpecRunner } from "../../../src/agent/specRunner.ts";
import { HeldAddressJournal } from "../../../src/agent/state/heldAddresses.ts";
import type { NodeAddress, VirtualRouterSpec } from "../../../src/api/nodeAgent.ts";
import { silentLogger } from "../../../src/runtime/log.ts";
import { VirtualClock } from "../runtime/virtualClock.ts";
import { noDialer } from "./checks/realConnector.ts";
import { temporaryDirectory } from "./stateFiles.ts";
import { RecordingIpvs } from "./virtualServers/recordingIpvs.ts";
import { RecordingNat } from "./virtualServers/recordingNat.ts";

/** Addresses that say nothing more. */
export const plain = (...addresses: string[]): NodeAddress[] => addresses.map((address) => ({ address }));

/** The plan of a spec on a node with real time, without Secrets. */
export const planOf = (spec: RawSpec, fields: Partial<Parameters<typeof planDesired>[1]> = {}): Plan =>
  planDesired(spec, { realTime: true, secrets: new FixedSecrets(), ...fields });

export function routerSpec(fields: Partial<VirtualRouterSpec> = {}): VirtualRouterSpec {
  return {
    virtualIP: "web",
    family: "IPv4",
    interface: "eth0",
    virtualRouterID: 51,
    version: 3,
    priority: 100,
    advertisementInterval: "100ms",
    preempt: true,
    preemptDelay: "0s",
    checksum: "Auto",
    addresses: plain("192.0.2.10/24"),
    ...fields,
  };
}

export function link(fields: Partial<LinkSnapshot> = {}): LinkSnapshot {
  return {
    index: 2,
    name: "eth0",
    up: true,
    mac: "02:00:00:00:00:01",
    addresses: ["192.0.2.1/24", "fe80::1/64"],
    loopback: false,
    kind: "",
    master: 0,
    ...fields,
  };
}

export function routerSnapshot(fields: Partial<RouterSnapshot> = {}): RouterSnapshot {
  return {
    key: "web/IPv4",
    state: "BACKUP",
    reason: "Started",
    priority: 100,
    basePriority: 100,
    peer: "",
    effectiveIntervalMs: 100,
    pseudoHeader: false,
    addressesHeld: [],
    changedAt: Date.UTC(2026, 0, 1),
    transitions: 1,
    counters: {
      advertsSent: 1,
      advertsReceived: 2,
      priorityZeroSent: 3,
      priorityZeroReceived: 4,
      transitionsToMaster: 5,
      gratuitousSent: 6,
      sendErrors: 7,
    },
    message: "",
    ...fields,
  };
}

export function snapshot(fields: Partial<Snapshot> = {}): Snapshot {
  return {
    routers: [],
    links: [link()],
    discarded: { BadChecksum: 0 },
    lateness: { boundsUs: [100, Number.POSITIVE_INFINITY], counts: [3, 4], sumUs: 500, maxUs: 300 },
    realTime: { granted: true, message: "" },
    gate: { active: true, message: "" },
    unknownRouters: [],
    eventsLost: 0,
    ...fields,
  };
}

export class RecordingCore implements Core {
  readonly applied: DesiredState[] = [];
  /** What was called, in order. */
  readonly calls: string[] = [];
  readonly results: CheckResult[][] = [];
  current: Snapshot = snapshot();
  answer: (desired: DesiredState) => CoreResult = () => ({ ok: true });

  apply(desired: DesiredState): CoreResult {
    const result = this.answer(desired);
    this.calls.push("apply");
    if (result.ok) this.applied.push(structuredClone(desired));
    return result;
  }

  setChecks(results: CheckResult[]): CoreResult {
    this.calls.push("setChecks");
    this.results.push(results);
    return { ok: true };
  }

  snapshot(): Snapshot {
    return this.current;
  }

  stop(): Promise<CoreResult> {
    return Promise.resolve({ ok: true });
  }
}

/** Settings that are asked for, in the order of the core's calls. */
class RecordingSettings {
  readonly configured: Record<string, string>[] = [];
  readonly #core: RecordingCore;

  constructor(core: RecordingCore) {
    this.#core = core;
  }

  configure(values: Record<string, string>): Promise<void> {
    if (Object.keys(values).length > 0) this.#core.calls.push("settings");
    this.configured.push(values);
    return Promise.resolve();
  }
}

/** A runner of a recording core with the real parts beside it. */
export function createRunner(
  context: TestContext,
  fields: { directory?: string; secrets?: SecretSource; allowedDirectories?: string[]; staysPrepared?: boolean } = {},
) {
  const { directory = temporaryDirectory(context), secrets = new FixedSecrets(), allowedDirectories = [], staysPrepared } = fields;
  const core = new RecordingCore();
  const clock = new VirtualClock();
  const log = silentLogger;
  const programs = new LocalPrograms({ allowedDirectories, scriptUser: "nobody", perProgramUser: true, clock, log });
  const companions = new Companions({ core, startDialer: noDialer, node: "n1", programs, makesFiles: false, clock, log });
  const journal = new HeldAddressJournal(directory, () => clock.wallNow());
  const ipvs = new RecordingIpvs();
  const nat = new RecordingNat();
  const balancing = new LoadBalancing({
    core,
    startDialer: noDialer,
    startIpvs: (options) => ipvs.start(options),
    nat,
    node: "n1",
    stateDirectory: directory,
    programs,
    keepsTable: false,
    clock,
    log,
  });
  const settings = new RecordingSettings(core);
  const facts = { seesPods: false, makesFiles: false, staysPrepared, clock, log };
  const runner = new SpecRunner({ core, journal, secrets, companions, balancing, settings, programs, ...facts });
  context.after(async () => {
    await balancing.stopChecks();
    await companions.stopChecks();
  });
  return { clock, directory, core, ipvs, nat, companions, balancing, settings, runner };
}
