#include "vrrp/foreignRouter.h"

#include <algorithm>

namespace aloft::vrrp {

using namespace std::chrono_literals;

namespace {

/// Nothing of ours is on the way any more.
constexpr Duration kFlushed = 1s;
constexpr Duration kLongestReflection = 100ms;
constexpr int kSuspicionsNeeded = 5;

}  // namespace

void ForeignRouter::handleForeign(const wire::IpAddress& source, wire::Discard reason, Outbox& out) {
  source_ = source;
  reason_ = reason;
  at_ = out.now;
  if (foreign_.allow(out.now)) out.notice(Notice::ForeignRouter, source, {}, reason);
}

void ForeignRouter::handleOwn(const wire::IpAddress& source, const OwnAdvert& advert, Outbox& out) {
  const bool silent = !advert.isMaster && out.now > advert.sentAt + std::max<Duration>(kFlushed, advert.interval);
  if (!silent) {
    const bool mayBeOlder = !advert.isIdentical && out.now < advert.messageSince + kFlushed;
    const bool mayBeReflected = advert.isIdentical && out.now <= advert.sentAt + std::min(kLongestReflection, advert.interval / 2);
    suspicions_ = mayBeOlder || mayBeReflected ? 0 : suspicions_ + 1;
    if (suspicions_ < kSuspicionsNeeded) return;
  }
  suspicions_ = 0;
  if (duplicate_.allow(out.now)) out.notice(Notice::DuplicateSource, source, {}, wire::Discard::OwnPacket);
}

void ForeignRouter::fill(RouterStatus& status) const {
  status.foreignRouter = source_;
  status.foreignReason = reason_;
  status.foreignAt = at_;
}

}  // namespace aloft::vrrp
