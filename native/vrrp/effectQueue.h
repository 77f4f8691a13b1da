#pragma once
// The effects of one input, waiting to be polled.

#include <cassert>
#include <cstddef>
#include <vector>

#include "vrrp/effect.h"

namespace aloft::vrrp {

/// The most effects that one input causes per virtual router: a link that comes back under a new index, with a late MASTER that owns
/// the addresses (StateChanged; ReleaseAddresses, StateChanged; SendAdvert, HoldAddresses, StateChanged) leaves two to spare.
inline constexpr std::size_t kEffectsPerRouter = 8;

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

 private:
  std::vector<Effect> slots_;
  std::size_t next_ = 0;
  std::size_t end_ = 0;
};

}  // namespace aloft::vrrp
