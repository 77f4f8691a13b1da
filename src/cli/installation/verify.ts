/** Whether an installation works, as `helm test` asks: kinds are served, an operator leads, the agents report. */
import { type Lease, leases } from "../../kube/lease.ts";
import { nodeAgents, virtualIPs } from "../../operator/controllers/resources.ts";
import { viewAgent } from "../../operator/plan/parse.ts";
import type { Surroundings } from "./surroundings.ts";

/** @throws KubeError when a kind is not served, or may not be read. */
export async function verify({ client, namespace, say, waitUntil, isSilent }: Surroundings): Promise<boolean> {
  const { items } = await client.list(virtualIPs);
  say(`virtualips: ${items.length}`);
  const leader = async () => (await client.find<Lease>(leases, { namespace, name: "aloft-operator" }))?.spec?.holderIdentity;
  const leads = await waitUntil(async () => Boolean(await leader()));
  say(leads ? `operator: ${await leader()} leads` : "operator: none leads");
  const agents = async () => (await client.list(nodeAgents)).items.flatMap((object) => viewAgent(object) ?? []);
  const works = ({ status }: Awaited<ReturnType<typeof agents>>[number]) => status.state === "Running" && !isSilent(status);
  const report = await waitUntil(async () => {
    const all = await agents();
    return all.length > 0 && all.every(works);
  });
  for (const agent of await agents())
    say(`agent of ${agent.name}: ${agent.status.state ?? "has not reported"}${isSilent(agent.status) ? ", silent" : ""}`);
  return leads && report;
}
