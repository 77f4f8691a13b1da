/** A planned cluster whose agents run what they are told, one after another and late, and elect. */
import type { VirtualRouterSpec } from "../../../src/api/nodeAgent.ts";
import type { Plan } from "../../../src/operator/plan/plan.ts";
import { ElectionModel } from "./electionModel.ts";
import { agent, node, PlannedCluster, timeAt } from "./samples.ts";

export class PlayedCluster extends PlannedCluster {
  readonly model = new ElectionModel();
  /** What each agent runs: its NodeAgent.spec of some time ago. */
  readonly #applied = new Map<string, { generation: number; routers: readonly VirtualRouterSpec[] }>();
  /** All notices so far, "Moved: …". */
  readonly notices: string[] = [];
  readonly dead = new Set<string>();

  /** Nodes n1, n2, … with the addresses 192.0.2.1, fe80::1, … */
  constructor(...names: string[]) {
    super();
    for (const name of names) this.join(name);
  }

  join(name: string): void {
    const host = name.slice(1);
    const addresses = [`192.0.2.${host}/24`, `2001:db8::${host}/64`, `fe80::${host}/64`];
    this.nodes.push(node(name));
    this.agents.push(agent(name, { status: { interfaces: [{ name: "eth0", up: true, addresses }] } }));
  }

  /** The operator plans; the agents that `applies` names take their specs; all elect and report. */
  round(applies: (node: string) => boolean = () => true): Plan {
    this.nowMs += 1000;
    const plan = this.step();
    for (const { notices } of plan.virtualIPs) this.notices.push(...notices.map(({ reason, message }) => `${reason}: ${message}`));
    for (const { name, generation, spec } of this.agents) {
      if (!this.dead.has(name) && applies(name)) this.#applied.set(name, { generation, routers: spec.virtualRouters });
    }
    const living = [...this.#applied].filter(([name]) => !this.dead.has(name));
    this.model.step(new Map(living.map(([name, { routers }]) => [name, routers])));
    this.agents = this.agents.map((view) => {
      const applied = this.#applied.get(view.name);
      if (!applied || this.dead.has(view.name)) return { ...view, silent: this.dead.has(view.name) };
      const virtualRouters = this.model.report(view.name, (round) => timeAt(round));
      return {
        ...view,
        silent: false,
        reportedAt: this.nowMs,
        status: { ...view.status, observedGeneration: applied.generation, virtualRouters },
      };
    });
    return plan;
  }

  /** What the living agents run, which may be what they were told some time ago. */
  applied(): { node: string; routers: readonly VirtualRouterSpec[] }[] {
    return [...this.#applied].flatMap(([name, { routers }]) => (this.dead.has(name) ? [] : [{ node: name, routers }]));
  }

  rounds(count: number, applies?: (node: string) => boolean): void {
    for (let round = 0; round < count; round += 1) this.round(applies);
  }

  /** Rounds until nothing is written any more and nothing happens. */
  rest(): void {
    let quiet = 0;
    for (let round = 0; round < 60; round += 1) {
      const before = JSON.stringify(this.agents.map(({ status }) => status));
      const plan = this.round();
      const isQuiet = plan.nodeAgents.size === 0 && plan.virtualIPs.every(({ changed, finalizer }) => !changed && finalizer === "keep");
      quiet = isQuiet && JSON.stringify(this.agents.map(({ status }) => status)) === before ? quiet + 1 : 0;
      if (quiet === 3) return;
    }
    throw new Error(`the cluster does not come to rest: ${JSON.stringify(this.virtualIPs.map(({ status }) => status.plannedMove))}`);
  }

  prefer(virtualIP: string, preferred: string | undefined): void {
    this.virtualIPs = this.virtualIPs.map((view) =>
      view.name === virtualIP && view.spec
        ? { ...view, generation: view.generation + 1, spec: { ...view.spec, nodes: { ...view.spec.nodes, preferred } } }
        : view,
    );
  }

  drain(name: string, draining: boolean): void {
    this.nodes = this.nodes.map((view) => (view.name === name ? { ...view, draining } : view));
  }

  active(virtualIP: string): string | undefined {
    return this.view(virtualIP).status.activeNode;
  }

  move(virtualIP: string): string {
    const { state = "", from = "", to = "", message = "" } = this.view(virtualIP).status.plannedMove ?? {};
    return `${state} ${from}→${to} ${message}`;
  }
}
