/** The watch of this node's own NodeAgent. */
import { apiVersion } from "../../api/group.ts";
import { ResourceWatch, type WatchOptions } from "./resourceWatch.ts";

export interface NodeAgentHandlers {
  /** The NodeAgent as it is now; also called when nothing changed. Must not throw. */
  onObject(object: unknown): void;
  /** There is none, or it was deleted. */
  onMissing(): void;
  /** The API server answers again after failures. */
  onReachable(): void;
}

export function watchNodeAgent(
  node: string,
  handlers: NodeAgentHandlers,
  options: Pick<WatchOptions, "client" | "clock" | "log" | "signal">,
): ResourceWatch {
  return new ResourceWatch({
    ...options,
    path: `/apis/${apiVersion}/nodeagents?fieldSelector=${encodeURIComponent(`metadata.name=${node}`)}`,
    handlers: {
      onList: ([object]) => (object === undefined ? handlers.onMissing() : handlers.onObject(object)),
      onObject: handlers.onObject,
      onDeleted: handlers.onMissing,
      onReachable: handlers.onReachable,
    },
  });
}
