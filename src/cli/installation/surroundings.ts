import type { NodeAgent } from "../../api/nodeAgent.ts";
import type { KubeClient } from "../../kube/client.ts";

/** What `aloft installation` works with. */
export interface Surroundings {
  client: KubeClient;
  /** Where operator and agents are installed. */
  namespace: string;
  say(line: string): void;
  /** False when the time of the whole command is over first. */
  waitUntil(isTrue: () => Promise<boolean>): Promise<boolean>;
  /** Whether the agent has not reported for so long that it counts as dead. */
  isSilent(status: NonNullable<NodeAgent["status"]>): boolean;
}
