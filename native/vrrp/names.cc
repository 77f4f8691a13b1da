#include <array>

#include "vrrp/effect.h"

namespace aloft::vrrp {
namespace {

constexpr std::array<const char*, 4> kStates = {"INIT", "BACKUP", "MASTER", "FAULT"};

constexpr std::array<const char*, 20> kReasons = {
    "Started",       "FirstElection",        "AdvertTimeout",    "PeerResigned",    "Preempted",       "AddressOwner", "HigherPriority",
    "HigherAddress", "InterfaceDown",        "InterfaceMissing", "NoSourceAddress", "InterfaceReady",  "LateWakeUp",   "Stopped",
    "CheckFailed",   "TrackedInterfaceDown", "SyncGroup",        "HandOver",        "AddressConflict", "Recovered",
};
static_assert(kReasons.size() == static_cast<std::size_t>(Reason::Recovered) + 1);

constexpr std::array<const char*, 7> kNotices = {"None",          "AddressConflict", "ForeignRouter",  "DuplicateSource",
                                                 "LowerPriority", "SecondOwner",     "PriorityChanged"};
static_assert(kNotices.size() == static_cast<std::size_t>(Notice::PriorityChanged) + 1);

}  // namespace

const char* name(State state) { return kStates[static_cast<std::size_t>(state)]; }
const char* name(Reason reason) { return kReasons[static_cast<std::size_t>(reason)]; }
const char* name(Notice notice) { return kNotices[static_cast<std::size_t>(notice)]; }

}  // namespace aloft::vrrp
