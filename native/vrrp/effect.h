#pragma once
// What the engine asks the world to do. Effects name virtual routers by their RouterId.

#include <cstdint>

#include "vrrp/time.h"
#include "wire/ipAddress.h"
#include "wire/vrrp.h"

namespace aloft::vrrp {

enum class State : std::uint8_t { Init, Backup, Master, Fault };
const char* name(State state);  ///< "INIT", "BACKUP", "MASTER", "FAULT"

/// Why a state changed; the names are those of `transitionReasons` in src/api/nodeAgent.ts.
enum class Reason : std::uint8_t {
  Started,
  FirstElection,
  AdvertTimeout,
  PeerResigned,
  Preempted,
  AddressOwner,
  HigherPriority,
  HigherAddress,
  InterfaceDown,
  InterfaceMissing,
  NoSourceAddress,
  InterfaceReady,
  LateWakeUp,
  Stopped,
  CheckFailed,           ///< any → FAULT: a tracked check of weight 0 is down
  TrackedInterfaceDown,  ///< any → FAULT: a tracked interface of weight 0 is down
  SyncGroup,             ///< any: another member of the sync group went first
  HandOver,              ///< MASTER → BACKUP: asked to, in favour of a peer
  AddressConflict,       ///< any → FAULT: somebody else answers for an address that was never claimed here
  Recovered,             ///< FAULT → BACKUP: what had failed is well again
};
const char* name(Reason reason);

/// What an operator of the network should look at, told at most once a minute per router and kind; and what else is no change of state.
enum class Notice : std::uint8_t {
  None,
  AddressConflict,  ///< `mac` answers for `peer`, which is one of our addresses
  ForeignRouter,    ///< `peer` sends adverts of our VRID that cannot be of our virtual router
  DuplicateSource,  ///< `peer`, our own primary address, sends adverts of our VRID
  LowerPriority,    ///< as MASTER: `peer` sends adverts of lower priority
  SecondOwner,      ///< as address owner: `peer` sends adverts of one, too
  PriorityChanged,  ///< `priority` is what tracking, or another configuration, makes of it now; told each time
};
const char* name(Notice notice);

/// Identifies a virtual router for the life of the process: kept across configure() for the same key (with the same family, interface,
/// VRID and version: another of these is another virtual router), never given twice.
using RouterId = std::uint32_t;

struct Effect {
  enum class Kind : std::uint8_t {
    SendAdvert,         ///< `priority` says which: the own one, or 0 to resign. Bytes: Engine::advert().
    HoldAddresses,      ///< The kernel shall have exactly the router's addresses. Answered by handleActuated(held = true).
    ReleaseAddresses,   ///< The kernel shall have none of them. Answered by handleActuated(held = false).
    AnnounceAddresses,  ///< `copies` gratuitous ARP (IPv4) or unsolicited NA (IPv6) per address: Engine::announcement().
    StateChanged,
    SetGate,  ///< `answerUntil`, `acceptUntil` into `slot`. One that shuts comes before the resignation or the release that it belongs to.
              ///< One that opens comes behind the advert that it relies on: carry it out when that was sent. And if the slot's former
              ///< answerUntil is a time that has passed by then, not at all: call handleGateRunOut() instead. With `awaitsClaim` it is
              ///< shut, and who claims the addresses from now on matters soon: handleConflict().
    ProbeAddresses,  ///< One ARP probe or DAD-like NS per address: Engine::announcement(). Who answers comes back by handleConflict().
    Noticed,         ///< Something that people should know of, without a change of state: `notice`, `peer`, `mac`, `discard`.
  };
  Kind kind{};
  RouterId router{};
  std::uint8_t priority{};  // SendAdvert; Noticed, PriorityChanged
  std::uint8_t copies{1};   // AnnounceAddresses
  State from{};             // StateChanged …
  State to{};
  Reason reason{};
  Notice notice{};          // Noticed
  bool awaitsClaim{};       // SetGate
  wire::Discard discard{};  // Noticed, ForeignRouter: how it differs
  wire::MacAddress mac{};   // Noticed, AddressConflict
  std::uint32_t slot{};     ///< the router's gateSlot
  wire::IpAddress peer;     ///< whom the reason or the notice speaks of; unspecified when nobody
  Duration silence{-1};     ///< becoming Master: since the last advert of the previous one; negative when there was none
  TimePoint answerUntil{};  // SetGate: ARP, ND and announcements; zero: shut, TimePoint::max(): open
  TimePoint acceptUntil{};  // SetGate: traffic
};

}  // namespace aloft::vrrp
