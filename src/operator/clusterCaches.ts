/** What the operator follows of a cluster: an informer for each kind, and the reader of all but what is of Services alone. */
import type { KubeClient } from "../kube/client.ts";
import { Informer } from "../kube/informer.ts";
import type { KubeMetrics } from "../kube/metrics.ts";
import type { Resource } from "../kube/object.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import { ClusterReader } from "./controllers/clusterReader.ts";
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

export interface ClusterCachesOptions {
  client: Pick<KubeClient, "list" | "watch">;
  /** An agent that has not reported for so long is silent. */
  deadAfterMs: number;
  clock: Clock;
  log: Logger;
  kubeMetrics: KubeMetrics;
}

/** Used once: what an earlier one has missed it would not notice. */
export class ClusterCaches {
  readonly #options: ClusterCachesOptions;
  readonly needed: Record<"virtualIPs" | "nodes" | "nodeAgents", Informer>;
  /** Nobody waits for them: before an upgrade of the CRDs there is nothing to list. */
  readonly optional: Record<"agentConfigs" | "virtualServers" | "addressPools", Informer>;
  /** Nor for these: before an upgrade of the roles they may not be read. */
  readonly ofServices: Record<"services" | "endpointSlices" | "namespaces", Informer>;
  readonly reader: ClusterReader;

  constructor(options: ClusterCachesOptions) {
    this.#options = options;
    this.needed = { virtualIPs: this.#informer(virtualIPs), nodes: this.#informer(nodes), nodeAgents: this.#informer(nodeAgents) };
    this.optional = {
      agentConfigs: this.#informer(agentConfigs),
      virtualServers: this.#informer(virtualServers),
      addressPools: this.#informer(addressPools),
    };
    this.ofServices = {
      services: this.#informer(services),
      endpointSlices: this.#informer(endpointSlices),
      namespaces: this.#informer(namespaces),
    };
    this.reader = this.#reader();
  }

  /** Needed kinds whose complete list has not been read yet. */
  get unsynced(): string[] {
    return Object.entries(this.needed).flatMap(([name, informer]) => (informer.hasSynced() ? [] : [name]));
  }

  get ofCluster(): Informer[] {
    return [...Object.values(this.needed), ...Object.values(this.optional)];
  }

  get all(): Informer[] {
    return [...this.ofCluster, ...Object.values(this.ofServices)];
  }

  /** Resolves when all that is needed has been read; rejects when `signal` aborts before. */
  async waitForSync(signal: AbortSignal): Promise<void> {
    await Promise.all(Object.values(this.needed).map((informer) => informer.waitForSync(signal)));
  }

  /** What was read stays readable. */
  async stop(): Promise<void> {
    await Promise.all(this.all.map((informer) => informer.stop()));
  }

  #reader(): ClusterReader {
    const { clock, deadAfterMs } = this.#options;
    const caches = { ...this.needed, ...this.optional };
    const nodeAgentsAge = () => this.needed.nodeAgents.ageMs() / 1000;
    const reader = new ClusterReader({ ...caches, nodeAgentsAge, silenceMs: deadAfterMs, clock });
    for (const [name, written] of Object.entries(reader.written)) {
      const informer = caches[name as keyof typeof reader.written];
      informer.onChange((key) => {
        if (!informer.get(key)) written.forget(key);
      });
    }
    return reader;
  }

  #informer(resource: Resource): Informer {
    const { client, clock, log, kubeMetrics: metrics } = this.#options;
    return new Informer({ client, resource, clock, logger: log.child({ component: "informer" }), metrics });
  }
}
