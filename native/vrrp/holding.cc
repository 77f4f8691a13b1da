#include "vrrp/holding.h"

#include <algorithm>
#include <array>

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

}  // namespace

void Holding::hold(Outbox& out) {
  silence();
  wanted_ = Wanted::Held;
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

void Holding::handleActuated(const Actuated& result, Outbox& out) {
  const bool recovered = error_ != 0 && result.error == 0;
  asked_ = false;
  held_ = result.held;
  error_ = result.error;
  if (!held_) announceAt_ = kNever;
  if (wanted_ == Wanted::Whatever) return;

  const bool wantHeld = wanted_ == Wanted::Held;
  if (wantHeld && held_ && (!announced_ || recovered)) announce(out);
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
  if (out.now >= retryAt_) {
    retryAt_ = kNever;
    ask(out);
  }
  if (out.now < announceAt_) return;
  out.announceAddresses();
  do {  // of those that are overdue together one is enough
    ++repeat_;
  } while (repeat_ < kAnnouncements.size() && announcedAt_ + kAnnouncements[repeat_] <= out.now);
  announceAt_ = repeat_ < kAnnouncements.size() ? announcedAt_ + kAnnouncements[repeat_] : kNever;
}

void Holding::announceAgain(Outbox& out) {
  if (out.now >= announcedAt_ + kAnnounceAgainAfter) announceAnew(out);
}

void Holding::announceAnew(Outbox& out) {
  if (wanted_ == Wanted::Held && held_) announce(out);
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

void Holding::announce(Outbox& out) {
  announced_ = true;
  announcedAt_ = out.now;
  repeat_ = 1;
  announceAt_ = out.now + kAnnouncements[repeat_];
  out.announceAddresses();
}

void Holding::silence() { announceAt_ = retryAt_ = kNever; }

}  // namespace aloft::vrrp
