/** From what stands in the kernel to what is wanted: adopted, changed in place, set right again, and what is another's left alone. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import type { IpvsDestination, IpvsService, IpvsState } from "../../src/agent/native/ipvsState.ts";
import { Lan } from "../support/lan.ts";
import { until } from "../support/waiting.ts";
import { Director, savedTable } from "./director.ts";
import { changesDuring } from "./requests.ts";

const director = "n1";
const virtualAddress = "198.51.100.50";
const [one, two, three] = ["198.51.100.61", "198.51.100.62", "198.51.100.63"] as const;

function destination(address: string, changes: Partial<IpvsDestination> = {}): IpvsDestination {
  return { address, port: 80, forwarding: "DR", weight: 1, ...changes };
}

function service(port: number, changes: Partial<IpvsService> = {}): IpvsService {
  const key = { family: "IPv4", protocol: "TCP", address: virtualAddress, port } as const;
  return { key, scheduler: "rr", destinations: [destination(one), destination(two)], ...changes };
}

const keyOf = (port: number) => `-t ${virtualAddress}:${port}`;

describe("the kernel's table", () => {
  let lan: Lan;
  let aloft: Director;

  const ipvsadm = (line: string) => lan.exec(director, ["ipvsadm", ...line.split(" ")]);
  const saved = async (port: number) => (await savedTable(lan, director)).get(keyOf(port));
  /** Connections that the service has scheduled: kept by what is changed in place, lost by what is made anew. */
  async function connections(port: number): Promise<bigint | undefined> {
    const line = (await ipvsadm(`-Ln --stats --exact -t ${virtualAddress}:${port}`)).split("\n").find((text) => text.startsWith("TCP"));
    const [, , count] = line?.split(/\s+/) ?? [];
    return count === undefined ? undefined : BigInt(count);
  }
  /** Whether a server answers does not matter. */
  async function connect(port: number): Promise<void> {
    const client = lan.spawn(director, "client", ["bash", "-c", `: </dev/tcp/${virtualAddress}/${port}`]);
    await until("a connection", async () => (await connections(port)) === 1n);
    await client.kill();
  }

  before(async () => {
    lan = await Lan.create({ nodes: 2 });
    await lan.exec(director, ["ip", "address", "add", `${virtualAddress}/32`, "dev", "eth0"]);
    aloft = await Director.start(lan, director);
    await meanwhile();
  });
  after(() => lan?.destroy());

  /** What no glance shows takes up to a minute: on a node of its own, beside the other tests. */
  let other: Director;
  let editedAt: number;
  const patient = service(80, {
    destinations: [
      destination(one, { upperThreshold: 100, lowerThreshold: 50 }),
      destination(two, { forwarding: "TUN", tunnel: { type: "GUE", port: 6080 } }),
    ],
  });
  const patientTable = [
    "-A -s rr",
    `-a -r ${one}:80 -g -w 1`,
    `-a -r ${two}:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum`,
    "100 50",
  ];
  /** ipvsadm saves no thresholds, and lists no tunnels. */
  async function readPatientTable(): Promise<string[]> {
    const listed = await lan.exec("n2", ["ipvsadm", "-Ln", "--thresholds", "-t", `${virtualAddress}:80`]);
    const [, upper, lower] = new RegExp(`-> ${one}:80 +(\\d+) +(\\d+)`).exec(listed) ?? [];
    return [...((await savedTable(lan, "n2")).get(keyOf(80)) ?? []), `${upper} ${lower}`];
  }
  async function meanwhile(): Promise<void> {
    other = await Director.start(lan, "n2");
    await other.serve(patient);
    assert.deepEqual(await readPatientTable(), patientTable);
    for (const edit of [`${one}:80 -g -w 1 -x 7 -y 3`, `${two}:80 -i -w 1 --tun-type gre`]) {
      await lan.exec("n2", ["ipvsadm", "-e", "-t", `${virtualAddress}:80`, "-r", ...edit.split(" ")]);
    }
    editedAt = Date.now();
    const [, first, second, thresholds] = await readPatientTable();
    assert.deepEqual([first, thresholds], [patientTable[1], "7 3"]);
    assert.match(second ?? "", /--tun-type gre/);
  }
  afterEach(() => ipvsadm("-C"));

  test("a first state is created, an empty one removes it", async () => {
    assert.equal(await aloft.serve(service(80), service(81, { scheduler: "wlc", destinations: [] })), true);
    const table = await savedTable(lan, director);
    assert.deepEqual(table.get(keyOf(80)), ["-A -s rr", `-a -r ${one}:80 -g -w 1`, `-a -r ${two}:80 -g -w 1`]);
    assert.deepEqual(table.get(keyOf(81)), ["-A -s wlc"]);
    assert.equal(await aloft.serve(), true);
    assert.equal((await savedTable(lan, director)).size, 0);
  });

  test("scheduler, weight, forwarding and persistence are changed in place", async () => {
    await aloft.serve(service(80));
    await connect(80);
    const changed = service(80, {
      scheduler: "wrr",
      persistence: { timeoutSeconds: 60, prefixLength: 32 },
      destinations: [
        destination(one, { weight: 7 }),
        destination(two, { forwarding: "TUN", tunnel: { type: "IPIP" } }),
        destination(three),
      ],
    });
    assert.equal(await aloft.serve(changed), true);
    assert.deepEqual(await saved(80), [
      "-A -s wrr -p 60",
      `-a -r ${one}:80 -g -w 7`,
      `-a -r ${two}:80 -i -w 1 --tun-type ipip`,
      `-a -r ${three}:80 -g -w 1`,
    ]);
    assert.equal(await connections(80), 1n);
    await aloft.serve();
  });

  test("a service that already stood is adopted and corrected in place", async () => {
    await ipvsadm(`-A -t ${virtualAddress}:80 -s wlc`);
    await ipvsadm(`-a -t ${virtualAddress}:80 -r ${one}:80 -m -w 5`);
    await ipvsadm(`-a -t ${virtualAddress}:80 -r ${three}:80 -g -w 5`);
    await connect(80);
    await aloft.serve(service(80));
    assert.deepEqual((await saved(80))?.sort(), ["-A -s rr", `-a -r ${one}:80 -g -w 1`, `-a -r ${two}:80 -g -w 1`]);
    assert.equal(await connections(80), 1n);
    await aloft.serve();
    assert.equal(await saved(80), undefined, "what was adopted is ours and goes with us");
  });

  test("foreign services are never touched, and told as such", async () => {
    await ipvsadm(`-A -t ${virtualAddress}:8000 -s sed`);
    await ipvsadm(`-a -t ${virtualAddress}:8000 -r ${three}:9 -m -w 3`);
    await ipvsadm("-A -f 7 -s rr");
    const foreign = ["-A -s sed", `-a -r ${three}:9 -m -w 3`];
    await aloft.serve(service(80));
    assert.deepEqual(await saved(8000), foreign);
    const { services } = await aloft.snapshot();
    assert.deepEqual(services.map(({ key, ours }) => [key.port ?? key.firewallMark, ours]).sort(), [
      [7, false],
      [80, true],
      [8000, false],
    ]);
    await aloft.serve();
    const table = await savedTable(lan, director);
    assert.deepEqual(table.get(keyOf(8000)), foreign);
    assert.deepEqual([...table.keys()].sort(), ["-f 7", keyOf(8000)]);
  });

  const asWanted = ["-A -s rr", `-a -r ${one}:80 -g -w 1`, `-a -r ${two}:80 -g -w 1`];
  const edits: [what: string, line: string][] = [
    ["a deleted service", `-D -t ${virtualAddress}:80`],
    ["a deleted server", `-d -t ${virtualAddress}:80 -r ${two}:80`],
    ["a changed weight", `-e -t ${virtualAddress}:80 -r ${one}:80 -g -w 9`],
    ["a changed scheduler", `-E -t ${virtualAddress}:80 -s wlc`],
    ["another forwarding", `-e -t ${virtualAddress}:80 -r ${one}:80 -i -w 1`],
    ["a server too many", `-a -t ${virtualAddress}:80 -r ${three}:80 -g -w 1`],
    ["a flushed table", "-C"],
  ];
  for (const [what, line] of edits) {
    test(`set right within a second: ${what}`, async () => {
      await aloft.serve(service(80));
      const told = aloft.of("repaired").length;
      await ipvsadm(line);
      const edited = Date.now();
      const repaired = await until("the repair", () => aloft.of("repaired")[told]);
      assert.ok(repaired.changedAt - edited <= 1_000, `it took ${repaired.changedAt - edited} ms`);
      assert.deepEqual((await saved(80))?.toSorted(), asWanted);
      await aloft.serve();
    });
  }

  const daemon = { role: "Master", interface: "eth0", syncID: 7 } as const;
  const group = (last: number): IpvsState => ({
    services: Array.from({ length: last - 79 }, (_, index) => service(80 + index)),
    daemons: [daemon],
    timeouts: { tcp: 800 },
  });
  const withFirst = (changes: Partial<IpvsDestination>): IpvsState => {
    const [first, ...rest] = group(83).services;
    assert.ok(first);
    return { ...group(83), services: [{ ...first, destinations: [destination(one, changes), destination(two)] }, ...rest] };
  };
  const steps: [what: string, state: IpvsState, requests: Record<string, number>][] = [
    ["a group of three", group(82), { NEW_SERVICE: 3, NEW_DEST: 6, NEW_DAEMON: 1, SET_CONFIG: 1 }],
    ["nothing, the daemon least of all", group(82), {}],
    ["a grown group", group(84), { NEW_SERVICE: 2, NEW_DEST: 4 }],
    ["a shrunk group", group(83), { DEL_SERVICE: 1 }],
    ["a threshold", withFirst({ upperThreshold: 9, lowerThreshold: 3 }), { SET_DEST: 1 }],
    ["a weight", withFirst({ upperThreshold: 9, lowerThreshold: 3, weight: 4 }), { SET_DEST: 1 }],
    ["no service at all", { ...group(83), services: [] }, { DEL_SERVICE: 4 }],
  ];
  test("what changes is all that is asked of the kernel", async () => {
    for (const [what, state, requests] of steps) {
      assert.deepEqual(await changesDuring(lan, director, () => aloft.apply(state)), requests, what);
    }
    assert.deepEqual(await changesDuring(lan, director, () => aloft.apply({ services: [], daemons: [] })), { DEL_DAEMON: 1 });
  });

  test("killed and started again with the same: nothing is asked of the kernel", async () => {
    const earlier = await Director.start(lan, director);
    await earlier.apply(group(83));
    await earlier.kill();
    const owned = group(83).services.map(({ key }) => key);
    let later: Director | undefined;
    const start = async () => {
      later = await Director.start(lan, director, owned);
      await later.apply(group(83));
      await later.snapshot();
    };
    assert.deepEqual(await changesDuring(lan, director, start), {});
    assert.deepEqual(await changesDuring(lan, director, async () => later?.stop()), { DEL_SERVICE: 4, DEL_DAEMON: 1 });
  });

  test("killed and started with another table: what stays is kept, what is gone goes, another's is left", async () => {
    await ipvsadm(`-A -t ${virtualAddress}:8000 -s sed`);
    const earlier = await Director.start(lan, director);
    const before = [service(80), service(81), service(82)];
    await earlier.serve(...before);
    await connect(80);
    await earlier.kill();
    assert.equal((await savedTable(lan, director)).size, 4, "the table outlives the process");
    const later = await Director.start(
      lan,
      director,
      before.map(({ key }) => key),
    );
    await later.serve(service(80), service(81, { scheduler: "wlc", destinations: [destination(three)] }), service(83));
    const table = await savedTable(lan, director);
    assert.deepEqual(Object.fromEntries(table), {
      [keyOf(80)]: asWanted,
      [keyOf(81)]: ["-A -s wlc", `-a -r ${three}:80 -g -w 1`],
      [keyOf(83)]: asWanted,
      [keyOf(8000)]: ["-A -s sed"],
    });
    assert.equal(await connections(80), 1n);
    await later.stop();
    assert.deepEqual([...(await savedTable(lan, director)).keys()], [keyOf(8000)]);
  });

  test("stop with keep leaves all of it", async () => {
    const earlier = await Director.start(lan, director);
    await earlier.serve(service(80));
    await earlier.stop(true);
    assert.deepEqual(await saved(80), asWanted);
  });

  describe("a server that is no longer wanted", () => {
    const key = { family: "IPv4", protocol: "UDP", address: virtualAddress, port: 53 } as const;
    const nameServers = (...destinations: IpvsDestination[]): IpvsService => ({ key, scheduler: "rr", destinations, drainSeconds: 60 });
    const line = async () => (await savedTable(lan, director)).get(`-u ${virtualAddress}:53`);
    const ask = () => lan.exec(director, ["bash", "-c", `echo >/dev/udp/${virtualAddress}/53`]);

    test("drains: weight 0 until its connections are gone", async () => {
      await aloft.apply({ services: [nameServers(destination(one))], timeouts: { udp: 2 } });
      await ask();
      await aloft.apply({ services: [nameServers(destination(two))], timeouts: { udp: 2 } });
      assert.deepEqual((await line())?.toSorted(), ["-A -s rr", `-a -r ${one}:80 -g -w 0`, `-a -r ${two}:80 -g -w 1`]);
      const draining = (await aloft.snapshot()).services.flatMap(({ destinations }) => destinations).filter((it) => it.draining);
      assert.deepEqual(
        draining.map(({ address }) => address),
        [one],
      );
      await until("its end", async () => (await line())?.length === 2, { timeoutMs: 6_000 });
      await until("the event", () => aloft.of("drained").some((event) => event.destination.address === one));
      await aloft.serve();
    });

    test("goes at the deadline, connections or not", async () => {
      const slow = { udp: 300 };
      await aloft.apply({ services: [nameServers(destination(one))], timeouts: slow });
      await ask();
      const start = performance.now();
      await aloft.apply({ services: [{ ...nameServers(destination(two)), drainSeconds: 2 }], timeouts: slow });
      await until("its end", async () => (await line())?.length === 2, { timeoutMs: 6_000 });
      assert.ok(performance.now() - start >= 2_000);
      await aloft.serve();
    });

    test("goes at once when it has failed, and without connections", async () => {
      await aloft.serve(nameServers(destination(one), destination(three)));
      await ask();
      await ask();
      await aloft.serve({ ...nameServers(destination(two)), failed: [{ address: one, port: 80 }] });
      await becomesNameServers();
      await aloft.serve();
    });

    /** The other one drains. */
    async function becomesNameServers(): Promise<void> {
      assert.deepEqual((await line())?.toSorted(), ["-A -s rr", `-a -r ${two}:80 -g -w 1`, `-a -r ${three}:80 -g -w 0`]);
    }
  });

  test("what the kernel refuses is told, and the rest is programmed", async () => {
    assert.equal(await aloft.serve(service(80), service(81, { scheduler: "none-such" })), false);
    assert.deepEqual(await saved(80), asWanted);
    assert.match(aloft.of("operationFailed").at(-1)?.message ?? "", /none-such/);
    await aloft.serve();
  });

  test("set right within a minute: thresholds and tunnels", async () => {
    const timeoutMs = Math.max(0, editedAt + 61_000 - Date.now());
    const repaired = await until("the repair", () => other.of("repaired")[0], { timeoutMs, everyMs: 200 });
    assert.ok(repaired.changedAt - editedAt <= 60_000, `it took ${repaired.changedAt - editedAt} ms`);
    assert.deepEqual(await readPatientTable(), patientTable);
  });
});
