/** A VirtualServer as a node runs it: what the operator or the file says, and what is known of its servers. Values. */
import type { VirtualServerSpec } from "../../api/virtualServer.ts";

export interface ResolvedVirtualServer {
  namespace: string;
  name: string;
  /** metadata.generation; undefined from a file. */
  generation?: number;
  virtualIP?: string;
  /** Bare addresses that it is served on; empty with a firewall mark. */
  addresses: readonly string[];
  spec: VirtualServerSpec;
}

/** Unique on a node. */
export const nameOf = ({ namespace, name }: Pick<ResolvedVirtualServer, "namespace" | "name">) => `${namespace}/${name}`;

/** An endpoint of the Service that a VirtualServer names, or a node that is a real server. */
export interface Endpoint {
  address: string;
  /** Undefined: the port of the service. */
  port?: number;
  node?: string;
  zone?: string;
  /** A pod of this node where nodes are what is passed on to: it is reached without another node's help. */
  isHere?: boolean;
  /** Of a node: how many pods it stands for. */
  pods?: number;
  ready: boolean;
  /** Still answers, although it is terminating. */
  serving: boolean;
  terminating: boolean;
}
