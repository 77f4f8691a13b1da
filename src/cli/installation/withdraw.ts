/**
 * What has to be done while operator and agents still run, before they are uninstalled: nodes give up all that they hold, and what the
 * operator guards can be deleted without it. The objects stay: a later installation takes them up again.
 */
import { releaseFinalizer } from "../../api/group.ts";
import type { KubeClient } from "../../kube/client.ts";
import { type Lease, leases } from "../../kube/lease.ts";
import type { KubeObject, Resource } from "../../kube/object.ts";
import { fieldManager, nodeAgents, virtualIPs } from "../../operator/controllers/resources.ts";
import { viewAgent } from "../../operator/plan/parse.ts";
import type { Surroundings } from "./surroundings.ts";

const deployments: Resource = { apiVersion: "apps/v1", kind: "Deployment", plural: "deployments", namespaced: true };
const operatorName = "aloft-operator";

/** Objects that the operator does not let go before all nodes have: who uninstalls it must. */
const guarded: { resource: Resource; finalizer: string }[] = [{ resource: virtualIPs, finalizer: releaseFinalizer }];

/** Whether every node that reports has given up all. @throws KubeError */
export async function withdraw(surroundings: Surroundings): Promise<boolean> {
  if (!(await stopOperator(surroundings))) return false;
  if (!(await withdrawNodes(surroundings))) return false;
  for (const { resource, finalizer } of guarded) await release(surroundings, resource, finalizer);
  await disclaim(surroundings);
  return true;
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
      const isDone = (agent.status.observedGeneration ?? 0) >= agent.generation && !agent.status.virtualRouters?.length;
      return isDone || agent.status.state === "Stopped" ? [] : [agent.name];
    });
  const done = await waitUntil(async () => (await holding()).length === 0);
  say(done ? "no node that reports holds anything any more" : `not given up yet: ${(await holding()).join(", ")}`);
  return done;
}

async function release({ client, say }: Surroundings, resource: Resource, finalizer: string): Promise<void> {
  const { items } = await client.list(resource);
  const held = items.filter(({ metadata }) => metadata.finalizers?.includes(finalizer));
  for (const { metadata } of held) await removeFinalizer(client, resource, metadata, finalizer);
  say(`${resource.plural} that were guarded: ${held.length}`);
}

/** Nobody will correct the statuses any more: they must not say that a node answers. What was allocated stays for a later installation. */
async function disclaim({ client }: Surroundings): Promise<void> {
  const message = "Aloft was uninstalled; no node answers.";
  for (const { metadata } of (await client.list(virtualIPs)).items) {
    const ready = { type: "Ready", status: "False", reason: "Withdrawn", message, lastTransitionTime: new Date().toISOString() };
    const status = { activeNode: null, nodes: null, summary: null, conditions: [ready] };
    await client.patch(virtualIPs, { name: metadata.name }, { status }, { fieldManager, subresource: "status" });
  }
}

function removeFinalizer(client: KubeClient, resource: Resource, metadata: KubeObject["metadata"], finalizer: string): Promise<unknown> {
  const { name, namespace, resourceVersion, finalizers = [] } = metadata;
  const rest = finalizers.filter((other) => other !== finalizer);
  return client.patch(resource, { name, namespace }, { metadata: { resourceVersion, finalizers: rest } }, { fieldManager: "aloft-cli" });
}
