#include "vrrp/group.h"

#include <algorithm>
#include <tuple>

#include "vrrp/virtualRouter.h"

namespace aloft::vrrp {

Group::Group(std::vector<VirtualRouter*> members) : members_(std::move(members)) {
  std::sort(members_.begin(), members_.end(), [](const VirtualRouter* a, const VirtualRouter* b) {
    const RouterConfig& left = a->config();
    const RouterConfig& right = b->config();
    return std::tie(left.family, left.virtualRouterId, left.key) < std::tie(right.family, right.virtualRouterId, right.key);
  });
  for (const VirtualRouter* member : members_) interval_ = std::max(interval_, member->config().advertisementInterval);
}

bool Group::givesWay(TimePoint now, Duration rivalsInterval) {
  const Duration interval = std::max(interval_, rivalsInterval);
  if (beatenAt_ != kNobody && now < beatenAt_ + 3 * interval) return false;
  if (rivalSince_ == kNobody || now >= rivalSince_ + 6 * interval) rivalSince_ = now;  // a new one
  return now >= rivalSince_ + 2 * interval;
}

void Group::settle(const Context& context) {
  stirred_ = false;
  for (VirtualRouter* member : members_) member->settleFault(context);
  if (hasFault()) return;
  if (anyMaster()) {
    followOut(context);
  } else if (allWish()) {
    takeOver(context);
  }
}

void Group::settleJoined(const Context& context) {
  for (VirtualRouter* member : members_) member->settleFault(context);
  if (!hasFault() && members_.front()->state() == State::Master) {
    for (VirtualRouter* member : members_) member->joinMaster(context);
  }
  leftFor_ = Reason::SyncGroup;
  settle(context);
}

bool Group::anyMaster() const {
  return std::any_of(members_.begin(), members_.end(), [](const VirtualRouter* member) { return member->state() == State::Master; });
}

/// Begins with the one that stood in the way last time, so that a group whose timers run out one by one is not gone through each time.
bool Group::allWish() {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const std::size_t at = (reluctant_ + i) % members_.size();
    if (members_[at]->wishesMaster()) continue;
    reluctant_ = at;
    return false;
  }
  return true;
}

/// Some are not MASTER any more: none stays.
void Group::followOut(const Context& context) {
  const bool all = std::all_of(members_.begin(), members_.end(), [](const VirtualRouter* m) { return m->state() == State::Master; });
  if (all) return;
  for (VirtualRouter* member : members_) member->leaveWithGroup(leftFor_, context);
  stirred_ = false;
}

void Group::takeOver(const Context& context) {
  beatenAt_ = rivalSince_ = kNobody;
  for (VirtualRouter* member : members_) member->takeOverWithGroup(member == wisher_, context);
  stirred_ = false;
}

}  // namespace aloft::vrrp
