/** What IPVS is to have: a part of its own with a thread of its own, loaded when a configuration has virtual servers. */
import type { Family } from "../../api/ipAddress.ts";

/** Either address and port of a protocol, or a firewall mark. */
export interface IpvsServiceKey {
  family: Family;
  protocol?: "TCP" | "UDP" | "SCTP";
  address?: string;
  /** 0: all ports. */
  port?: number;
  firewallMark?: number;
}

export interface IpvsDestinationKey {
  address: string;
  port: number;
}

export interface IpvsDestination extends IpvsDestinationKey {
  forwarding: "NAT" | "DR" | "TUN";
  weight: number;
  /** 0: none. */
  upperThreshold?: number;
  lowerThreshold?: number;
  tunnel?: { type: "IPIP" | "GUE" | "GRE"; port?: number; checksum?: "None" | "Checksum" | "RemoteChecksum" };
}

export interface IpvsService {
  key: IpvsServiceKey;
  scheduler: string;
  /** Flag1 is Fallback of sh and mh, Flag2 is Port. */
  schedulerFlags?: ("Flag1" | "Flag2" | "Flag3")[];
  onePacket?: boolean;
  persistence?: { timeoutSeconds: number; prefixLength: number; engine?: string };
  /** In the order that all directors have. */
  destinations: IpvsDestination[];
  /** Those that have failed go at once; others that are no longer wanted drain. */
  failed?: IpvsDestinationKey[];
  /** Default 0: they go at once, too. */
  drainSeconds?: number;
}

export interface IpvsDaemon {
  role: "Master" | "Backup";
  interface: string;
  syncID: number;
  maxLength?: number;
  group?: string;
  port?: number;
  ttl?: number;
}

/** The whole desired state of what is ours. Foreign services are never touched. */
export interface IpvsState {
  services: IpvsService[];
  /** Further services, which stay as they were in the last state that was taken: of thousands few change at a time. */
  kept?: IpvsServiceKey[];
  /** Absent: daemons are not ours. */
  daemons?: IpvsDaemon[];
  /** Seconds. */
  timeouts?: { tcp?: number; tcpFin?: number; udp?: number };
}
