#pragma once
// A link that virtual routers name, in one of its roles: it sends and hears adverts, carries addresses, or is tracked.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "vrrp/engine.h"
#include "vrrp/lanes.h"

namespace aloft::vrrp {

struct Interface {
  /// By family and VRID: index of the virtual router + 1, 0 for none.
  using Elections = std::array<std::array<std::uint32_t, 256>, 2>;

  std::string name;
  LinkState link;                        ///< as the kernel has it; index 0: missing
  std::vector<std::uint32_t> watchers;   ///< indices of all virtual routers that name it, ascending
  std::unique_ptr<Elections> elections;  ///< null when none is held on it
  std::array<std::uint8_t, 2> leastUnicastTtl = {wire::kVrrpTtl, wire::kVrrpTtl};  ///< by family, of all elections

  bool isPresent() const { return link.index != 0; }
  bool isUp() const { return isPresent() && link.up; }
};

/// The interfaces of one virtual router, found once.
struct Places {
  const Interface* primary = nullptr;
  const Interface* carrier = nullptr;       ///< where addresses stand by default: the virtual MAC's interface, or the primary one
  std::vector<const Interface*> tracked;    ///< as RouterConfig::interfaces
  std::vector<const Interface*> addresses;  ///< as RouterConfig::addresses
  std::vector<Lane> lanes;                  ///< the same: where each is announced
  std::vector<Lane> distinctLanes;          ///< each of these once
};

}  // namespace aloft::vrrp
