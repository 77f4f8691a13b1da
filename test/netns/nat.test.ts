/**
 * The agent's own table of nf_tables on real paths of packets: what a director passes on by DR reaches the pods of the node, which see the
 * client, and what is to be masqueraded is. The director is played by a route: what leaves it by DR is the client's packet with another MAC
 * address. In place of IPVS, which this kernel may lack, another table passes packets on by NAT.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { NatKey, NatRules } from "../../src/agent/native/nat.ts";
import type { Family } from "../../src/api/ipAddress.ts";
import type { Answer, Answers, Request } from "../ipvs/clientHost.ts";
import { families, tally } from "../ipvs/trafficLan.ts";
import { Lan } from "../support/lan.ts";
import { type Pod, podPort, startPod } from "../support/pods.ts";
import { RemoteControl } from "../support/remoteControl.ts";

const host = fileURLToPath(new URL("natHost.ts", import.meta.url));
const clientHost = fileURLToPath(new URL("../ipvs/clientHost.ts", import.meta.url));
const address = { IPv4: "192.0.2.50", IPv6: "2001:db8:2::50" } as const;
const port = 80;

let lan: Lan;
let pods: Pod[];
let client: RemoteControl<Request, Answers>;

before(async () => {
  lan = await Lan.create({ nodes: 2 });
  pods = [await startPod(lan, "n2", 1), await startPod(lan, "n2", 2), await startPod(lan, "n1", 3)];
  client = new RemoteControl(lan, "client", clientHost);
  for (const family of families) {
    await lan.exec("client", ["ip", "route", "add", address[family], "via", lan.nodeAddress("n2")[family]]);
    await lan.exec("n2", ["ip", "route", "add", address[family], "dev", "eth0"]);
  }
});
after(async () => {
  await client?.kill();
  await lan?.destroy();
});

const key = (family: Family, own = port): NatKey => ({ protocol: "TCP", address: address[family], port: own });
const targets = (family: Family, ...chosen: Pod[]) => chosen.map((pod) => ({ address: pod[family], port: podPort }));
const rules = (...chosen: Pod[]): NatRules => ({
  masqueraded: [],
  translations: families.map((family) => ({ ...key(family), targets: targets(family, ...chosen) })),
});

async function write(wanted: NatRules | undefined, node = "n2"): Promise<void> {
  assert.deepEqual(JSON.parse(await lan.exec(node, [process.execPath, host], { input: JSON.stringify(wanted ?? null) })), { ok: true });
}

const open = (family: Family, count: number, keep = false): Promise<Answer[]> =>
  client.ask({ do: "open", address: address[family], port, count, keep });
async function openFrom(host: string, family: Family): Promise<Answer[]> {
  const other = new RemoteControl<Request, Answers>(lan, host, clientHost);
  const answers = await other.ask({ do: "open", address: address[family], port, count: 1 });
  await other.kill();
  return answers;
}

const seen = (answers: Answer[]) => [...new Set(answers.map(({ seenAs }) => seenAs))];

/** Another's table, which passes each port on to one of these, as IPVS would. */
function passing(...to: Pod[]): string {
  const rules = families.flatMap((family) => {
    const ip = family === "IPv4" ? "ip" : "ip6";
    const targetOf = (pod: Pod) => (family === "IPv4" ? pod.IPv4 : `[${pod.IPv6}]`);
    return to.map((pod, index) => `${ip} daddr ${address[family]} tcp dport ${port + index} dnat ${ip} to ${targetOf(pod)}:${podPort}`);
  });
  return `table inet passing {\nchain pre {\ntype nat hook prerouting priority -110\n${rules.join("\n")}\n}\n}\n`;
}

for (const family of families) {
  test(`a packet that a director passes on over ${family} reaches a pod of the node, which sees the client`, async () => {
    const [one, two] = pods as [Pod, Pod];
    await write(rules(one, two));
    const answers = await open(family, 24);
    assert.deepEqual(seen(answers), [Lan.clientAddress[family]]);
    const counts = tally(answers);
    // By chance all of 24 go to one in 1 of 8 million runs.
    assert.deepEqual(Object.keys(counts).sort(), [one.name, two.name]);
  });

  test(`connections over ${family} outlive another table, and the end of the pod that they do not have; new ones go to those that are left`, async () => {
    const [one, two] = pods as [Pod, Pod];
    await write(rules(one));
    assert.deepEqual(tally(await open(family, 3, true)), { [one.name]: 3 });
    await write(rules(two));
    assert.deepEqual(tally(await client.ask({ do: "exchange" })), { [one.name]: 3 });
    assert.deepEqual(tally(await open(family, 3)), { [two.name]: 3 });
    await client.ask({ do: "close" });
  });

  test(`connections over ${family} of one client go to one pod where that is asked for`, async () => {
    const [one, two] = pods as [Pod, Pod];
    const { translations } = rules(one, two);
    await write({ masqueraded: [], translations: translations.map((each) => ({ ...each, byClient: true })) });
    const answers = await open(family, 12);
    assert.equal(Object.keys(tally(answers)).length, 1);
    assert.notEqual(answers[0]?.server, "");
  });

  test(`an address over ${family} that the node holds itself is not translated: IPVS has its packets`, async () => {
    const [one] = pods as [Pod];
    await write(rules(one));
    const prefix = `${address[family]}/${family === "IPv4" ? 32 : 128}`;
    await lan.exec("n2", ["ip", "address", "add", prefix, "dev", "eth0", ...(family === "IPv6" ? ["nodad"] : [])]);
    assert.deepEqual(tally(await open(family, 2)), { "": 2 });
    await lan.exec("n2", ["ip", "address", "del", prefix, "dev", "eth0"]);
    assert.deepEqual(tally(await open(family, 2)), { [one.name]: 2 });
  });

  test(`the node itself over ${family}, and a pod that reaches itself`, async () => {
    const [one] = pods as [Pod];
    await write(rules(one));
    for (const from of ["n2", one.name]) assert.deepEqual(tally(await openFrom(from, family)), { [one.name]: 1 }, from);
  });

  test(`what is masqueraded over ${family} comes from the node that passed it on, and nothing else does`, async () => {
    const [here, , elsewhere] = pods as [Pod, Pod, Pod];
    await lan.exec("n2", ["nft", "-f", "-"], { input: passing(elsewhere, here) });
    await write({ masqueraded: families.map((each) => key(each)), translations: [] });
    const masqueraded = await open(family, 2);
    const otherwise = await client.ask({ do: "open", address: address[family], port: port + 1, count: 2 });
    await lan.exec("n2", ["nft", "delete", "table", "inet", "passing"]);
    assert.deepEqual([tally(masqueraded), seen(masqueraded)], [{ [elsewhere.name]: 2 }, [lan.nodeAddress("n2")[family]]]);
    assert.deepEqual([tally(otherwise), seen(otherwise)], [{ [here.name]: 2 }, [Lan.clientAddress[family]]]);
  });
}

test("without its table nothing is translated any more", async () => {
  await write(rules(pods[0] as Pod));
  assert.deepEqual(Object.keys(tally(await open("IPv4", 1))), ["pod1"]);
  await write(undefined);
  assert.deepEqual(tally(await open("IPv4", 1)), { "": 1 });
});
