import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { KubeClient, WatchEvent } from "../../../src/kube/client.ts";
import { KubeError } from "../../../src/kube/kubeError.ts";
import { noMetrics } from "../../../src/kube/metrics.ts";
import type { KubeObject, Resource } from "../../../src/kube/object.ts";
import { ClusterCaches } from "../../../src/operator/clusterCaches.ts";
import { Onlooker } from "../../../src/operator/onlooker.ts";
import { silentLogger } from "../../../src/runtime/log.ts";
import { VirtualClock } from "../runtime/virtualClock.ts";

/** An API server with one object of each kind, which is there or is not. */
class Server {
  isThere = true;
  /** Kinds that may not be read. */
  readonly forbidden = new Set<string>();
  readonly watched = new Set<string>();
  #cut = Promise.withResolvers<never>();
  readonly status: object;

  constructor(status: object) {
    this.status = status;
  }

  get client(): Pick<KubeClient, "list" | "watch"> {
    return {
      list: async ({ kind }: Resource) => {
        if (!this.isThere) throw new KubeError("Network", "no route");
        if (this.forbidden.has(kind)) throw new KubeError("Forbidden", "not allowed");
        const item = {
          metadata: { name: "n1", namespace: kind === "Service" ? "web" : undefined, resourceVersion: "1" },
          spec: {},
          status: this.status,
        };
        return { items: [item], resourceVersion: "1" } as never;
      },
      watch: (resource: Resource, options: { signal?: AbortSignal }) => this.#watch(resource, options) as never,
    };
  }

  /** Gone from one moment to the next. */
  leave(): void {
    this.isThere = false;
    this.#cut.reject(new KubeError("Network", "reset"));
  }

  comeBack(): void {
    this.isThere = true;
    this.#cut = Promise.withResolvers<never>();
  }

  async *#watch({ kind }: Resource, { signal }: { signal?: AbortSignal }): AsyncGenerator<WatchEvent<KubeObject>> {
    this.watched.add(kind);
    this.#cut.promise.catch(() => {});
    const aborted = new Promise<never>((_, reject) => signal?.addEventListener("abort", () => reject(new KubeError("Aborted", "ended"))));
    try {
      await Promise.race([this.#cut.promise, aborted]);
      yield* [];
    } finally {
      this.watched.delete(kind);
    }
  }
}

let clock: VirtualClock;
let server: Server;
let onlooker: Onlooker;
const deadAfterMs = 60_000;

beforeEach(() => {
  clock = new VirtualClock();
  server = new Server({ lastReportTime: clock.wallNow().toISOString() });
  onlooker = new Onlooker({ client: server.client, deadAfterMs, clock, log: silentLogger });
});
afterEach(() => onlooker.stop());

/** Those of a term that leads. */
async function begun(): Promise<ClusterCaches> {
  const caches = new ClusterCaches({ client: server.client, deadAfterMs, clock, log: silentLogger, kubeMetrics: noMetrics });
  for (const informer of caches.all) informer.start();
  await caches.waitForSync(AbortSignal.timeout(1000));
  onlooker.beginTerm(caches);
  return caches;
}

const shown = ["AddressPool", "AgentConfig", "Node", "NodeAgent", "Service", "VirtualIP", "VirtualServer"];

test("while this replica leads nothing is read for the page", async () => {
  const caches = await begun();
  server.watched.clear();
  const { cluster, services, missing, staleSince } = await onlooker.look();
  assert.deepEqual([cluster?.nodes.length, services?.length, missing, staleSince], [1, 1, [], undefined]);
  assert.deepEqual([...server.watched], []);
  await caches.stop();
});

test("where it does not lead the page's kinds are followed from the first question on, until nobody has asked for ten minutes", async () => {
  assert.deepEqual([...server.watched], []);
  const { cluster, services, missing } = await onlooker.look();
  assert.deepEqual([cluster?.virtualIPs.length, services?.length, missing], [1, 1, []]);
  assert.deepEqual([...server.watched].sort(), shown);
  await clock.advance(590_000);
  await onlooker.look();
  await clock.advance(590_000);
  assert.deepEqual(server.watched.size, shown.length);
  await clock.advance(11_000);
  assert.deepEqual([...server.watched], []);
});

test("kinds that may not be read are waited for shortly, and named", async () => {
  server.forbidden.add("Service").add("AddressPool");
  const look = onlooker.look();
  await clock.advance(3_000);
  const { cluster, services, missing } = await look;
  assert.deepEqual(
    [cluster?.nodes.length, cluster?.pools, services, [...missing].sort()],
    [1, undefined, undefined, ["AddressPool", "Service"]],
  );
});

test("what a term has read is shown after its end, with the time since when it is old, until there is something newer", async () => {
  const caches = await begun();
  await clock.advance(5_000);
  server.leave();
  await caches.stop();
  onlooker.endTerm();
  const look = onlooker.look();
  await clock.advance(10_000);
  const { cluster, staleSince } = await look;
  assert.equal(cluster?.virtualIPs.length, 1);
  assert.deepEqual(staleSince, new Date(clock.wallNow().getTime() - clock.now()));
  server.comeBack();
  await clock.advance(60_000);
  const later = await onlooker.look();
  assert.deepEqual([later.cluster?.virtualIPs.length, later.staleSince], [1, undefined]);
});

test("without any answer nothing is known", async () => {
  server.isThere = false;
  const look = onlooker.look();
  await clock.advance(3_000);
  assert.deepEqual(await look, { missing: [] });
});

test("an agent that fell silent before anybody looked is told by the clocks", async () => {
  const isSilent = async () => (await onlooker.look()).cluster?.agents.map(({ silent }) => silent);
  await clock.advance(deadAfterMs);
  assert.deepEqual(await isSilent(), [false]);
  await clock.advance(1_000);
  assert.deepEqual(await isSilent(), [true]);
});
