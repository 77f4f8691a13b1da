/** Which AgentConfigs concern which node, and what is recorded of them. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { AgentConfigSpec, AgentConfigStatus } from "../../api/agentConfig.ts";
import { type ConditionFinding, setConditions } from "../../api/condition.ts";
import type { NamedConfig } from "../../plan/nodeAgentSpec.ts";
import { matches } from "../../plan/selector.ts";
import { allocateSyncIDs } from "../allocate/syncID.ts";
import type { AgentConfigView, ClusterView, NodeView } from "./cluster.ts";

export interface AgentConfigPlan {
  view: AgentConfigView;
  status: AgentConfigStatus;
  /** Whether `status` differs from what is recorded. */
  changed: boolean;
}

/** Those that can be read and select the node. Sync daemons have the number that is recorded: until one is, there are none. */
export function configsOf({ labels }: NodeView, configs: readonly AgentConfigView[]): NamedConfig[] {
  return configs.flatMap(({ name, spec, status }) => {
    return spec && matches(spec.nodeSelector ?? {}, labels) ? [{ name, spec: withSyncID(spec, status.syncID) }] : [];
  });
}

function withSyncID(spec: AgentConfigSpec, recorded: number | undefined): AgentConfigSpec {
  const { ipvs } = spec;
  if (!ipvs?.sync || ipvs.sync.id !== undefined || recorded === undefined) return spec;
  return { ...spec, ipvs: { ...ipvs, sync: { ...ipvs.sync, id: recorded } } };
}

export function planAgentConfigs({ configs = [], nodes }: ClusterView, wallNow: string): AgentConfigPlan[] {
  const numbers = allocateSyncIDs(
    configs.map(({ name, spec, status }) => ({
      name,
      explicit: spec?.ipvs?.sync?.id,
      held: status.syncID,
      asks: spec?.ipvs?.sync !== undefined,
    })),
  );
  return configs.map((view) => {
    const { name, status: before, generation, spec } = view;
    // Of one that cannot be read it is not known whether it still wants its number.
    const keepsNumber = !spec || (spec.ipvs?.sync !== undefined && spec.ipvs.sync.id === undefined);
    const syncID = keepsNumber ? numbers.get(name) : undefined;
    const status: AgentConfigStatus = {
      observedGeneration: generation,
      nodes: spec ? nodes.filter(({ labels }) => matches(spec.nodeSelector ?? {}, labels)).length : 0,
      ...(syncID !== undefined && { syncID }),
      conditions: setConditions(before.conditions ?? [], [findAccepted(view)], generation, wallNow),
    };
    return { view, status, changed: !isDeepStrictEqual(status, before) };
  });
}

function findAccepted({ problem }: AgentConfigView): ConditionFinding {
  const type = "Accepted";
  if (problem === undefined) return { type, status: "True", reason: "Accepted", message: "it is in force on the nodes that it selects" };
  return { type, status: "False", reason: "InvalidSpec", message: problem };
}
