/** Findings of the node that an agent runs on, no older than it takes to read them anew each time a report is written. */
import type { Finding } from "../../api/finding.ts";
import type { NodeAgentSpec } from "../../api/nodeAgent.ts";
import type { Clock } from "../../runtime/clock.ts";
import { type Machine, rolesOf } from "./machine.ts";
import { examineNode } from "./nodeRules.ts";

/** Reports come many a second in the moment of a failover. */
const freshMs = 10_000;

/** @param schedulers those that the VirtualServers of the node ask for. */
export function nodeDoctor(read: () => Machine, schedulers: () => string[], clock: Clock): (spec: NodeAgentSpec) => Finding[] {
  let last: { spec: NodeAgentSpec; at: number; findings: Finding[] } | undefined;
  return (spec) => {
    if (last && last.spec === spec && clock.now() - last.at < freshMs) return last.findings;
    const machine = read();
    last = { spec, at: clock.now(), findings: examineNode(machine, rolesOf(spec, schedulers(), machine)) };
    return last.findings;
  };
}
