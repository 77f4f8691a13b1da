/** What the status page shows: what a term of this replica has read or, where it does not lead, what is read as long as somebody looks. */
import type { KubeClient } from "../kube/client.ts";
import type { Informer } from "../kube/informer.ts";
import { noMetrics } from "../kube/metrics.ts";
import { type Clock, sleep, type Timer } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import { ClusterCaches } from "./clusterCaches.ts";
import { Views } from "./controllers/views.ts";
import type { PageFacts } from "./page/facts.ts";
import type { ClusterView } from "./plan/cluster.ts";
import { viewService } from "./plan/services/parse.ts";

export interface OnlookerOptions {
  client: Pick<KubeClient, "list" | "watch">;
  deadAfterMs: number;
  clock: Clock;
  log: Logger;
}

export type Sighting = Pick<PageFacts, "cluster" | "services" | "missing" | "staleSince">;

/** After so long without a question nothing is followed for it any more. */
const idleMs = 600_000;
/** Who asks waits so long for what has not been read yet. */
const patienceMs = 3_000;
/** A watch that has just ended is about to go on. */
const graceMs = 3_000;

export class Onlooker {
  readonly #options: OnlookerOptions;
  readonly #services = new Views(viewService);
  #term: ClusterCaches | undefined;
  /** The term is over: what it has read is shown until there is something newer. */
  #isOver = false;
  #own: ClusterCaches | undefined;
  #idle: Timer | undefined;

  constructor(options: OnlookerOptions) {
    this.#options = options;
  }

  /** This replica leads from now on. */
  beginTerm(caches: ClusterCaches): void {
    this.#term = caches;
    this.#isOver = false;
  }

  endTerm(): void {
    this.#isOver = true;
  }

  /** The newest that can be had. */
  async look(): Promise<Sighting> {
    if (this.#term && !this.#isOver && isWhole(this.#term)) {
      await this.#retire();
      return this.#describe(this.#term);
    }
    const own = this.#ownCaches();
    await this.#waitFor(own);
    if (isWhole(own)) {
      if (this.#isOver) this.#term = undefined;
      return this.#describe(own);
    }
    return this.#term && isWhole(this.#term) ? this.#describe(this.#term) : { missing: [] };
  }

  async stop(): Promise<void> {
    await this.#retire();
  }

  #ownCaches(): ClusterCaches {
    this.#idle?.clear();
    this.#idle = this.#options.clock.setTimeout(() => void this.#retire(), idleMs);
    if (!this.#own) {
      this.#own = new ClusterCaches({ ...this.#options, kubeMetrics: noMetrics });
      for (const informer of shownOf(this.#own)) informer.start();
    }
    return this.#own;
  }

  /** For a while. What cannot be read at all the page names. */
  async #waitFor(caches: ClusterCaches): Promise<void> {
    const enough = new AbortController();
    const all = Promise.allSettled(shownOf(caches).map((informer) => informer.waitForSync(enough.signal)));
    await Promise.race([all, sleep(this.#options.clock, patienceMs, enough.signal)]);
    enough.abort();
  }

  async #retire(): Promise<void> {
    const own = this.#own;
    this.#own = undefined;
    this.#idle?.clear();
    await own?.stop();
  }

  #describe(caches: ClusterCaches): Sighting {
    const { clock } = this.#options;
    const { services } = caches.ofServices;
    const shown = shownOf(caches);
    const missing = shown.flatMap((informer) => (informer.hasSynced() ? [] : informer.kind));
    const lost = shown.filter((informer) => informer.hasSynced() && !informer.isFollowing());
    const ageMs = Math.max(0, ...lost.map((informer) => informer.ageMs()));
    const staleSince = ageMs > graceMs ? new Date(clock.wallNow().getTime() - ageMs) : undefined;
    const { cluster } = caches.reader.read(clock.now());
    return {
      cluster: caches === this.#own ? this.#withoutTheDead(cluster, staleSince ?? clock.wallNow()) : cluster,
      services: services.hasSynced() ? this.#services.of(services.list()) : undefined,
      missing,
      staleSince,
    };
  }

  /** Who has just begun to look cannot have seen an agent fall silent: what the clocks say has to do. */
  #withoutTheDead(cluster: ClusterView, asOf: Date): ClusterView {
    const { deadAfterMs } = this.#options;
    const isOld = (time: string | undefined) => time === undefined || asOf.getTime() - Date.parse(time) > deadAfterMs;
    return { ...cluster, agents: cluster.agents.map((view) => ({ ...view, silent: view.silent || isOld(view.status.lastReportTime) })) };
  }
}

function isWhole({ unsynced }: ClusterCaches): boolean {
  return unsynced.length === 0;
}

/** Of endpoints and namespaces the page says nothing. */
function shownOf({ ofCluster, ofServices }: ClusterCaches): Informer[] {
  return [...ofCluster, ofServices.services];
}
