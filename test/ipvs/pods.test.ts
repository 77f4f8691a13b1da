/**
 * A standalone agent as director for pods, which answer by way of their own node: by NAT with masquerading, and by DR to nodes that translate
 * for their own pods. Debian's User-Mode Linux has no nf_tables for IP: there the older tool's rules stand where the agents' table would, by
 * the same conditions, and the agent says what the kernel lacks. In the suite "emulated", on Debian's own kernel, the agents' own tables do it.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Family } from "../../src/api/ipAddress.ts";
import type { VirtualServerInput } from "../../src/api/virtualServer.ts";
import { yamlFile } from "../netns/agentStandaloneProcess.ts";
import { Lan } from "../support/lan.ts";
import { type Pod, podPort, startPod } from "../support/pods.ts";
import { RemoteControl } from "../support/remoteControl.ts";
import { until } from "../support/waiting.ts";
import { virtualIP, virtualServer } from "./agentFile.ts";
import type { Answers, Request } from "./clientHost.ts";
import { FileDirector } from "./fileDirector.ts";
import { families, tally, virtualAddresses } from "./trafficLan.ts";

const program = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const port = 80;
const barePort = 81;

let lan: Lan;
let pods: [Pod, Pod];
let client: RemoteControl<Request, Answers>;
let director: FileDirector;
let hasTables: boolean;

before(async () => {
  lan = await Lan.create({ nodes: 2 });
  pods = [await startPod(lan, "n1", 1), await startPod(lan, "n2", 2)];
  client = new RemoteControl(lan, "client", program("clientHost.ts"));
  hasTables = await lan.exec("n2", ["nft", "add", "table", "inet", "probe"]).then(
    () => true,
    () => false,
  );
  director = await FileDirector.start(lan, "n1", "aloft", file(), { ending: "yaml" });
  const all = [virtualAddresses.NAT, virtualAddresses.DR].flatMap(({ IPv4, IPv6 }) => [IPv4, IPv6]);
  const hasAll = async () => {
    const held = await lan.allAddresses("n1");
    return all.every((address) => held.includes(address));
  };
  // An agent takes 20 s to start where all is emulated and others work beside it.
  await until("the addresses on the director", hasAll, { timeoutMs: 60_000, hint: () => director.process.logTail() });
  await translateOnNode();
});
after(async () => {
  await client?.kill();
  await lan?.destroy();
});

function file(): string {
  const onPods = (family: Family) => pods.map((pod) => ({ address: pod[family], port: podPort }));
  const serve = (name: string, way: "NAT" | "DR", family: Family, spec: Partial<VirtualServerInput>) =>
    virtualServer(`${name}-${family.toLowerCase()}`, {
      virtualIP: "front",
      addresses: [virtualAddresses[way][family]],
      ports: [{ port }],
      scheduler: "rr",
      forwarding: way,
      ...spec,
    });
  return yamlFile(
    virtualIP("n1"),
    ...families.flatMap((family) => [
      serve("masqueraded", "NAT", family, { masquerade: true, realServers: onPods(family) }),
      serve("bare", "NAT", family, { ports: [{ port: barePort }], realServers: onPods(family) }),
      // As an agent makes it of a Service whose targets are nodes.
      serve("direct", "DR", family, {
        realServers: [{ address: pods[0][family], port: podPort, forwarding: "NAT" }, { address: lan.nodeAddress("n2")[family] }],
      }),
    ]),
  );
}

/** What the agent of the other node has. */
async function translateOnNode(): Promise<void> {
  const [, pod] = pods;
  if (hasTables) {
    const translations = families.map((family) => ({
      protocol: "TCP",
      address: virtualAddresses.DR[family],
      port,
      targets: [{ address: pod[family], port: podPort }],
    }));
    const input = JSON.stringify({ masqueraded: [], translations });
    await lan.exec("n2", [process.execPath, program("../netns/natHost.ts")], { input });
    return;
  }
  for (const family of families) {
    const target = family === "IPv4" ? pod.IPv4 : `[${pod.IPv6}]`;
    const rule = `-d ${virtualAddresses.DR[family]} -p tcp --dport ${port} -m addrtype ! --dst-type LOCAL -j DNAT --to ${target}:${podPort}`;
    await olderRule("n2", family, `PREROUTING ${rule}`);
    const condition = `-m conntrack --ctorigdst ${virtualAddresses.NAT[family]} --ctorigdstport ${port}`;
    await olderRule("n1", family, `POSTROUTING -p tcp ${condition} -j MASQUERADE`);
  }
}

async function olderRule(host: string, family: Family, rule: string): Promise<void> {
  const input = ["*nat", `-A ${rule}`, "COMMIT", ""].join("\n");
  await lan.exec(host, [family === "IPv4" ? "iptables-legacy-restore" : "ip6tables-legacy-restore", "-n", "-w", "5"], { input });
}

const open = (way: "NAT" | "DR", family: Family, count: number, own = port) =>
  client.ask({ do: "open", address: virtualAddresses[way][family], port: own, count });

test("the agent sees to it that netfilter knows connections of IPVS, and has its table or says what the kernel lacks", async () => {
  assert.equal((await lan.exec("n1", ["sysctl", "-n", "net.ipv4.vs.conntrack"])).trim(), "1");
  if (!hasTables) return assert.match(director.process.log(), /nf_tables refused the agent's table/);
  const table = await lan.exec("n1", ["nft", "list", "table", "inet", "aloft"]);
  for (const family of families) assert.ok(table.includes(`${virtualAddresses.NAT[family]} . tcp . ${port}`), table);
});

for (const family of families) {
  test(`NAT over ${family}: pods on every node answer by way of the director where it masquerades, and see its address`, async () => {
    const answers = await open("NAT", family, 6);
    assert.deepEqual(tally(answers), { pod1: 3, pod2: 3 }, director.process.logTail(4));
    const [here, there] = pods.map(({ name }) => answers.find(({ server }) => server === name)?.seenAs);
    assert.equal(there, lan.nodeAddress("n1")[family]);
    assert.notEqual(here, Lan.clientAddress[family]);
    const bare = await open("NAT", family, 2, barePort);
    assert.deepEqual(tally(bare), { pod1: 1, "": 1 }, "without masquerading the other node's pod answers past the director");
  });

  test(`DR over ${family}: a node translates for its own pod, the director has its own by NAT, and both see the client`, async () => {
    const answers = await open("DR", family, 6);
    assert.deepEqual(tally(answers), { pod1: 3, pod2: 3 }, director.process.logTail(4));
    assert.deepEqual([...new Set(answers.map(({ seenAs }) => seenAs))], [Lan.clientAddress[family]]);
  });
}
