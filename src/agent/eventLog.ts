/** What the core tells, as lines of the log. */
import type { Logger } from "../runtime/log.ts";
import type { CoreEvent, NoticeEvent, StateChangedEvent } from "./native/events.ts";

export function logEvents(batch: CoreEvent[], log: Logger): void {
  for (const event of batch) logEvent(event, log);
}

function logEvent(event: CoreEvent, log: Logger): void {
  if (event.type === "stateChanged") logChange(event, log);
  else if (event.type === "notice") logNotice(event, log);
  else if (event.type === "resync") log.warn({}, "events of the core were lost; its whole state is read again");
  else if (event.type === "gateRestored") {
    log.warn(
      { interface: event.interface },
      "the gate was removed from an interface, or kept from its packets, by somebody else; it stands again",
    );
  } else if (event.type === "operationFailed") {
    const { key, operation, errno, message } = event;
    log.error({ virtualRouter: key || undefined, operation, errno, reason: message }, "kernel operation failed and is tried again");
  }
}

function logChange({ key, from, to, reason, peer, silenceMs, changedAt }: StateChangedEvent, log: Logger): void {
  const time = new Date(changedAt).toISOString();
  log.info(
    { virtualRouter: key, from, to, reason, peer: peer || undefined, silenceMs, changedAt: time },
    "virtual router changed its state",
  );
}

const notices: Partial<Record<NoticeEvent["notice"], string>> = {
  AddressConflict: "another host claims an address of the virtual router",
  ForeignRouter: "a router that is not of the virtual router uses its VRID",
  DuplicateSource: "another router sends adverts from the address of this node",
  SecondOwner: "another router claims to own the addresses, as this one does: both have priority 255",
};

/** Notices without a sentence are ordinary events of an election. */
function logNotice({ key, notice, address, mac, priority }: NoticeEvent, log: Logger): void {
  const sentence = notices[notice];
  if (notice === "PriorityChanged") log.info({ virtualRouter: key, priority }, "virtual router has another priority");
  else if (sentence === undefined) log.debug({ virtualRouter: key, notice, address }, "notice of the core");
  else log.warn({ virtualRouter: key, notice, address, mac }, sentence);
}
