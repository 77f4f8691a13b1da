/** Which AgentConfigs concern which node, and what is recorded of them. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { AgentConfigStatus } from "../../api/agentConfig.ts";
import { type ConditionFinding, setConditions } from "../../api/condition.ts";
import type { NamedConfig } from "../../plan/nodeAgentSpec.ts";
import type { AgentConfigView, ClusterView, NodeView } from "./cluster.ts";
import { matches } from "./selector.ts";

export interface AgentConfigPlan {
  view: AgentConfigView;
  status: AgentConfigStatus;
  /** Whether `status` differs from what is recorded. */
  changed: boolean;
}

/** Those that can be read and select the node. */
export function configsOf({ labels }: NodeView, configs: readonly AgentConfigView[]): NamedConfig[] {
  return configs.flatMap(({ name, spec }) => (spec && matches(spec.nodeSelector ?? {}, labels) ? [{ name, spec }] : []));
}

export function planAgentConfigs({ configs = [], nodes }: ClusterView, wallNow: string): AgentConfigPlan[] {
  return configs.map((view) => {
    const { status: before, generation, spec } = view;
    const status: AgentConfigStatus = {
      observedGeneration: generation,
      nodes: spec ? nodes.filter(({ labels }) => matches(spec.nodeSelector ?? {}, labels)).length : 0,
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
