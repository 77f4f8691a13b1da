/** What clients get from a director: the packets take the real paths of NAT, DR and TUN. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import type { Family } from "../../src/api/ipAddress.ts";
import { Lan } from "../support/lan.ts";
import { until } from "../support/waiting.ts";
import { Director } from "./director.ts";
import { type Forwarding, families, TrafficLan, tally } from "./trafficLan.ts";

const forwardings: Forwarding[] = ["NAT", "DR", "TUN"];

describe("traffic", () => {
  let bed: TrafficLan;
  let director: Director;
  let servers: readonly string[];

  before(async () => {
    bed = await TrafficLan.create({ directors: 1, servers: 2 });
    servers = bed.servers;
    const [name = ""] = bed.directors;
    await bed.setAddresses(name);
    director = await Director.start(bed.lan, name);
  });
  after(() => bed?.destroy());
  afterEach(async () => {
    await bed.client.ask({ do: "close" });
    await director.serve();
  });

  /** Packets that went to clients by way of the director. The kernel adds up what it has counted every two seconds. */
  async function backThroughDirector(connections: number): Promise<number> {
    const service = await until("the counters", async () => {
      const [only] = (await director.snapshot()).services;
      return only?.statistics.connections === connections && only;
    });
    return service.statistics.outPackets;
  }
  const named = (counts: readonly number[]) => Object.fromEntries(counts.map((count, index) => [servers[index], count]));

  const paths: [Forwarding, Family][] = forwardings.flatMap((forwarding) =>
    families.map((family): [Forwarding, Family] => [forwarding, family]),
  );
  for (const [forwarding, family] of paths) {
    test(`${forwarding} over ${family}: shared by weight, the client's address kept, answers ${forwarding === "NAT" ? "through" : "past"} the director`, async () => {
      await director.serve(bed.service(forwarding, family, [1, 3]));
      const answers = await bed.open(forwarding, family, 16);
      assert.deepEqual(tally(answers), named([4, 12]));
      assert.deepEqual([...new Set(answers.map(({ seenAs }) => seenAs))], [Lan.clientAddress[family]]);
      assert.equal((await backThroughDirector(16)) > 0, forwarding === "NAT");
    });
  }

  test("persistence: one client, one server", async () => {
    const persistence = { timeoutSeconds: 300, prefixLength: 32 };
    await director.serve(bed.service("DR", "IPv4", [1, 1], { scheduler: "rr", persistence }));
    assert.equal(Object.keys(tally(await bed.open("DR", "IPv4", 10))).length, 1);
    await director.serve();
    await director.serve(bed.service("DR", "IPv4", [1, 1], { scheduler: "rr" }));
    assert.deepEqual(tally(await bed.open("DR", "IPv4", 10)), named([5, 5]), "without it both are used");
  });

  test("weight 0: established connections go on, new ones go elsewhere", async () => {
    await director.serve(bed.service("DR", "IPv4", [1, 1], { scheduler: "rr" }));
    const established = await bed.open("DR", "IPv4", 6, { keep: true });
    assert.deepEqual(tally(established), named([3, 3]));
    await director.serve(bed.service("DR", "IPv4", [0, 1], { scheduler: "rr" }));
    assert.deepEqual(tally(await bed.open("DR", "IPv4", 6)), { [servers[1] ?? ""]: 6 });
    assert.deepEqual(await bed.client.ask({ do: "exchange" }), established);
  });

  test("a server that is no longer wanted drains: its connections go on, new ones go elsewhere", async () => {
    const both = bed.service("DR", "IPv4", [1, 1], { scheduler: "rr", drainSeconds: 60 });
    await director.serve(both);
    const established = await bed.open("DR", "IPv4", 6, { keep: true });
    await director.serve({ ...both, destinations: both.destinations.slice(1) });
    assert.deepEqual(tally(await bed.open("DR", "IPv4", 6)), { [servers[1] ?? ""]: 6 });
    assert.deepEqual(await bed.client.ask({ do: "exchange" }), established);
  });

  test("a server that has failed is gone at once: no new connection fails", async () => {
    const both = bed.service("NAT", "IPv4", [1, 1], { scheduler: "rr", drainSeconds: 60 });
    await director.serve(both);
    const [first, ...others] = both.destinations;
    await director.serve({ ...both, destinations: others, failed: first ? [first] : [] });
    assert.deepEqual(tally(await bed.open("NAT", "IPv4", 6)), { [servers[1] ?? ""]: 6 });
  });
});
