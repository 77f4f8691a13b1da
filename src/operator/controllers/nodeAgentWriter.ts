/** Writes the spec of NodeAgents by server-side apply; makes those that are missing, owned by their Node. */
import { apiVersion as aloftApiVersion } from "../../api/group.ts";
import type { NodeAgentSpec } from "../../api/nodeAgent.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { KubeObject, OwnerReference } from "../../kube/object.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { NodeView } from "../plan/cluster.ts";
import type { OwnWrites } from "./ownWrites.ts";
import { fieldManager, nodeAgents, nodes } from "./resources.ts";

export interface NodeAgentWriterOptions {
  client: Pick<KubeClient, "apply">;
  written: OwnWrites;
  clock: Clock;
}

export class NodeAgentWriter {
  readonly #options: NodeAgentWriterOptions;

  constructor(options: NodeAgentWriterOptions) {
    this.#options = options;
  }

  /** `object` is absent for a NodeAgent that is to be made, `node` for one whose node is gone. @throws KubeError */
  async write(
    name: string,
    spec: NodeAgentSpec,
    object: KubeObject | undefined,
    node: NodeView | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { client, written, clock } = this.#options;
    // With the uid of what was seen, an object that was deleted meanwhile is not made again by mistake.
    const metadata = { name, uid: object?.metadata.uid, ownerReferences: node ? [ownerOf(node)] : object?.metadata.ownerReferences };
    const body = { apiVersion: aloftApiVersion, kind: nodeAgents.kind, metadata, spec };
    written.remember(await client.apply(nodeAgents, body, { fieldManager, signal }), clock.now());
  }
}

function ownerOf({ name, uid }: NodeView): OwnerReference {
  return { apiVersion: nodes.apiVersion, kind: nodes.kind, name, uid };
}
