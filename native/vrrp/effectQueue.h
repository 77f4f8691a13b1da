#pragma once
// The effects of one input, waiting to be polled.

#include <cassert>
#include <cstddef>
#include <span>
#include <vector>

#include "vrrp/effect.h"

namespace aloft::vrrp {

/// More than one input causes per virtual router. The worst is a link that comes back under a new index, with a late MASTER that owns the
/// addresses: SetGate, StateChanged; SetGate, ReleaseAddresses, StateChanged; SetGate, SendAdvert, HoldAddresses, StateChanged.
inline constexpr std::size_t kEffectsPerRouter = 16;

/// A queue of fixed capacity. It is drained after each input, so it only ever fills up from its beginning.
class EffectQueue {
 public:
  explicit EffectQueue(std::size_t routers) : slots_(routers * kEffectsPerRouter) {}

  void push(const Effect& effect) {
    assert(end_ < slots_.size() && "effects were not drained after an input");
    if (end_ < slots_.size()) slots_[end_++] = effect;
  }

  bool pop(Effect& effect) {
    if (next_ == end_) return false;
    effect = slots_[next_++];
    if (next_ == end_) next_ = end_ = 0;
    return true;
  }

  template <typename Action>
  void forEachMemory(const Action& action) const {
    action(std::as_bytes(std::span(slots_)));
  }

 private:
  std::vector<Effect> slots_;
  std::size_t next_ = 0;
  std::size_t end_ = 0;
};

}  // namespace aloft::vrrp
