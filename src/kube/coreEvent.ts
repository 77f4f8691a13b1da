/** core/v1 Events as values. Not events.k8s.io/v1: about a cluster-scoped object those are refused, or not shown by `kubectl describe`. Pure. */
import type { KubeObject, Resource } from "./object.ts";

export const events: Resource = { apiVersion: "v1", kind: "Event", plural: "events", namespaced: true };

interface ObjectReference {
  apiVersion: string | undefined;
  kind: string | undefined;
  name: string;
  /** Absent for a cluster-scoped object; kubectl looks for it in just that way. */
  namespace?: string;
  uid: string | undefined;
}

export interface CoreEvent extends KubeObject {
  involvedObject: ObjectReference;
  type: "Normal" | "Warning";
  reason: string;
  message: string;
  count: number;
  firstTimestamp: string;
  lastTimestamp: string;
  source: { component: string; host?: string };
  reportingComponent: string;
  reportingInstance: string;
}

export interface EventDescription {
  object: KubeObject;
  /** Of the Event, see eventName(). */
  name: string;
  type: "Normal" | "Warning";
  reason: string;
  message: string;
  component: string;
  instance?: string;
  /** metav1.Time. */
  time: string;
}

/** What the API server accepts. */
const longestMessage = 1024;
const longestName = 253;

export function newEvent({ object, name, type, reason, message, component, instance, time }: EventDescription): CoreEvent {
  const { name: objectName, namespace, uid } = object.metadata;
  return {
    // Events about cluster-scoped objects must be in this namespace.
    metadata: { name, namespace: namespace ?? "default" },
    involvedObject: { apiVersion: object.apiVersion, kind: object.kind, name: objectName, namespace, uid },
    type,
    reason,
    message: message.length > longestMessage ? `${message.slice(0, longestMessage - 1)}…` : message,
    count: 1,
    firstTimestamp: time,
    lastTimestamp: time,
    source: { component, host: instance },
    reportingComponent: component,
    reportingInstance: instance ?? component,
  };
}

/** "<object>.<hex>" as client-go names them. The nanoseconds are random (0 ≤ random < 1): two processes may report in the same ms. */
export function eventName(objectName: string, wallNow: Date, random: number): string {
  const suffix = (BigInt(wallNow.getTime()) * 1_000_000n + BigInt(Math.floor(random * 1e6))).toString(16);
  return `${objectName.slice(0, longestName - suffix.length - 1)}.${suffix}`;
}

/** Equal for Events that say the same about the same object. */
export function seriesKey(object: KubeObject, type: string, reason: string, message: string): string {
  return JSON.stringify([object.kind, object.metadata.namespace, object.metadata.name, object.metadata.uid, type, reason, message]);
}
