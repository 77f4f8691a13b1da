/** Services, their endpoints and namespaces, and what is known of the cluster → plan for Services. Writes nothing. */
import type { Informer } from "../../kube/informer.ts";
import type { KubeObject } from "../../kube/object.ts";
import { memoized } from "../../plan/memoized.ts";
import type { Clock } from "../../runtime/clock.ts";
import { viewEndpoints, viewNamespace, viewService } from "../plan/services/parse.ts";
import { planServices, type ServicesPlan } from "../plan/services/planServices.ts";
import { firstMemory, type ServicesMemory } from "../plan/services/servicesQuestion.ts";
import { ChangeFilter } from "./changeFilter.ts";
import { byKey, type ClusterReader, type Reading } from "./clusterReader.ts";
import { OwnWrites } from "./ownWrites.ts";
import { Views } from "./views.ts";

type Cache = Pick<Informer, "list" | "hasSynced">;

export interface ServicePlannerOptions {
  reader: ClusterReader;
  nodeAgents: Pick<Informer, "get">;
  services: Cache;
  endpointSlices: Cache & Pick<Informer, "get">;
  namespaces: Cache;
  /** Whether Services without a class are Aloft's, too. */
  isDefault: boolean;
  clock: Clock;
}

export interface CurrentServicesPlan extends ServicesPlan {
  /** Whether no VirtualIP was being written meanwhile: what is planned for them can be written. */
  isSettled: boolean;
  /** The objects that the plan was made from, by key. */
  objects: Pick<Reading["objects"], "virtualIPs" | "addressPools" | "virtualServers"> & { services: Map<string, KubeObject> };
}

/** For one term of leadership. */
export class ServicePlanner {
  readonly #options: ServicePlannerOptions;
  readonly #services = new Views(viewService);
  readonly #viewEndpoints = memoized(viewEndpoints);
  readonly #namespaces = new Views(viewNamespace);
  /** Answers of the API server to the writes of this process. */
  readonly written = new OwnWrites();
  /** The Service of each EndpointSlice, by keys. */
  readonly #serviceOf = new Map<string, string>();
  readonly #agents: ChangeFilter;
  /** Keys of the Services that only nodes with ready endpoints may answer for. */
  #local: ReadonlySet<string> = new Set();
  #memory: ServicesMemory | undefined;

  constructor(options: ServicePlannerOptions) {
    this.#options = options;
    this.#agents = new ChangeFilter(options.nodeAgents, ({ metadata: { uid, generation }, status }) => {
      const { observedGeneration } = (status ?? {}) as { observedGeneration?: unknown };
      return `${uid} ${generation} ${observedGeneration}`;
    });
  }

  /** Undefined while pools, Services, their endpoints or namespaces could not be read: all goes on as it is. */
  plan(gone: ReadonlySet<string>, isSettled: boolean): CurrentServicesPlan | undefined {
    const { reader, services, endpointSlices, namespaces, isDefault, clock } = this.#options;
    const now = clock.now();
    const { cluster, objects } = reader.read(now);
    const { pools, nodes, agents, virtualIPs, virtualServers } = cluster;
    if (!pools || ![services, endpointSlices, namespaces].every((cache) => cache.hasSynced())) return undefined;
    const serviceObjects = this.written.latest(services.list(), now);
    const views = this.#services.of(serviceObjects);
    this.#local = new Set(views.filter(({ isLoadBalancer, isLocal }) => isLoadBalancer && isLocal).map(({ key }) => key));
    const plan = planServices({
      pools,
      services: views,
      namespaces: this.#namespaces.of(namespaces.list()),
      endpoints: this.#endpoints(),
      nodes,
      agents,
      virtualIPs,
      virtualServers,
      isDefault,
      gone,
      isSettled,
      memory: this.#memory ?? firstMemory(pools),
      wallNow: clock.wallNow().toISOString(),
    });
    return { ...plan, isSettled, objects: { ...objects, services: byKey(serviceObjects) } };
  }

  /** What the plan says is told now. */
  remember({ memory }: ServicesPlan): void {
    this.#memory = memory;
  }

  /** Whether an EndpointSlice that has changed says anything that counts: most are of Services that are not asked about. */
  concerns(slice: string): boolean {
    const object = this.#options.endpointSlices.get(slice);
    const service = (object && this.#viewEndpoints(object)?.service) ?? this.#serviceOf.get(slice);
    if (service === undefined) return false;
    if (object) this.#serviceOf.set(slice, service);
    else this.#serviceOf.delete(slice);
    return this.#local.has(service);
  }

  /** Whether a NodeAgent that has changed says anything new of where addresses stand: what it shall run, or that it runs it. */
  concernsAgent(name: string): boolean {
    return this.#agents.concerns(name);
  }

  /** Of the Services that they count for. A Service has any number of slices. */
  #endpoints(): Map<string, Set<string>> {
    const byService = new Map<string, Set<string>>();
    for (const object of this.#options.endpointSlices.list()) {
      const { service, nodes = [] } = this.#viewEndpoints(object) ?? {};
      if (service === undefined || !this.#local.has(service)) continue;
      const known = byService.get(service) ?? new Set();
      for (const node of nodes) known.add(node);
      byService.set(service, known);
    }
    return byService;
  }
}
