#include "runtime/gateSlots.h"

namespace aloft::runtime {

std::uint32_t GateSlots::slotOf(vrrp::RouterId router, Generation generation) {
  const auto known = slots_.find(router);
  if (known != slots_.end()) {
    known->second.last = generation;
    return known->second.slot;
  }
  if (free_.empty() && next_ == kernel::Gate::kSlots) return kNoSlot;
  std::uint32_t slot = next_;
  if (free_.empty()) {
    ++next_;
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  slots_[router] = {slot, generation};
  return slot;
}

}  // namespace aloft::runtime
