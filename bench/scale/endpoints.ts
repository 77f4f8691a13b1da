/** Changes of EndpointSlices at a steady rate, and the times until the agents have been told of those that move an address. */
import { setTimeout as sleep } from "node:timers/promises";
import type { NodeAgentSpec } from "../../src/api/nodeAgent.ts";
import type { KubeClient } from "../../src/kube/client.ts";
import { Informer } from "../../src/kube/informer.ts";
import { nodeAgents } from "../../src/operator/controllers/resources.ts";
import { nodesOf, type ServiceKind, setEndpoints } from "./services.ts";

export interface EndpointLoad {
  kinds: readonly ServiceKind[];
  /** The address of the Service whose endpoints go from one set of nodes to another every few seconds. */
  wanderer: { name: string; address: string };
  nodes: number;
  perMinute: number;
  seconds: number;
}

const wanderEveryMs = 3000;

/** The times in ms from the change of an EndpointSlice until a node with an endpoint has been given the address. */
export async function changeEndpoints(client: KubeClient, load: EndpointLoad): Promise<{ changes: number; told: number[] }> {
  const { kinds, nodes, perMinute, seconds } = load;
  const stop = new AbortController();
  const wandering = wander(client, load, stop.signal);
  const start = performance.now();
  const requests: Promise<unknown>[] = [];
  const plain = kinds.filter(({ isLocal }) => !isLocal);
  for (let turn = 1; performance.now() - start < seconds * 1000; turn += 1) {
    await sleep(Math.max(0, start + (60_000 * turn) / perMinute - performance.now()));
    const index = (turn * 7) % plain.length;
    requests.push(setEndpoints(client, plain[index]?.name ?? "", nodesOf(index + turn, nodes), turn));
  }
  await Promise.all(requests);
  stop.abort();
  return { changes: requests.length, told: await wandering };
}

async function wander(client: KubeClient, { wanderer, nodes }: EndpointLoad, signal: AbortSignal): Promise<number[]> {
  const told: number[] = [];
  const informer = new Informer({ client, resource: nodeAgents });
  informer.start();
  await informer.waitForSync();
  for (let turn = 1; !signal.aborted; turn += 1) {
    const hosts = nodesOf(turn, nodes);
    const { promise, resolve } = Promise.withResolvers<number>();
    const take = informer.onChange((name) => {
      if (hosts.includes(name) && has(informer.get(name)?.spec as NodeAgentSpec | undefined, wanderer.address)) resolve(performance.now());
    });
    const at = performance.now();
    await setEndpoints(client, wanderer.name, hosts, turn);
    const late = sleep(20_000).then(() => Number.POSITIVE_INFINITY);
    told.push((await Promise.race([promise, late])) - at);
    take();
    await sleep(wanderEveryMs, undefined, { signal }).catch(() => {});
  }
  await informer.stop();
  return told;
}

function has(spec: NodeAgentSpec | undefined, address: string): boolean {
  return spec?.virtualRouters.some(({ addresses }) => addresses.some((each) => each.address.startsWith(`${address}/`))) ?? false;
}
