/**
 * Changes EndpointSlices as fast as the API server takes it, as a rollout of many Services does. Run inside of the network namespace that
 * reaches the API server: KUBECONFIG NAMESPACE SERVICES CHANGES.
 */
import { KubeClient } from "../../src/kube/client.ts";
import type { Resource } from "../../src/kube/object.ts";

const endpointSlices: Resource = {
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  plural: "endpointslices",
  namespaced: true,
};
/** Endpoints of each Service: the last change of each leaves so many. */
const size = 5;
const workers = 8;

const [kubeconfig = "", namespace = "", services = "1", changes = "1"] = process.argv.slice(2);
const [serviceCount, changeCount] = [Number(services), Number(changes)];
const client = new KubeClient({ kubeconfig });

/** What the change of that number makes of its Service: the number of endpoints, their addresses and conditions differ from the last one. */
function endpointsOf(change: number): object[] {
  const service = change % serviceCount;
  const isLast = change >= changeCount - serviceCount;
  const count = isLast ? size : (change * 7) % (size + 3);
  return Array.from({ length: count }, (_, index) => ({
    addresses: [`10.${100 + (service >> 8)}.${service & 255}.${index + 1 + (isLast ? 0 : change % 3)}`],
    conditions: { ready: isLast || (change + index) % 5 !== 0 },
  }));
}

async function work(worker: number): Promise<void> {
  for (let change = worker; change < changeCount; change += workers) {
    const ref = { namespace, name: `s${change % serviceCount}` };
    await client.patch(endpointSlices, ref, { endpoints: endpointsOf(change) }, { fieldManager: "churn" });
  }
}

const begin = performance.now();
// Services are a multiple of the workers, so that each has one worker, and its changes come in order.
await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
console.log(Math.round(performance.now() - begin));
await client.close();
