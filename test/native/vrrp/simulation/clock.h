#pragma once
// A node's own clock: another origin than the world's, and perhaps another rate.

#include "vrrp/time.h"

namespace aloft::vrrp::simulation {

class Clock {
 public:
  Clock() = default;
  /// `partsPerMillion` faster than the world's clock.
  Clock(Duration origin, std::int64_t partsPerMillion) : origin_(origin), drift_(partsPerMillion) {}

  TimePoint local(TimePoint world) const {
    const Duration since = world.time_since_epoch();
    return TimePoint(origin_ + since + since / kMillion * drift_ + since % kMillion * drift_ / kMillion);
  }
  /// The first moment of the world at which local() is not before `local`.
  TimePoint world(TimePoint local) const {
    if (local == TimePoint::max()) return local;
    const Duration since = local.time_since_epoch() - origin_;
    TimePoint world(since - Duration(static_cast<std::int64_t>(static_cast<double>(since.count()) * static_cast<double>(drift_) /
                                                               (1e6 + static_cast<double>(drift_)))));
    while (this->local(world) < local) world += Duration(1);
    return world;
  }

 private:
  static constexpr std::int64_t kMillion = 1'000'000;

  Duration origin_{};
  std::int64_t drift_ = 0;
};

}  // namespace aloft::vrrp::simulation
