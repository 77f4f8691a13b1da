/** A process in the network namespace of a director that plans a pool and gives it to the native core, as the agent does, and takes the time. */
import { loadAddon } from "../../src/agent/native/addon.ts";
import type { Ipvs, IpvsEvent } from "../../src/agent/native/ipvs.ts";
import type { IpvsService } from "../../src/agent/native/ipvsState.ts";
import { planVirtualServers, type VirtualServersPlan } from "../../src/agent/virtualServers/planVirtualServers.ts";
import type { ResolvedVirtualServer } from "../../src/agent/virtualServers/resolvedVirtualServer.ts";
import { serve } from "../../test/support/remoteControl.ts";
import { resolvedPool } from "./pool.ts";

export type CoreRequest = { do: "prepare"; pool: readonly IpvsService[] } | { do: "apply" } | { do: "stop" };

export interface CoreTimes {
  /** From the VirtualServers to the services: JavaScript. */
  planMs: number;
  /** From apply() to the event that the kernel has all of it. */
  applyMs: number;
}

export interface CoreAnswers {
  prepare: undefined;
  apply: CoreTimes;
  stop: CoreTimes;
}

if (process.send) {
  let ipvs: Ipvs | undefined;
  let memory: VirtualServersPlan["memory"] = new Map();
  let onApplied: (programmed: boolean) => void = () => {};
  const onEvents = (batch: IpvsEvent[]) => {
    for (const event of batch) if (event.type === "applied") onApplied(event.programmed);
  };

  let virtualServers: ResolvedVirtualServer[] = [];
  const apply = async (): Promise<CoreTimes> => {
    const held = new Set(virtualServers.flatMap(({ addresses }) => addresses));
    const begin = performance.now();
    const question = {
      endpoints: new Map(),
      doubts: new Map(),
      result: () => undefined,
      holds: (address: string) => held.has(address),
      restored: new Map(),
    };
    const plan = planVirtualServers({ virtualServers, ...question, memory });
    memory = plan.memory;
    const planned = performance.now();
    const done = new Promise<boolean>((resolve) => {
      onApplied = resolve;
    });
    const result = core().apply({ services: plan.services });
    if (!result.ok || !(await done)) throw new Error(`the kernel did not take all of it: ${JSON.stringify(result)}`);
    return { planMs: planned - begin, applyMs: performance.now() - planned };
  };

  const core = (): Ipvs => {
    if (ipvs) return ipvs;
    const started = loadAddon().startIpvs({ owned: [] }, onEvents);
    if (!started.ok) throw new Error(started.error.message);
    ipvs = started.ipvs;
    return ipvs;
  };

  const stop = async (): Promise<CoreTimes> => {
    const begin = performance.now();
    await ipvs?.stop({ keep: false });
    return { planMs: 0, applyMs: performance.now() - begin };
  };

  serve((request: CoreRequest) => {
    if (request.do === "apply") return apply();
    if (request.do === "stop") return stop();
    virtualServers = resolvedPool(request.pool, virtualServers);
  });
}
