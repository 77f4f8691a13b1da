/** What the operator knows of Services and what belongs to them, as values. */
import type { Condition } from "../../../api/condition.ts";
import type { Family } from "../../../api/ipAddress.ts";

export interface ServicePort {
  protocol: "TCP" | "UDP" | "SCTP";
  port: number;
}

export interface Ingress {
  ip?: string;
  ipMode?: string;
}

export interface ServiceView {
  /** NAMESPACE/NAME. */
  key: string;
  namespace: string;
  name: string;
  uid: string;
  createdAt: string;
  deleting: boolean;
  hasFinalizer: boolean;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  /** Whether it is of type LoadBalancer. */
  isLoadBalancer: boolean;
  loadBalancerClass?: string;
  /** The deprecated spec.loadBalancerIP. */
  loadBalancerIP?: string;
  families: readonly Family[];
  familyPolicy: "SingleStack" | "PreferDualStack" | "RequireDualStack";
  ports: readonly ServicePort[];
  /** externalTrafficPolicy Local. */
  isLocal: boolean;
  /** Whether spec.loadBalancerSourceRanges leaves somebody out. */
  limitsSources: boolean;
  /** sessionAffinity ClientIP, in seconds. */
  affinitySeconds?: number;
  publishesNotReady: boolean;
  ingress: readonly Ingress[];
  /** Of its status, those of the types that are Aloft's. */
  conditions: readonly Condition[];
}

/** The nodes that have ready endpoints of one EndpointSlice. */
export interface EndpointsView {
  /** Key of the Service; absent when it is of none. */
  service?: string;
  nodes: readonly string[];
}

export interface NamespaceView {
  name: string;
  labels: Readonly<Record<string, string>>;
}
