#pragma once
// What the engine asks the world to do. Effects name virtual routers by their RouterId.

#include <cstdint>

#include "vrrp/time.h"
#include "wire/ipAddress.h"

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
};
const char* name(Reason reason);

/// Identifies a virtual router for the life of the process: kept across configure() for the same key (with the same family, interface,
/// VRID and version: another of these is another virtual router), never given twice.
using RouterId = std::uint32_t;

struct Effect {
  enum class Kind : std::uint8_t {
    SendAdvert,         ///< `priority` says which: the own one, or 0 to resign. Bytes: Engine::advert().
    HoldAddresses,      ///< The kernel shall have exactly the router's addresses. Answered by handleActuated(held = true).
    ReleaseAddresses,   ///< The kernel shall have none of them. Answered by handleActuated(held = false).
    AnnounceAddresses,  ///< One gratuitous ARP (IPv4) or unsolicited NA (IPv6) per address.
    StateChanged,
  };
  Kind kind{};
  RouterId router{};
  std::uint8_t priority{};  // SendAdvert
  State from{};             // StateChanged …
  State to{};
  Reason reason{};
  wire::IpAddress peer;  ///< whom the reason speaks of; unspecified when nobody
  Duration silence{-1};  ///< becoming Master: since the last advert of the previous one; negative when there was none
};

}  // namespace aloft::vrrp
