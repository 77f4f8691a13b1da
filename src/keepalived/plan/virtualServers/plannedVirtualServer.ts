/** A virtual_server of keepalived.conf as a VirtualServer, in the terms of the API. */
import type { VirtualServerInput, VirtualServerSpec } from "../../../api/virtualServer.ts";
import type { CheckedStatement } from "../../checkedBlock.ts";

/** Where the VirtualServers of a keepalived.conf are: it knows no namespaces. */
export const namespace = "keepalived";

export interface PlannedVirtualServer {
  namespace: string;
  /** Unique in the plan, and one that an object may have. */
  name: string;
  /** The vrrp_instance of the file that holds the addresses. */
  virtualIP?: string;
  /** Bare; none with a firewall mark. */
  addresses: readonly string[];
  spec: VirtualServerSpec;
  /** The same without what the schema assumes. */
  written: VirtualServerInput;
  statement: CheckedStatement;
  /** The virtual_server_group that it is a part of. */
  group?: CheckedStatement;
}

/** SSL of keepalived.conf: what each SSL_GET presents. The files are the agent's to read, so that a renewed certificate counts. */
export interface TlsFiles {
  /** The Secret that the health checks refer to. */
  name: string;
  certificate?: string;
  key?: string;
  /** keepalived trusts it, and verifies nobody. */
  authority?: string;
  /** Never to be logged. */
  passphrase?: string;
}
