import type { KubeClient } from "../../kube/client.ts";
import type { EventRecorder } from "../../kube/events.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { OwnWrites } from "./ownWrites.ts";

/** What a writer of objects with a status and a finalizer needs. */
export interface WriterOptions {
  client: Pick<KubeClient, "apply" | "patch">;
  recorder: Pick<EventRecorder, "record">;
  written: OwnWrites;
  clock: Clock;
}
