/**
 * What objects say and are guarded by, once nodes hold nothing and no operator will come: finalizers go, statuses say that nobody answers,
 * what the operator has made is deleted. What was allocated stays recorded, and with it all that belongs to users.
 */
import { releaseFinalizer } from "../../api/group.ts";
import { cleanupFinalizer, loadBalancerClass } from "../../api/service.ts";
import { isKubeError } from "../../kube/kubeError.ts";
import type { KubeObject, Resource } from "../../kube/object.ts";
import { writeFinalizer } from "../../operator/controllers/finalizers.ts";
import { addressPools, fieldManager, services, virtualIPs, virtualServers } from "../../operator/controllers/resources.ts";
import { forEach, throwIfAny } from "../../operator/controllers/writes.ts";
import { viewPool, viewVirtualIP, viewVirtualServer } from "../../operator/plan/parse.ts";
import { isOthers } from "../../operator/plan/services/claims.ts";
import { viewService } from "../../operator/plan/services/parse.ts";
import type { ServiceView } from "../../operator/plan/services/views.ts";
import { listServed } from "./listServed.ts";
import type { Surroundings } from "./surroundings.ts";

type Client = Surroundings["client"];

const never = new AbortController().signal;

/** Once more when others wrote the same objects, or deleted them; false when the time is over. @throws KubeError */
export async function releaseObjects({ client, say, waitUntil }: Surroundings): Promise<boolean> {
  const isReleased = async () => {
    try {
      for (const line of await releaseAll(client)) say(line);
      return true;
    } catch (error) {
      if (isKubeError(error, "Conflict") || isKubeError(error, "NotFound")) return false;
      throw error;
    }
  };
  return waitUntil(isReleased);
}

/** In the order in which they need each other: of whose address the pool tells, who stands on which VirtualIP. */
async function releaseAll(client: Client): Promise<string[]> {
  const pools = await listServed(client, addressPools);
  const recorded = new Set(pools.flatMap((object) => viewPool(object)?.status.assignments ?? []).flatMap((each) => each.services));
  return [
    await each(client, services, (object) => releaseService(client, object, recorded)),
    await each(client, virtualServers, (object) => releaseVirtualServer(client, object)),
    await each(client, virtualIPs, (object) => releaseVirtualIP(client, object)),
    await each(client, addressPools, (object) => unguard(client, addressPools, object, releaseFinalizer)),
  ];
}

/** One line of how many were changed. */
async function each(client: Client, resource: Resource, release: (object: KubeObject) => Promise<boolean>): Promise<string> {
  const outcome = await forEach(await listServed(client, resource), release);
  throwIfAny([outcome]);
  return `${resource.plural} released: ${outcome.done}`;
}

/** The record comes before anything that is told of a Service; its class may have changed since, to that of another controller. */
async function releaseService(client: Client, object: KubeObject, recorded: ReadonlySet<string>): Promise<boolean> {
  const view = viewService(object);
  if (!view || !hasOurs(view, recorded)) return false;
  const isSaid = !view.deleting && (view.ingress.length > 0 || view.conditions.length > 0);
  const latest = isSaid ? await giveUpStatus(client, object) : object;
  if (isOthers(view)) return isSaid;
  return (await unguard(client, services, latest, cleanupFinalizer)) || isSaid;
}

function hasOurs(view: ServiceView, recorded: ReadonlySet<string>): boolean {
  return view.loadBalancerClass === loadBalancerClass || view.conditions.length > 0 || recorded.has(view.key);
}

/** Without a field: the operator's go, and no other. */
function giveUpStatus(client: Client, { metadata }: KubeObject): Promise<KubeObject> {
  const { name, namespace, resourceVersion } = metadata;
  return client.apply(services, { metadata: { name, namespace, resourceVersion }, status: {} }, { fieldManager, subresource: "status" });
}

async function releaseVirtualServer(client: Client, object: KubeObject): Promise<boolean> {
  if (viewVirtualServer(object)?.service !== undefined) return remove(client, virtualServers, object);
  return disclaim(client, virtualServers, object, { activeNode: null, up: null, servers: null, nodes: null, summary: null });
}

async function releaseVirtualIP(client: Client, object: KubeObject): Promise<boolean> {
  const isGuarded = await unguard(client, virtualIPs, object, releaseFinalizer);
  if (viewVirtualIP(object)?.generated) return remove(client, virtualIPs, object);
  const isGone = isGuarded && object.metadata.deletionTimestamp !== undefined;
  return isGone || disclaim(client, virtualIPs, object, { activeNode: null, nodes: null, summary: null });
}

/** Nobody will correct the status any more: it must not say that a node answers. */
async function disclaim(client: Client, resource: Resource, { metadata }: KubeObject, without: object): Promise<boolean> {
  const { name, namespace } = metadata;
  const message = "Aloft was uninstalled; no node answers.";
  const ready = { type: "Ready", status: "False", reason: "Withdrawn", message, lastTransitionTime: new Date().toISOString() };
  const status = { ...without, conditions: [ready] };
  await client.patch(resource, { name, namespace }, { status }, { fieldManager, subresource: "status" });
  return true;
}

async function unguard(client: Client, resource: Resource, object: KubeObject, finalizer: string): Promise<boolean> {
  if (!object.metadata.finalizers?.includes(finalizer)) return false;
  await writeFinalizer(client, resource, object, finalizer, "remove", never);
  return true;
}

/** Exactly the object that was seen. */
async function remove(client: Client, resource: Resource, { metadata }: KubeObject): Promise<boolean> {
  const { name, namespace, uid } = metadata;
  await client.delete(resource, { name, namespace }, { preconditions: { uid } });
  return true;
}
