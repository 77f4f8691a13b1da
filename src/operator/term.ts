/** One term of leadership: caches read anew, then the control loops until the term ends. */
import type { KubeClient } from "../kube/client.ts";
import { EventRecorder } from "../kube/events.ts";
import type { KubeMetrics } from "../kube/metrics.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import { ClusterCaches } from "./clusterCaches.ts";
import { AgentConfigWriter } from "./controllers/agentConfigWriter.ts";
import type { ClusterReader } from "./controllers/clusterReader.ts";
import { GeneratedWriter } from "./controllers/generatedWriter.ts";
import { NodeAgentWriter } from "./controllers/nodeAgentWriter.ts";
import { PlanController } from "./controllers/planController.ts";
import { Planner } from "./controllers/planner.ts";
import { PoolWriter } from "./controllers/poolWriter.ts";
import { ServiceController } from "./controllers/serviceController.ts";
import { ServicePlanner } from "./controllers/servicePlanner.ts";
import { ServiceWriter } from "./controllers/serviceWriter.ts";
import { VirtualIPWriter } from "./controllers/virtualIPWriter.ts";
import { VirtualServerWriter } from "./controllers/virtualServerWriter.ts";
import type { OperatorMetrics } from "./metrics.ts";

export interface TermOptions {
  client: KubeClient;
  identity: string;
  deadAfterMs: number;
  defaultLoadBalancer: boolean;
  clock: Clock;
  log: Logger;
  metrics: OperatorMetrics;
  kubeMetrics: KubeMetrics;
}

export class Term {
  readonly #options: TermOptions;
  /** Not those of an earlier term: they may have missed what another leader decided meanwhile. */
  readonly caches: ClusterCaches;

  constructor(options: TermOptions) {
    this.#options = options;
    this.caches = new ClusterCaches(options);
  }

  /** Works until `signal` aborts. Writes nothing before all caches are complete. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, identity, clock, log, metrics, kubeMetrics } = this.#options;
    const { caches } = this;
    const { reader } = caches;
    const recorder = new EventRecorder({
      client,
      component: "aloft-operator",
      instance: identity,
      clock,
      logger: log,
      metrics: kubeMetrics,
    });
    try {
      for (const informer of caches.all) informer.start();
      await caches.waitForSync(signal);
      log.info({ virtualIPs: caches.needed.virtualIPs.list().length, nodes: caches.needed.nodes.list().length }, "leading");
      const controllers = { plan: this.#planController(reader, recorder), services: this.#serviceController(reader, recorder) };
      const pools = caches.optional.addressPools;
      for (const informer of caches.ofCluster)
        informer.onChange(informer === pools ? controllers.plan.poolChanged : controllers.plan.changed);
      const { endpointSlices: slices, ...others } = caches.ofServices;
      const agents = caches.needed.nodeAgents;
      for (const informer of [...caches.ofCluster, ...Object.values(others)])
        informer.onChange(informer === agents ? controllers.services.agentChanged : controllers.services.changed);
      slices.onChange(controllers.services.endpointsChanged);
      await Promise.all(Object.values(controllers).map((controller) => controller.run(signal)));
    } finally {
      metrics.clear();
      await caches.stop();
      await recorder.close();
    }
  }

  #planController(reader: ClusterReader, recorder: EventRecorder): PlanController {
    const { client, clock, log, metrics, kubeMetrics } = this.#options;
    const { written } = reader;
    const virtualIPWriter = new VirtualIPWriter({ client, recorder, metrics, log, written: written.virtualIPs, clock });
    const nodeAgentWriter = new NodeAgentWriter({ client, written: written.nodeAgents, clock });
    const agentConfigWriter = new AgentConfigWriter(client);
    const virtualServerWriter = new VirtualServerWriter({ client, recorder, written: written.virtualServers, clock });
    const writers = { virtualIPWriter, nodeAgentWriter, agentConfigWriter, virtualServerWriter };
    const planner = new Planner({ reader, ...this.caches.optional, clock });
    return new PlanController({ planner, ...writers, client, metrics, kubeMetrics, clock, log });
  }

  #serviceController(reader: ClusterReader, recorder: EventRecorder): ServiceController {
    const { client, clock, log, metrics, kubeMetrics, defaultLoadBalancer } = this.#options;
    const { nodeAgents: agents } = this.caches.needed;
    const planner = new ServicePlanner({ reader, nodeAgents: agents, ...this.caches.ofServices, isDefault: defaultLoadBalancer, clock });
    const poolWriter = new PoolWriter({ client, recorder, written: reader.written.addressPools, clock });
    const serviceWriter = new ServiceWriter({ client, recorder, written: planner.written, clock });
    const generatedWriter = new GeneratedWriter({ client, reader, clock });
    return new ServiceController({ planner, poolWriter, serviceWriter, generatedWriter, client, metrics, kubeMetrics, clock, log });
  }
}
