#include "vrrp/tracking.h"

#include <algorithm>

#include "vrrp/timing.h"

namespace aloft::vrrp {
namespace {

constexpr std::int64_t kLeastSum = -253;

/// One tracked thing: what it adds, or that it fails.
struct Share {
  std::int64_t weight = 0;
  bool fails = false;
};

Share shareOf(bool up, std::int16_t weight, bool reverse) {
  if (weight == 0) return {0, up == reverse};
  const bool counts = weight > 0 ? up : !up;
  return {counts ? (reverse ? -weight : weight) : 0, false};
}

Share shareOf(std::int32_t value, std::int16_t weight, bool reverse) {
  if (weight == 0) return {0, (value == 0) == reverse};
  const std::int64_t product = std::int64_t{value} * weight * (reverse ? -1 : 1);
  return {product, product < kLeastSum};
}

Share shareOf(const TrackedCheck& tracked, const CheckTable& checks) {
  const CheckState* state = checks.find(tracked.check);
  if (state != nullptr && state->hasValue) return shareOf(state->value, tracked.weight, tracked.reverse);
  return shareOf(state == nullptr || state->up, tracked.weight, tracked.reverse);
}

}  // namespace

Tracking track(const RouterConfig& router, const Places& places, const CheckTable& checks) {
  Tracking result;
  std::int64_t sum = router.priority;
  for (std::size_t i = 0; i < router.interfaces.size(); ++i) {
    const Share share = shareOf(places.tracked[i]->isUp(), router.interfaces[i].weight, router.interfaces[i].reverse);
    sum += share.weight;
    if (share.fails) result.fault = Reason::TrackedInterfaceDown;
  }
  for (const TrackedCheck& tracked : router.checks) {
    const Share share = shareOf(tracked, checks);
    sum += share.weight;
    if (share.fails && !result.fault) result.fault = Reason::CheckFailed;
  }
  const bool owner = router.priority == kOwnerPriority;
  result.priority = owner ? kOwnerPriority : static_cast<std::uint8_t>(std::clamp<std::int64_t>(sum, 1, 254));
  return result;
}

}  // namespace aloft::vrrp
