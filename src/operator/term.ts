/** One term of leadership: caches read anew, then the control loops until the term ends. */
import type { KubeClient } from "../kube/client.ts";
import { EventRecorder } from "../kube/events.ts";
import { Informer } from "../kube/informer.ts";
import type { KubeMetrics } from "../kube/metrics.ts";
import type { Resource } from "../kube/object.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import { AgentConfigWriter } from "./controllers/agentConfigWriter.ts";
import { ClusterReader } from "./controllers/clusterReader.ts";
import { GeneratedWriter } from "./controllers/generatedWriter.ts";
import { NodeAgentWriter } from "./controllers/nodeAgentWriter.ts";
import { PlanController } from "./controllers/planController.ts";
import { Planner } from "./controllers/planner.ts";
import { PoolWriter } from "./controllers/poolWriter.ts";
import {
  addressPools,
  agentConfigs,
  endpointSlices,
  namespaces,
  nodeAgents,
  nodes,
  services,
  virtualIPs,
  virtualServers,
} from "./controllers/resources.ts";
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
  readonly #informers: Record<"virtualIPs" | "nodes" | "nodeAgents", Informer>;
  /** Nobody waits for them: before an upgrade of the CRDs there is nothing to list. */
  readonly #optional: Record<"agentConfigs" | "virtualServers" | "addressPools", Informer>;
  /** Nor for these: before an upgrade of the roles they may not be read. */
  readonly #ofServices: Record<"services" | "endpointSlices" | "namespaces", Informer>;
  #nodeAgentsAge: () => number = () => 0;

  constructor(options: TermOptions) {
    this.#options = options;
    // Not the caches of an earlier term: those may have missed what another leader decided meanwhile.
    this.#informers = { virtualIPs: this.#informer(virtualIPs), nodes: this.#informer(nodes), nodeAgents: this.#informer(nodeAgents) };
    this.#optional = {
      agentConfigs: this.#informer(agentConfigs),
      virtualServers: this.#informer(virtualServers),
      addressPools: this.#informer(addressPools),
    };
    this.#ofServices = {
      services: this.#informer(services),
      endpointSlices: this.#informer(endpointSlices),
      namespaces: this.#informer(namespaces),
    };
  }

  /** Kinds whose complete list has not been read yet. */
  get unsynced(): string[] {
    return Object.entries(this.#informers).flatMap(([name, informer]) => (informer.hasSynced() ? [] : [name]));
  }

  /** Works until `signal` aborts. Writes nothing before all caches are complete. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, identity, clock, log, metrics, kubeMetrics } = this.#options;
    const informers = Object.values(this.#informers);
    const ofCluster = [...informers, ...Object.values(this.#optional)];
    const all = [...ofCluster, ...Object.values(this.#ofServices)];
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
      const reader = this.#reader();
      const controllers = { plan: this.#planController(reader, recorder), services: this.#serviceController(reader, recorder) };
      for (const informer of ofCluster) informer.onChange(controllers.plan.changed);
      const { endpointSlices: slices, ...others } = this.#ofServices;
      for (const informer of [...ofCluster, ...Object.values(others)]) informer.onChange(controllers.services.changed);
      slices.onChange(controllers.services.endpointsChanged);
      await Promise.all(Object.values(controllers).map((controller) => controller.run(signal)));
    } finally {
      metrics.clear();
      await Promise.all(all.map((informer) => informer.stop()));
      await recorder.close();
    }
  }

  #reader(): ClusterReader {
    const { clock, deadAfterMs } = this.#options;
    const caches = { ...this.#informers, ...this.#optional };
    const reader = new ClusterReader({ ...caches, nodeAgentsAge: () => this.#nodeAgentsAge(), silenceMs: deadAfterMs, clock });
    for (const [name, written] of Object.entries(reader.written)) {
      const informer = caches[name as keyof typeof reader.written];
      informer.onChange((key) => {
        if (!informer.get(key)) written.forget(key);
      });
    }
    return reader;
  }

  #planController(reader: ClusterReader, recorder: EventRecorder): PlanController {
    const { client, clock, log, metrics, kubeMetrics } = this.#options;
    const { written } = reader;
    const virtualIPWriter = new VirtualIPWriter({ client, recorder, metrics, log, written: written.virtualIPs, clock });
    const nodeAgentWriter = new NodeAgentWriter({ client, written: written.nodeAgents, clock });
    const agentConfigWriter = new AgentConfigWriter(client);
    const virtualServerWriter = new VirtualServerWriter({ client, recorder, written: written.virtualServers, clock });
    const writers = { virtualIPWriter, nodeAgentWriter, agentConfigWriter, virtualServerWriter };
    return new PlanController({ planner: new Planner({ reader, clock }), ...writers, client, metrics, kubeMetrics, clock, log });
  }

  #serviceController(reader: ClusterReader, recorder: EventRecorder): ServiceController {
    const { client, clock, log, metrics, kubeMetrics, defaultLoadBalancer } = this.#options;
    const planner = new ServicePlanner({ reader, ...this.#ofServices, isDefault: defaultLoadBalancer, clock });
    const poolWriter = new PoolWriter({ client, recorder, written: reader.written.addressPools, clock });
    const serviceWriter = new ServiceWriter({ client, recorder, written: planner.written, clock });
    const generatedWriter = new GeneratedWriter({ client, reader, clock });
    return new ServiceController({ planner, poolWriter, serviceWriter, generatedWriter, client, metrics, kubeMetrics, clock, log });
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
