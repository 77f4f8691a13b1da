#include "runtime/gateKeeper.h"

#include <algorithm>
#include <utility>

namespace aloft::runtime {
namespace {

/// As the kernel's program reads it: 0 is shut, the greatest number open for ever.
std::uint64_t toKernelTime(vrrp::TimePoint time) {
  if (time == vrrp::TimePoint::max()) return UINT64_MAX;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(time.time_since_epoch().count(), 0));
}

}  // namespace

GateKeeper::GateKeeper(kernel::Gate* gate) : gate_(gate) {}

void GateKeeper::set(const vrrp::Effect& effect, vrrp::TimePoint now) {
  if (gate_ == nullptr || effect.slot >= slots_.size()) return;
  kernel::GateSlot& slot = gate_->slot(effect.slot);
  Watch& state = slots_[effect.slot];
  const std::uint64_t answerUntil = toKernelTime(effect.answerUntil);
  const std::uint64_t former = slot.answerUntil.load(std::memory_order_relaxed);
  const bool extends = answerUntil != 0 && former != 0 && former != UINT64_MAX;
  if (extends && (state.answerUntil != 0 || extended_ < extensions_.size())) {
    if (state.answerUntil == 0) extensions_[extended_++] = effect.slot;
    state.answerUntil = answerUntil;
    state.acceptUntil = toKernelTime(effect.acceptUntil);
    return;
  }
  state.answerUntil = 0;
  // Release: no advert that follows may be on the wire before the kernel's program can see what it stands for.
  slot.acceptUntil.store(toKernelTime(effect.acceptUntil), std::memory_order_release);
  slot.answerUntil.store(answerUntil, std::memory_order_release);
  if (effect.awaitsClaim) {
    await(effect.slot, effect.router, now);
    if (former != 0) state.since = toKernelTime(now);
  } else if (answerUntil == 0) {
    unwatch(effect.slot);
  } else if (state.position == kUnwatched) {
    watch(effect.slot, effect.router, now);
  }
}

GateKeeper::Grant GateKeeper::grant(std::uint32_t index, vrrp::TimePoint clock) {
  Watch& state = slots_[index];
  const std::uint64_t answerUntil = std::exchange(state.answerUntil, 0);
  if (answerUntil == 0) return Grant::CalledOff;
  kernel::GateSlot& slot = gate_->slot(index);
  if (slot.answerUntil.load(std::memory_order_relaxed) <= toKernelTime(clock)) return Grant::TooLate;
  slot.acceptUntil.store(state.acceptUntil, std::memory_order_release);
  slot.answerUntil.store(answerUntil, std::memory_order_release);
  return Grant::Given;
}

void GateKeeper::probe(const vrrp::Effect& effect, vrrp::TimePoint now) {
  if (gate_ == nullptr || effect.slot >= slots_.size()) return;
  await(effect.slot, effect.router, now);
}

void GateKeeper::await(std::uint32_t slot, vrrp::RouterId router, vrrp::TimePoint now) {
  if (slots_[slot].position == kUnwatched) watch(slot, router, now);
  awaitingUntil_ = now + kAwaitTime;
}

vrrp::TimePoint GateKeeper::nextLook() const {
  if (watched_ == 0) return vrrp::TimePoint::max();
  return lookedAt_ + (lookedAt_ < awaitingUntil_ ? kAwaitPatience : kPatience);
}

void GateKeeper::watch(std::uint32_t slot, vrrp::RouterId router, vrrp::TimePoint now) {
  slots_[slot].router = router;
  slots_[slot].position = static_cast<std::uint32_t>(watched_);
  slots_[slot].since = toKernelTime(now);
  list_[watched_++] = slot;
}

void GateKeeper::unwatch(std::uint32_t slot) {
  const std::uint32_t position = slots_[slot].position;
  if (position == kUnwatched) return;
  slots_[slot].position = kUnwatched;
  const std::uint32_t last = list_[--watched_];
  if (last == slot) return;
  list_[position] = last;
  slots_[last].position = position;
}

bool GateKeeper::newClaim(std::uint32_t slot, vrrp::ConflictSeen& seen) {
  Watch& watch = slots_[slot];
  if (gate_->slot(slot).conflictAt.load(std::memory_order_acquire) <= watch.since) return false;
  const auto conflict = gate_->slot(slot).conflict();
  if (!conflict || conflict->at <= watch.since) return false;
  watch.since = conflict->at;
  seen.router = watch.router;
  seen.address = conflict->address;
  seen.mac = conflict->mac;
  seen.at = vrrp::TimePoint(vrrp::Duration(static_cast<std::int64_t>(conflict->at)));
  return true;
}

}  // namespace aloft::runtime
