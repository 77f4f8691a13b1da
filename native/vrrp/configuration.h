#pragma once
// What the engine shall run. Made and freed off the vrrp thread: the engine itself never allocates.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "vrrp/time.h"
#include "wire/ipAddress.h"
#include "wire/vrrp.h"

namespace aloft::vrrp {

enum class ChecksumMode : std::uint8_t { Auto, WithoutPseudoHeader, WithPseudoHeader };

/// One election as it is configured. Validated by the caller: ranges as in src/agent/native.ts.
struct RouterConfig {
  std::string key;  ///< "<virtualIP>/<family>", unique
  wire::Family family = wire::Family::IPv4;
  std::string interface;
  std::uint8_t virtualRouterId = 1;
  std::uint8_t version = 3;
  std::uint8_t priority = 100;  ///< 255: address owner
  Duration advertisementInterval{};
  bool preempt = true;
  Duration preemptDelay{};
  ChecksumMode checksum = ChecksumMode::Auto;
  std::vector<wire::IpPrefix> addresses;  ///< 1–128, of `family`
};

}  // namespace aloft::vrrp
