#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "runtime/gateKeeper.h"
#include "runtime/messages.h"

namespace aloft::runtime {

/// Which slot of the gate is whose. Used by the caller's thread only.
class GateSlots {
 public:
  /// The slot of a virtual router that `generation` runs, the same in each; kNoSlot when there are no more.
  std::uint32_t slotOf(vrrp::RouterId router, Generation generation);

  /// Takes back the slots of virtual routers that neither `configured` nor a later generation runs, where `isUsed(slot)` says that no
  /// address is assigned to it any more. Calls `shut(slot)` for each: the next owner gets it as new.
  template <class IsUsed, class Shut>
  void recycle(Generation configured, const IsUsed& isUsed, const Shut& shut) {
    std::erase_if(slots_, [&](const auto& entry) {
      const auto [slot, last] = entry.second;
      if (last >= configured || isUsed(slot)) return false;
      shut(slot);
      free_.push_back(slot);
      return true;
    });
  }

 private:
  struct Entry {
    std::uint32_t slot = 0;
    Generation last = 0;
  };
  std::unordered_map<vrrp::RouterId, Entry> slots_;
  std::vector<std::uint32_t> free_;
  std::uint32_t next_ = 0;  ///< the first one never given
};

}  // namespace aloft::runtime
