#pragma once

#include <limits>

#include "vrrp/time.h"

namespace aloft::vrrp {

/// Lets something happen once per `period`, however often it wants to.
class RateLimit {
 public:
  explicit constexpr RateLimit(Duration period) : period_(period) {}

  bool allow(TimePoint now) {
    if (any_ && now < last_ + period_) return false;
    any_ = true;
    last_ = now;
    return true;
  }

 private:
  Duration period_;
  TimePoint last_{};
  bool any_ = false;
};

/// Of notices, per virtual router and kind.
inline constexpr Duration kNoticePeriod = std::chrono::minutes(1);

}  // namespace aloft::vrrp
