/** While something is done that an operator would undo: none leads, as the one Lease is held here. */
import { randomUUID } from "node:crypto";
import { LeaderElector } from "../../kube/leaderElection.ts";
import { silentLogger } from "../../kube/logger.ts";
import type { Resource } from "../../kube/object.ts";
import { namespaces } from "../../operator/controllers/resources.ts";
import type { Surroundings } from "./surroundings.ts";

const operatorName = "aloft-operator";
const deployments: Resource = { apiVersion: "apps/v1", kind: "Deployment", plural: "deployments", namespaced: true };

/** More often than the replicas that still wait to lead. */
const retryPeriodMs = 500;

/** Ends the operator, then does `work`; false when it leads for longer than there is time. */
export async function withoutOperator(surroundings: Surroundings, work: () => Promise<boolean>): Promise<boolean> {
  const { client, namespace, say, waitUntil } = surroundings;
  // Its pods are not waited for: one on a node that is lost never ends.
  await client.delete(deployments, { namespace, name: operatorName });
  if (!(await client.find(namespaces, { name: namespace }))) return alone(say, work);
  const over = new AbortController();
  let working: Promise<boolean> | undefined;
  const elector = new LeaderElector({
    client,
    lease: { namespace, name: operatorName },
    identity: `withdraw_${randomUUID()}`,
    retryPeriodMs,
    logger: { ...silentLogger, warn: (fields, message) => say("error" in fields ? `${message}: ${fields.error}` : message) },
    onStarted: async () => {
      working ??= alone(say, work).finally(() => over.abort());
      await working;
    },
  });
  const election = elector.run(over.signal);
  if (!(await waitUntil(async () => working !== undefined))) {
    over.abort();
    say("the operator does not end");
  }
  await election;
  return working ?? false;
}

function alone(say: Surroundings["say"], work: () => Promise<boolean>): Promise<boolean> {
  say("no operator leads any more");
  return work();
}
