/** Writes core/v1 Events, as `kubectl describe` shows them. */
import type { Clock } from "../runtime/clock.ts";
import type { KubeClient } from "./client.ts";
import type { Logger } from "./logger.ts";
import type { KubeMetrics } from "./metrics.ts";
import type { KubeObject } from "./object.ts";

export interface EventRecorderOptions {
  client: Pick<KubeClient, "create" | "patch">;
  /** Who reports: "aloft-operator". */
  component: string;
  /** Which of them: pod or host name. */
  instance?: string;
  clock?: Clock;
  logger?: Logger;
  metrics?: KubeMetrics;
}

export type EventType = "Normal" | "Warning";

export declare class EventRecorder {
  constructor(options: EventRecorderOptions);
  /** Records that something happened to `object` (apiVersion, kind, name and uid must be set). Returns at once and never throws. */
  record(object: KubeObject, type: EventType, reason: string, message: string): void;
  /** Waits for what is pending, at most `timeoutMs` (default 2 s), and then refuses more. Never rejects. */
  close(timeoutMs?: number): Promise<void>;
}
