/**
 * What has to be done while operator and agents still run, before they are uninstalled: nodes give up all that they hold, and what the
 * operator guards can be deleted without it. What users made stays: a later installation takes it up again.
 */
import { type Lease, leases } from "../../kube/lease.ts";
import type { Resource } from "../../kube/object.ts";
import { fieldManager, nodeAgents } from "../../operator/controllers/resources.ts";
import { viewAgent } from "../../operator/plan/parse.ts";
import { releaseObjects } from "./release.ts";
import type { Surroundings } from "./surroundings.ts";

const deployments: Resource = { apiVersion: "apps/v1", kind: "Deployment", plural: "deployments", namespaced: true };
const operatorName = "aloft-operator";

/** Whether every node that reports has given up all. @throws KubeError */
export async function withdraw(surroundings: Surroundings): Promise<boolean> {
  if (!(await stopOperator(surroundings))) return false;
  if (!(await withdrawNodes(surroundings))) return false;
  return releaseObjects(surroundings);
}

/** It would give the nodes back what is taken from them. Its Deployment goes with all its pods, those that only wait to lead among them. */
async function stopOperator({ client, namespace, say, waitUntil }: Surroundings): Promise<boolean> {
  const ref = { namespace, name: operatorName };
  await client.delete(deployments, ref, { propagationPolicy: "Foreground" });
  const isGone = async () => {
    if (await client.find(deployments, ref)) return false;
    // A leader gives its Lease back when it ends; one that could not holds it for that time at most. There may be others than the Deployment's.
    const lease = await client.find<Lease>(leases, ref);
    return !lease?.spec?.holderIdentity || isOver(lease);
  };
  const gone = await waitUntil(isGone);
  say(gone ? "no operator leads any more" : "the operator does not end");
  return gone;
}

function isOver({ spec }: Lease): boolean {
  return Date.now() - Date.parse(spec?.renewTime ?? "") > (spec?.leaseDurationSeconds ?? 0) * 1000;
}

async function withdrawNodes({ client, say, waitUntil, isSilent }: Surroundings): Promise<boolean> {
  for (const { metadata } of (await client.list(nodeAgents)).items) {
    const { name, uid, ownerReferences } = metadata;
    // An explicit empty spec withdraws. In the operator's name, so that no field of its own stays.
    await client.apply(nodeAgents, { metadata: { name, uid, ownerReferences }, spec: { virtualRouters: [] } }, { fieldManager });
  }
  const holding = async () =>
    (await client.list(nodeAgents)).items.flatMap((object) => {
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
