#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "vrrp/time.h"
#include "wire/ipAddress.h"

namespace aloft::runtime {

/// Who sent an advert of a VRID that nobody configured there.
struct UnknownRouter {
  std::uint32_t ifindex = 0;
  wire::Family family{};
  std::uint8_t virtualRouterId = 0;
  wire::IpAddress address;
  vrrp::TimePoint at{};
};

/// The last of them, each once. vrrp thread only; no allocation.
class UnknownRouters {
 public:
  static constexpr std::size_t kMax = 64;

  /// Takes the place of the oldest when there is no room.
  void note(const UnknownRouter& router);
  void clear() { count_ = 0; }
  /// In no particular order.
  std::span<const UnknownRouter> all() const { return {routers_.data(), count_}; }

 private:
  std::array<UnknownRouter, kMax> routers_{};
  std::size_t count_ = 0;
};

}  // namespace aloft::runtime
