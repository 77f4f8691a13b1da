/** IPVS: what it has, what it tells of, and what may be asked of it. */
import type { CoreResult } from "./core.ts";
import type { IpvsDaemon, IpvsDestinationKey, IpvsServiceKey, IpvsState } from "./ipvsState.ts";

export interface IpvsStatistics {
  connections: number;
  inPackets: number;
  outPackets: number;
  inBytes: number;
  outBytes: number;
}

export interface IpvsDestinationSnapshot extends IpvsDestinationKey {
  forwarding: string;
  weight: number;
  activeConnections: number;
  inactiveConnections: number;
  persistentConnections: number;
  statistics: IpvsStatistics;
  /** Weight 0 until its connections are gone. */
  draining: boolean;
}

export interface IpvsServiceSnapshot {
  key: IpvsServiceKey;
  scheduler: string;
  statistics: IpvsStatistics;
  destinations: IpvsDestinationSnapshot[];
  /** False: somebody else's. */
  ours: boolean;
  /** Why it is not as it should be; "" when it is. */
  message: string;
}

export interface IpvsSnapshot {
  /** Whether the kernel has all of the state that was applied last. */
  programmed: boolean;
  services: IpvsServiceSnapshot[];
  daemons: IpvsDaemon[];
  /** What had to be set right because somebody else had changed it, since the start. */
  repairs: number;
  /** Requests to the kernel that failed, since the start. */
  failures: number;
  /** Why IPVS cannot be used; "" when it can. */
  message: string;
}

export type IpvsEvent =
  /** The state that was applied last is in the kernel, or as much of it as the kernel takes. */
  | { type: "applied"; programmed: boolean }
  /** Somebody else had changed what is ours; it is right again. */
  | { type: "repaired"; message: string; changedAt: number }
  | { type: "operationFailed"; operation: string; errno: number; message: string; changedAt: number }
  | { type: "drained"; service: IpvsServiceKey; destination: IpvsDestinationKey; changedAt: number };

export interface Ipvs {
  /** Validates all of `state` and hands it to the thread; a bad state changes nothing. Returns at once. */
  apply(state: IpvsState): CoreResult;
  /**
   * The virtual addresses that this node has as MASTER. While there is a master daemon, all connections to them are told to the other
   * directors, again and again: the daemon itself tells of those alone that packets pass on.
   */
  carry(addresses: string[]): CoreResult;
  /** Resolves when the others have been told of every connection. */
  tellConnections(): Promise<void>;
  /** With counters, read from the kernel now. */
  snapshot(): Promise<IpvsSnapshot>;
  /** Removes what is ours, or with `keep` leaves it for the next process to adopt. Later calls get the same promise. */
  stop(options?: { keep?: boolean }): Promise<CoreResult>;
}

export interface IpvsOptions {
  /** Services that an earlier process of this state directory may have left: removed with the first apply that does not have them. */
  owned: IpvsServiceKey[];
}
