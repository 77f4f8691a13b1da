/** Values that the agent's tests share, and a Core that records what it is told and reports what the test sets. */

import type { Core, CoreResult, DesiredState, LinkSnapshot, RouterSnapshot, Snapshot } from "../../../src/agent/native.ts";
import type { VirtualRouterSpec } from "../../../src/api/nodeAgent.ts";

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
    addresses: ["192.0.2.10/24"],
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
    eventsLost: 0,
    ...fields,
  };
}

export class RecordingCore implements Core {
  readonly applied: DesiredState[] = [];
  current: Snapshot = snapshot();
  answer: (desired: DesiredState) => CoreResult = () => ({ ok: true });

  apply(desired: DesiredState): CoreResult {
    const result = this.answer(desired);
    if (result.ok) this.applied.push(structuredClone(desired));
    return result;
  }

  snapshot(): Snapshot {
    return this.current;
  }

  stop(): Promise<CoreResult> {
    return Promise.resolve({ ok: true });
  }
}
