#pragma once
// What the checks of the node said last, those that nobody tracks included: a later configuration may track them.

#include <cstdint>
#include <vector>

#include "vrrp/engine.h"

namespace aloft::vrrp {

/// Room for kMaxChecks, allocated once. Open addressing over the number of the check; nothing is ever taken out but by keepOnly().
class CheckTable {
 public:
  CheckTable() : entries_(2 * kMaxChecks) {}

  /// Null when nobody has reported it yet.
  const CheckState* find(CheckId check) const;
  /// Adds the state or replaces the check's former one. Returns false when the table is full.
  bool store(const CheckState& state);

  /// Forgets all checks for which `isWanted` is false, to make room.
  template <typename Predicate>
  void keepOnly(const Predicate& isWanted) {
    for (Entry& entry : entries_) {
      if (entry.used && !isWanted(entry.state.check)) entry.used = false, --count_;
    }
    arrangeAnew();
  }

 private:
  struct Entry {
    CheckState state;
    bool used = false;
  };
  std::size_t slotOf(CheckId check) const;
  void arrangeAnew();

  std::vector<Entry> entries_;  // a power of two, at most half full
  std::size_t count_ = 0;
};

}  // namespace aloft::vrrp
