import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type LeaderElectionOptions, LeaderElector } from "../../../src/kube/leaderElection.ts";
import { VirtualClock } from "../runtime/virtualClock.ts";
import { LeaseStore, refusal, silence } from "./leaseStore.ts";

type Options = Partial<LeaderElectionOptions> & { fault?: Parameters<LeaseStore["client"]>[0] };

/** A cluster of candidates on one lease and one virtual clock. `log` says who began and ended when. */
class Cluster {
  readonly clock = new VirtualClock();
  readonly store = new LeaseStore();
  readonly log: string[] = [];
  leading = 0;
  mostLeading = 0;

  candidate(identity: string, { fault, ...options }: Options = {}) {
    const stop = new AbortController();
    const elector = new LeaderElector({
      client: this.store.client(fault),
      lease: { namespace: "default", name: "test" },
      identity,
      clock: this.clock,
      random: () => 0.5,
      onStarted: (signal) => this.#work(identity, signal),
      ...options,
    });
    const running = elector.run(stop.signal);
    return {
      elector,
      running,
      stop: async () => {
        stop.abort();
        await this.clock.advance(0);
        await running;
      },
    };
  }

  async #work(identity: string, signal: AbortSignal): Promise<void> {
    this.#note(`${identity} begins`, 1);
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
    this.#note(`${identity} ends`, -1);
  }

  #note(what: string, change: number): void {
    this.leading += change;
    this.mostLeading = Math.max(this.mostLeading, this.leading);
    this.log.push(`${(this.clock.now() / 1000).toFixed(1)} ${what}`);
  }
}

test("the first takes the lease, the second waits; both know the leader", async () => {
  const cluster = new Cluster();
  const one = cluster.candidate("one");
  await cluster.clock.advance(100);
  const two = cluster.candidate("two");
  await cluster.clock.advance(120_000);
  assert.deepEqual(cluster.log, ["0.0 one begins"]);
  assert.deepEqual([one.elector.isLeader(), two.elector.isLeader(), two.elector.leader()], [true, false, "one"]);
  const spec = cluster.store.lease?.spec;
  assert.match(spec?.renewTime ?? "", /^2026-01-01T00:0[12]:\d\d\.\d{6}Z$/);
  assert.match(spec?.acquireTime ?? "", /^2026-01-01T00:00:00\.\d{6}Z$/);
  assert.deepEqual([spec?.leaseDurationSeconds, spec?.leaseTransitions], [15, 0]);
  await Promise.all([one.stop(), two.stop()]);
});

test("a release hands over within the other's retry period", async () => {
  const cluster = new Cluster();
  const one = cluster.candidate("one");
  await cluster.clock.advance(1_000);
  const two = cluster.candidate("two");
  await cluster.clock.advance(30_000);
  await one.stop();
  assert.deepEqual([cluster.store.lease?.spec?.holderIdentity, one.elector.isLeader()], ["", false]);
  await cluster.clock.advance(4_400);
  assert.equal(cluster.store.lease?.spec?.holderIdentity, "two");
  assert.equal(cluster.store.lease?.spec?.leaseTransitions, 1);
  assert.equal(cluster.mostLeading, 1);
  await two.stop();
});

for (const [name, fault] of [
  ["silence", silence],
  ["refused connections", refusal],
  ["requests that hang although they are aborted", () => new Promise<never>(() => {})],
] as const) {
  test(`${name}: the leader stops at the renew deadline, the other begins after the lease's duration`, async () => {
    const cluster = new Cluster();
    let isCut = false;
    const one = cluster.candidate("one", { fault: (signal) => (isCut ? fault(signal) : undefined) });
    await cluster.clock.advance(100);
    const two = cluster.candidate("two");
    await cluster.clock.advance(8_100); // Last renewals of one: 2.0, 4.0, 6.0, 8.0.
    isCut = true;
    await cluster.clock.advance(9_799);
    assert.equal(one.elector.isLeader(), true);
    await cluster.clock.advance(1);
    assert.equal(one.elector.isLeader(), false);
    assert.deepEqual(cluster.log, ["0.0 one begins", "18.0 one ends"]);
    await cluster.clock.advance(15_000);
    const begin = Number(cluster.log[2]?.split(" ")[0]);
    assert.ok(begin >= 23 && begin <= 23 + 2 * 4.4, cluster.log.join(", "));
    assert.deepEqual([two.elector.isLeader(), cluster.mostLeading], [true, 1]);
    await two.stop();
  });
}

test("short faults change nothing", async () => {
  const cluster = new Cluster();
  let isCut = false;
  const one = cluster.candidate("one", { fault: () => (isCut ? refusal() : undefined) });
  const two = cluster.candidate("two");
  for (let round = 0; round < 5; round += 1) {
    await cluster.clock.advance(10_000);
    isCut = true;
    await cluster.clock.advance(5_000);
    isCut = false;
  }
  assert.deepEqual(cluster.log, ["0.0 one begins"]);
  await Promise.all([one.stop(), two.stop()]);
});

test("a fault that lasts is told once, and so is its end", async () => {
  const cluster = new Cluster();
  const said: string[] = [];
  const say = (_: object, message: string) => void said.push(message);
  const logger = { debug() {}, info: say, warn: say, error: say };
  let isCut = false;
  const one = cluster.candidate("one", { fault: () => (isCut ? refusal() : undefined), logger });
  await cluster.clock.advance(1_000);
  said.length = 0;
  isCut = true;
  await cluster.clock.advance(6_000);
  isCut = false;
  await cluster.clock.advance(6_000);
  assert.deepEqual(said, ["the lease could not be read or written", "the lease can be read and written again"]);
  await one.stop();
});

test("the clock of the other is not trusted: a holder whose renewTime lies years ahead loses the lease when it falls silent", async () => {
  const cluster = new Cluster();
  await cluster.store.client().create(
    undefined as never,
    {
      metadata: { name: "test", namespace: "default" },
      spec: { holderIdentity: "dead", leaseDurationSeconds: 15, renewTime: "2099-01-01T00:00:00.000000Z", leaseTransitions: 7 },
    },
    { fieldManager: "dead" },
  );
  const one = cluster.candidate("one");
  await cluster.clock.advance(14_900);
  assert.deepEqual(cluster.log, []);
  await cluster.clock.advance(4_400);
  assert.equal(cluster.log.length, 1);
  assert.equal(cluster.store.lease?.spec?.leaseTransitions, 8);
  await one.stop();
});

test("a leader whose lease another took stops at its next renewal", async () => {
  const cluster = new Cluster();
  const one = cluster.candidate("one");
  await cluster.clock.advance(2_100);
  const { lease } = cluster.store;
  await cluster.store.client().replace(
    undefined as never,
    { ...lease, metadata: { ...lease?.metadata, name: "test" }, spec: { ...lease?.spec, holderIdentity: "thief" } },
    {
      fieldManager: "thief",
    },
  );
  await cluster.clock.advance(4_000);
  assert.deepEqual([cluster.leading, one.elector.isLeader(), one.elector.leader()], [0, false, "thief"]);
  await one.stop();
  assert.equal(cluster.store.lease?.spec?.holderIdentity, "thief");
});

test("a leader whose work fails gives the lease to the other and does not try again at once", async () => {
  const cluster = new Cluster();
  const log: string[] = [];
  const one = cluster.candidate("one", {
    onStarted: async () => {
      log.push("start");
      throw new Error("broken");
    },
    onStopped: () => void log.push("stop"),
  });
  await cluster.clock.advance(3_000);
  assert.deepEqual(log, ["start", "stop"]);
  const two = cluster.candidate("two");
  await cluster.clock.advance(60_000);
  assert.deepEqual([two.elector.isLeader(), cluster.leading], [true, 1]);
  await Promise.all([one.stop(), two.stop()]);
});

test("work that does not end in time keeps the lease from being released and the process from standing again", async () => {
  const cluster = new Cluster();
  let finish = () => {};
  const one = cluster.candidate("one", {
    onStarted: () =>
      new Promise((resolve) => {
        finish = () => resolve();
      }),
  });
  await cluster.clock.advance(1_000);
  const stopping = one.stop();
  await cluster.clock.advance(14_500);
  await stopping;
  assert.deepEqual([cluster.store.lease?.spec?.holderIdentity, one.elector.isLeader()], ["one", false]);
  finish();
});

test("after a loss the process does not stand again while its old work runs", async () => {
  const cluster = new Cluster();
  let isCut = false;
  let starts = 0;
  const work = Promise.withResolvers<void>();
  const one = cluster.candidate("one", {
    fault: () => (isCut ? refusal() : undefined),
    onStarted: () => {
      starts += 1;
      return work.promise;
    },
  });
  await cluster.clock.advance(3_000);
  isCut = true;
  await cluster.clock.advance(20_000);
  isCut = false;
  await cluster.clock.advance(60_000);
  assert.deepEqual([starts, one.elector.isLeader()], [1, false]);
  work.resolve();
  await cluster.clock.advance(5_000);
  assert.ok(starts > 1);
  await one.stop();
});

test("renewals that are answered after their time do not count", async () => {
  const cluster = new Cluster();
  let isSlow = false;
  const slow = () => new Promise<undefined>((resolve) => cluster.clock.setTimeout(() => resolve(undefined), 6_000));
  const one = cluster.candidate("one", { fault: () => (isSlow ? (slow() as Promise<never>) : undefined) });
  await cluster.clock.advance(2_100);
  isSlow = true;
  await cluster.clock.advance(10_000);
  assert.deepEqual(cluster.log, ["0.0 one begins", "12.0 one ends"]);
  isSlow = false;
  const stopping = one.stop();
  await cluster.clock.advance(10_000);
  await stopping;
});

test("a candidate that loses the race for a missing lease waits", async () => {
  const cluster = new Cluster();
  const candidates = ["one", "two", "three"].map((identity) => cluster.candidate(identity));
  await cluster.clock.advance(60_000);
  assert.equal(candidates.filter(({ elector }) => elector.isLeader()).length, 1);
  assert.equal(cluster.mostLeading, 1);
  await Promise.all(candidates.map(({ stop }) => stop()));
});

test("times that are not in order are refused", () => {
  for (const times of [{ renewDeadlineMs: 15_000 }, { retryPeriodMs: 10_000 }, { leaseDurationMs: 9_000 }, { retryPeriodMs: 0 }]) {
    assert.throws(() => new Cluster().candidate("one", times), RangeError);
  }
});

test("whatever fails and when: never two leaders, and one in the end", async () => {
  const outage = fc.record({ who: fc.constantFrom("one", "two"), start: fc.nat(60), length: fc.nat(40), isSilent: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(outage, { maxLength: 8 }), async (outages) => {
      const cluster = new Cluster();
      const second = () => cluster.clock.now() / 1000;
      const faultOf = (who: string) => (signal: AbortSignal | undefined) => {
        const now = outages.find((each) => each.who === who && each.start <= second() && second() < each.start + each.length);
        if (!now) return undefined;
        return now.isSilent ? silence(signal) : refusal();
      };
      const candidates = ["one", "two"].map((who) => cluster.candidate(who, { fault: faultOf(who) }));
      await cluster.clock.advance(150_000);
      assert.ok(cluster.mostLeading <= 1, cluster.log.join(", "));
      assert.equal(candidates.filter(({ elector }) => elector.isLeader()).length, 1, cluster.log.join(", "));
      await Promise.all(candidates.map(({ stop }) => stop()));
    }),
    { numRuns: 60 },
  );
});
