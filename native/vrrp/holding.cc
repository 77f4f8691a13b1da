#include "vrrp/holding.h"

#include <algorithm>
#include <span>

namespace aloft::vrrp {

using namespace std::chrono_literals;

namespace {

// A lost announcement leaves a neighbour with the old MAC address until its cache runs out. Neighbours also ignore an update that comes
// within a second of another one (`locktime`), so one of the repeats lies beyond it; the last is for switches that were just coming up.
constexpr std::array<Duration, 5> kAnnouncements = {0ms, 50ms, 250ms, 1s, 5s};
constexpr Duration kAnnounceAgainAfter = 1s;

constexpr Duration kFirstRetry = 100ms;
constexpr Duration kLastRetry = 10s;

Duration backoff(std::uint8_t failures) { return std::min(kFirstRetry * (1 << std::min<int>(failures, 10)), kLastRetry); }

std::span<const Duration> timesOf(const AnnouncementPlan& plan) {
  return plan.times == 0 ? std::span<const Duration>(kAnnouncements)
                         : std::span(plan.at).first(std::min<std::size_t>(plan.times, plan.at.size()));
}

}  // namespace

void Holding::hold(Outbox& out) {
  silence();
  wanted_ = Wanted::Held;
  confirmed_ = false;
  announced_ = false;
  failures_ = 0;
  ask(out);
}

void Holding::release(Outbox& out) {
  silence();
  const bool any = held_ || asked_ || wanted_ == Wanted::Held;
  wanted_ = Wanted::Released;
  failures_ = 0;
  if (any) ask(out);
}

void Holding::disown() {
  silence();
  wanted_ = Wanted::Whatever;
}

void Holding::unmute(Outbox& out) {
  if (!muted_) return;
  muted_ = false;
  announceAnew(out);
}

void Holding::handleActuated(const Actuated& result, Outbox& out) {
  const bool recovered = error_ != 0 && result.error == 0;
  asked_ = false;
  confirmed_ = true;
  held_ = result.held;
  error_ = result.error;
  if (!held_) announceAt_ = refreshAt_ = kNever;
  if (wanted_ == Wanted::Whatever) return;

  const bool wantHeld = wanted_ == Wanted::Held;
  if (mayAnnounce() && (!announced_ || recovered)) announce(out);
  if (held_ == wantHeld && error_ == 0) {
    failures_ = 0;
    retryAt_ = kNever;
    return;
  }
  // It failed, or was undone by somebody; or this answers an earlier request, and the next answer calls the retry off.
  retryAt_ = out.now + backoff(failures_);
  if (failures_ < UINT8_MAX) ++failures_;
}

void Holding::handleTimeout(Outbox& out) {
  const AnnouncementPlan& plan = out.config.announcements;
  if (out.now >= retryAt_) {
    retryAt_ = kNever;
    ask(out);
  }
  if (out.now >= refreshAt_) {
    refreshAt_ = plan.refresh > 0ns ? out.now + plan.refresh : kNever;
    out.announceAddresses(plan.refreshCopies);
  }
  if (out.now < announceAt_) return;
  out.announceAddresses(plan.copies);
  const auto times = timesOf(plan);
  do {  // of those that are overdue together one is enough
    ++repeat_;
  } while (repeat_ < times.size() && announcedAt_ + times[repeat_] <= out.now);
  announceAt_ = repeat_ < times.size() ? announcedAt_ + times[repeat_] : kNever;
}

void Holding::announceAgain(Outbox& out) {
  if (out.now >= announcedAt_ + kAnnounceAgainAfter) announceAnew(out);
}

void Holding::announceAnew(Outbox& out) {
  if (mayAnnounce()) announce(out);
}

void Holding::announceOnce(Outbox& out) {
  if (mayAnnounce()) out.announceAddresses(1);
}

void Holding::ask(Outbox& out) {
  if (wanted_ == Wanted::Held) {
    if (!held_) announced_ = false;
    asked_ = true;
    out.holdAddresses();
  } else {
    out.releaseAddresses();
  }
}

/// Begins the series. Its first time is usually 0: at once.
void Holding::announce(Outbox& out) {
  const AnnouncementPlan& plan = out.config.announcements;
  announced_ = true;
  announcedAt_ = out.now;
  repeat_ = 0;
  announceAt_ = out.now + timesOf(plan).front();
  refreshAt_ = plan.refresh > 0ns ? out.now + plan.refresh : kNever;
  if (announceAt_ <= out.now) handleTimeout(out);
}

void Holding::silence() { announceAt_ = refreshAt_ = retryAt_ = kNever; }

}  // namespace aloft::vrrp
