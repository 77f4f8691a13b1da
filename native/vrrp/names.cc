#include <array>

#include "vrrp/effect.h"

namespace aloft::vrrp {
namespace {

constexpr std::array<const char*, 4> kStates = {"INIT", "BACKUP", "MASTER", "FAULT"};

constexpr std::array<const char*, 14> kReasons = {
    "Started",       "FirstElection", "AdvertTimeout",    "PeerResigned",    "Preempted",      "AddressOwner", "HigherPriority",
    "HigherAddress", "InterfaceDown", "InterfaceMissing", "NoSourceAddress", "InterfaceReady", "LateWakeUp",   "Stopped",
};
static_assert(kReasons.size() == static_cast<std::size_t>(Reason::Stopped) + 1);

}  // namespace

const char* name(State state) { return kStates[static_cast<std::size_t>(state)]; }
const char* name(Reason reason) { return kReasons[static_cast<std::size_t>(reason)]; }

}  // namespace aloft::vrrp
