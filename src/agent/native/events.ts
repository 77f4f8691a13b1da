/** What the core tells of by itself, in batches. Times end in `At`: wall clock, milliseconds since the epoch. */

export type RouterStateName = "INIT" | "BACKUP" | "MASTER" | "FAULT";

export interface StateChangedEvent {
  type: "stateChanged";
  key: string;
  from: RouterStateName;
  to: RouterStateName;
  /** One of `transitionReasons` in src/api/nodeAgent.ts. */
  reason: string;
  /** Address of the peer that the reason speaks of; "" when it speaks of none. */
  peer: string;
  /** Becoming MASTER: ms since the last advert of the previous one; otherwise undefined. */
  silenceMs?: number;
  /** Wall clock, ms since the epoch. */
  changedAt: number;
}

/** A kernel operation of the actuator failed; it is tried again by the core. */
export interface OperationFailedEvent {
  type: "operationFailed";
  key: string;
  operation: string;
  errno: number;
  /** E.g. "add 192.0.2.10/24 to eth0: Operation not permitted". */
  message: string;
  changedAt: number;
}

/** Something that people should know of, without a change of state; but for PriorityChanged at most once a minute per router and kind. */
export interface NoticeEvent {
  type: "notice";
  key: string;
  /** LowerPriority: as MASTER an advert of lower priority was heard. SecondOwner: as address owner one of another owner. */
  notice: "AddressConflict" | "ForeignRouter" | "DuplicateSource" | "LowerPriority" | "SecondOwner" | "PriorityChanged";
  /** AddressConflict: our address that is claimed; else the address of the other router; "" when there is none. */
  address: string;
  /** PriorityChanged: the priority after tracking now. */
  priority?: number;
  /** AddressConflict: who claims it. */
  mac?: string;
  changedAt: number;
}

/** Somebody had removed the gate from an interface, or set something before it; it stands again. At most once a minute and interface. */
export interface GateRestoredEvent {
  type: "gateRestored";
  interface: string;
}

/** Links or addresses of the host changed: read `snapshot().links` again. */
export interface LinksChangedEvent {
  type: "linksChanged";
}

/** The ring overflowed: events were lost, read `snapshot()` whole. */
export interface ResyncEvent {
  type: "resync";
}

export type CoreEvent = StateChangedEvent | OperationFailedEvent | NoticeEvent | GateRestoredEvent | LinksChangedEvent | ResyncEvent;
