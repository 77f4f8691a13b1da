/**
 * What has to be done while operator and agents still run, before they are uninstalled: nodes give up all that they hold, and what the
 * operator guards can be deleted without it. What users made stays: a later installation takes it up again.
 */
import { fieldManager, nodeAgents } from "../../operator/controllers/resources.ts";
import { viewAgent } from "../../operator/plan/parse.ts";
import { listServed } from "./listServed.ts";
import { withoutOperator } from "./noOperator.ts";
import { releaseObjects } from "./release.ts";
import type { Surroundings } from "./surroundings.ts";

/** Whether every node that reports has given up all. An operator would give the nodes back what is taken from them. @throws KubeError */
export function withdraw(surroundings: Surroundings): Promise<boolean> {
  return withoutOperator(surroundings, async () => (await withdrawNodes(surroundings)) && releaseObjects(surroundings));
}

async function withdrawNodes({ client, say, waitUntil, isSilent }: Surroundings): Promise<boolean> {
  for (const { metadata } of await listServed(client, nodeAgents)) {
    const { name, uid, ownerReferences } = metadata;
    // An explicit empty spec withdraws. In the operator's name, so that no field of its own stays.
    await client.apply(nodeAgents, { metadata: { name, uid, ownerReferences }, spec: { virtualRouters: [] } }, { fieldManager });
  }
  const holding = async () =>
    (await listServed(client, nodeAgents)).flatMap((object) => {
      const agent = viewAgent(object);
      if (!agent || isSilent(agent.status)) return [];
      const isDone =
        (agent.status.observedGeneration ?? 0) >= agent.generation &&
        !agent.status.virtualRouters?.length &&
        !agent.status.virtualServers?.length;
      return isDone || agent.status.state === "Stopped" ? [] : [agent.name];
    });
  const done = await waitUntil(async () => (await holding()).length === 0);
  say(done ? "no node that reports holds anything any more" : `not given up yet: ${(await holding()).join(", ")}`);
  return done;
}
