import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { KubeClient } from "../../../src/kube/client.ts";
import { type LeaderElectionOptions, LeaderElector } from "../../../src/kube/leaderElection.ts";
import { type Lease, leases } from "../../../src/kube/lease.ts";
import { type ControlPlane, startControlPlane } from "../../support/controlPlane.ts";
import { until } from "../../support/waiting.ts";
import { TcpProxy } from "./tcpProxy.ts";
import { connect, connectThrough } from "./widget.ts";

/** Short, so that an expiry takes seconds; the API server counts leases in whole seconds. */
const times = { leaseDurationMs: 3_000, renewDeadlineMs: 2_000, retryPeriodMs: 300 };
let plane: ControlPlane;
let client: KubeClient;

before(async () => {
  plane = await startControlPlane();
  client = connect(plane);
});

after(async () => {
  await client?.close();
  await plane?.stop();
});

interface Candidate {
  elector: LeaderElector;
  stop(): Promise<void>;
}

/** Runs a candidate that notes in `log` when it leads, and fails when two lead at once. */
function stand(identity: string, name: string, log: string[], source: LeaderElectionOptions["client"] = client): Candidate {
  const controller = new AbortController();
  const elector = new LeaderElector({
    client: source,
    lease: { namespace: "default", name },
    identity,
    ...times,
    async onStarted(signal) {
      log.push(`${identity} leads`);
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      log.push(`${identity} ends`);
    },
  });
  const running = elector.run(controller.signal);
  return {
    elector,
    stop: () => {
      controller.abort();
      return running;
    },
  };
}

test("of two candidates one leads, and on its release the other at once", async () => {
  const log: string[] = [];
  const one = stand("one", "release", log);
  await until("one to lead", () => one.elector.isLeader());
  const two = stand("two", "release", log);
  await new Promise((resolve) => setTimeout(resolve, times.leaseDurationMs + 500));
  assert.deepEqual([one.elector.isLeader(), two.elector.isLeader(), two.elector.leader()], [true, false, "one"]);
  await one.stop();
  const releasedAt = performance.now();
  await until("two to lead", () => two.elector.isLeader(), { everyMs: 5 });
  // Its own retry period with jitter, but not the lease's duration.
  assert.ok(performance.now() - releasedAt < 1_500, `${performance.now() - releasedAt} ms`);
  const { spec } = await client.get<Lease>(leases, { namespace: "default", name: "release" });
  assert.deepEqual([spec?.holderIdentity, spec?.leaseDurationSeconds, spec?.leaseTransitions], ["two", 3, 1]);
  await two.stop();
  assert.deepEqual(log, ["one leads", "one ends", "two leads", "two ends"]);
  const last = await client.get<Lease>(leases, { namespace: "default", name: "release" });
  assert.equal(last.spec?.holderIdentity ?? "", "");
});

test("a leader that is cut off stops before the other starts", async (t) => {
  const log: string[] = [];
  const proxy = await TcpProxy.start(plane.url);
  const throughProxy = connectThrough(proxy, plane);
  t.after(async () => {
    await throughProxy.close();
    await proxy.stop();
  });
  const one = stand("one", "cut", log, throughProxy);
  await until("one to lead", () => one.elector.isLeader());
  const two = stand("two", "cut", log);
  await until("two to see it", () => two.elector.leader() === "one");
  proxy.freeze();
  await until("two to lead", () => log.includes("two leads"), { timeoutMs: 15_000 });
  assert.deepEqual(log, ["one leads", "one ends", "two leads"]);
  assert.deepEqual([one.elector.isLeader(), two.elector.isLeader()], [false, true]);
  await Promise.all([one.stop(), two.stop()]);
});

test("a restart of the API server shorter than the deadline changes nothing", async () => {
  const log: string[] = [];
  const controller = new AbortController();
  const elector = new LeaderElector({
    client,
    lease: { namespace: "default", name: "restart" },
    identity: "one",
    leaseDurationMs: 40_000,
    renewDeadlineMs: 30_000,
    retryPeriodMs: 200,
    onStarted: (signal) => {
      log.push("leads");
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
    },
  });
  const running = elector.run(controller.signal);
  await until("one to lead", () => elector.isLeader());
  await plane.killApiServer();
  await plane.startApiServer();
  const renewTime = async () => (await client.get<Lease>(leases, { namespace: "default", name: "restart" })).spec?.renewTime;
  const before = await renewTime();
  await until("the lease to be renewed", async () => (await renewTime()) !== before);
  assert.deepEqual([elector.isLeader(), log], [true, ["leads"]]);
  controller.abort();
  await running;
});
