/** One term of leadership: caches read anew, then the control loop until the term ends. */
import type { KubeClient } from "../kube/client.ts";
import { EventRecorder } from "../kube/events.ts";
import { Informer } from "../kube/informer.ts";
import type { KubeMetrics } from "../kube/metrics.ts";
import type { Resource } from "../kube/object.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import { AgentConfigWriter } from "./controllers/agentConfigWriter.ts";
import { NodeAgentWriter } from "./controllers/nodeAgentWriter.ts";
import { PlanController } from "./controllers/planController.ts";
import { Planner } from "./controllers/planner.ts";
import { agentConfigs, nodeAgents, nodes, virtualIPs, virtualServers } from "./controllers/resources.ts";
import { VirtualIPWriter } from "./controllers/virtualIPWriter.ts";
import { VirtualServerWriter } from "./controllers/virtualServerWriter.ts";
import type { OperatorMetrics } from "./metrics.ts";

export interface TermOptions {
  client: KubeClient;
  identity: string;
  deadAfterMs: number;
  clock: Clock;
  log: Logger;
  metrics: OperatorMetrics;
  kubeMetrics: KubeMetrics;
}

export class Term {
  readonly #options: TermOptions;
  readonly #informers: Record<"virtualIPs" | "nodes" | "nodeAgents", Informer>;
  /** Nobody waits for it: before an upgrade of the CRDs there is nothing to list. */
  readonly #optional: Record<"agentConfigs" | "virtualServers", Informer>;
  #nodeAgentsAge: () => number = () => 0;

  constructor(options: TermOptions) {
    this.#options = options;
    // Not the caches of an earlier term: those may have missed what another leader decided meanwhile.
    this.#informers = { virtualIPs: this.#informer(virtualIPs), nodes: this.#informer(nodes), nodeAgents: this.#informer(nodeAgents) };
    this.#optional = { agentConfigs: this.#informer(agentConfigs), virtualServers: this.#informer(virtualServers) };
  }

  /** Kinds whose complete list has not been read yet. */
  get unsynced(): string[] {
    return Object.entries(this.#informers).flatMap(([name, informer]) => (informer.hasSynced() ? [] : [name]));
  }

  /** Works until `signal` aborts. Writes nothing before all caches are complete. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, identity, clock, log, metrics, kubeMetrics } = this.#options;
    const informers = Object.values(this.#informers);
    const all = [...informers, ...Object.values(this.#optional)];
    const recorder = new EventRecorder({
      client,
      component: "aloft-operator",
      instance: identity,
      clock,
      logger: log,
      metrics: kubeMetrics,
    });
    try {
      for (const informer of all) informer.start();
      await Promise.all(informers.map((informer) => informer.waitForSync(signal)));
      log.info({ virtualIPs: this.#informers.virtualIPs.list().length, nodes: this.#informers.nodes.list().length }, "leading");
      const controller = this.#controller(recorder);
      for (const informer of all) informer.onChange(controller.changed);
      await controller.run(signal);
    } finally {
      metrics.clear();
      await Promise.all(all.map((informer) => informer.stop()));
      await recorder.close();
    }
  }

  #controller(recorder: EventRecorder): PlanController {
    const { client, clock, log, metrics, kubeMetrics, deadAfterMs } = this.#options;
    const nodeAgentsAge = () => this.#nodeAgentsAge();
    const planner = new Planner({ ...this.#informers, ...this.#optional, nodeAgentsAge, silenceMs: deadAfterMs, clock });
    const { written } = planner;
    const { nodeAgents: agents } = this.#informers;
    agents.onChange((key) => {
      if (!agents.get(key)) written.nodeAgents.forget(key);
    });
    const virtualIPWriter = new VirtualIPWriter({ client, recorder, metrics, log, written: written.virtualIPs, clock });
    const nodeAgentWriter = new NodeAgentWriter({ client, written: written.nodeAgents, clock });
    const agentConfigWriter = new AgentConfigWriter(client);
    const virtualServerWriter = new VirtualServerWriter({ client, recorder, written: written.virtualServers, clock });
    const writers = { virtualIPWriter, nodeAgentWriter, agentConfigWriter, virtualServerWriter };
    return new PlanController({ planner, ...writers, client, metrics, kubeMetrics, clock, log });
  }

  #informer(resource: Resource): Informer {
    const { client, clock, log, kubeMetrics } = this.#options;
    const metrics: KubeMetrics = {
      ...kubeMetrics,
      trackInformerAge: (plural, age) => {
        if (plural === nodeAgents.plural) this.#nodeAgentsAge = age;
        return kubeMetrics.trackInformerAge(plural, age);
      },
    };
    return new Informer({ client, resource, clock, logger: log.child({ component: "informer" }), metrics });
  }
}
