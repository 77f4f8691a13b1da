#include "vrrp/lanes.h"

#include <algorithm>

namespace aloft::vrrp {

Lanes::Lanes(const std::vector<AnnouncementPace>& paces) {
  bool hasRest = false;
  for (const AnnouncementPace& pace : paces) {
    if (pace.interfaces.empty() && !std::exchange(hasRest, true)) rest_ = pace;
    const Lane lane4 = pace.interfaces.empty() ? kNoPace : add(pace.gratuitousArp);
    const Lane lane6 = pace.interfaces.empty() ? kNoPace : add(pace.unsolicitedNa);
    for (const std::string& interface : pace.interfaces) {
      lanes_.emplace(std::pair(interface, wire::Family::IPv4), lane4);
      lanes_.emplace(std::pair(interface, wire::Family::IPv6), lane6);
    }
  }
}

Lane Lanes::of(const std::string& interface, wire::Family family) {
  const auto [lane, isNew] = lanes_.emplace(std::pair(interface, family), kNoPace);
  if (isNew) lane->second = add(family == wire::Family::IPv4 ? rest_.gratuitousArp : rest_.unsolicitedNa);
  return lane->second;
}

Lane Lanes::add(Duration interval) {
  if (interval <= Duration::zero()) return kNoPace;
  if (intervals_.size() < kMaxLanes) {
    intervals_.push_back(interval);
  } else {
    intervals_.back() = std::max(intervals_.back(), interval);
  }
  return static_cast<Lane>(intervals_.size() - 1);
}

}  // namespace aloft::vrrp
