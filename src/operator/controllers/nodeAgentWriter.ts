/** Writes the spec of NodeAgents by server-side apply; makes those that are missing, owned by their Node. */
import { apiVersion as aloftApiVersion } from "../../api/group.ts";
import type { NodeAgentSpec } from "../../api/nodeAgent.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { KubeObject, OwnerReference } from "../../kube/object.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { NodeView } from "../plan/cluster.ts";
import { LossyWrites } from "./lossyWrites.ts";
import type { OwnWrites } from "./ownWrites.ts";
import { fieldManager, nodeAgents, nodes } from "./resources.ts";

export interface NodeAgentWriterOptions {
  client: Pick<KubeClient, "apply">;
  written: OwnWrites;
  clock: Clock;
}

export class NodeAgentWriter {
  readonly #options: NodeAgentWriterOptions;
  readonly #lossy = new LossyWrites();

  constructor(options: NodeAgentWriterOptions) {
    this.#options = options;
  }

  /** `object` is absent for a NodeAgent that is to be made, `node` for one whose node is gone. Whether it was written. @throws KubeError */
  async write(
    name: string,
    spec: NodeAgentSpec,
    object: KubeObject | undefined,
    node: NodeView | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { client, written, clock } = this.#options;
    // With the uid of what was seen, an object that was deleted meanwhile is not made again by mistake.
    const metadata = { name, uid: object?.metadata.uid, ownerReferences: node ? [ownerOf(node)] : object?.metadata.ownerReferences };
    const wanted = { spec, owners: metadata.ownerReferences };
    if (this.#lossy.isFutile(name, wanted, object, clock.now())) return false;
    const body = { apiVersion: aloftApiVersion, kind: nodeAgents.kind, metadata, spec };
    const answer = await client.apply(nodeAgents, body, { fieldManager, signal });
    written.remember(answer, clock.now());
    this.#lossy.remember(name, wanted, answer, clock.now());
    return true;
  }
}

function ownerOf({ name, uid }: NodeView): OwnerReference {
  return { apiVersion: nodes.apiVersion, kind: nodes.kind, name, uid };
}
