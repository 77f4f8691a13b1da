#include "vrrp/checkTable.h"

namespace aloft::vrrp {
namespace {

// Numbers are given in turn: multiplied, neighbours do not fill up one stretch of the table when some of them go.
std::size_t hashOf(CheckId check) { return check * 2654435761u >> 7; }

}  // namespace

/// Where the check stands, or would.
std::size_t CheckTable::slotOf(CheckId check) const {
  const std::size_t mask = entries_.size() - 1;
  std::size_t at = hashOf(check) & mask;
  while (entries_[at].used && entries_[at].state.check != check) at = (at + 1) & mask;
  return at;
}

const CheckState* CheckTable::find(CheckId check) const {
  const Entry& entry = entries_[slotOf(check)];
  return entry.used ? &entry.state : nullptr;
}

bool CheckTable::store(const CheckState& state) {
  Entry& entry = entries_[slotOf(state.check)];
  if (!entry.used && count_ == kMaxChecks) return false;
  if (!entry.used) ++count_;
  entry = {state, true};
  return true;
}

/// After removals: an entry behind a gap would not be found any more. Each is taken out and put where it is looked for, until all stay.
void CheckTable::arrangeAnew() {
  for (bool moved = true; moved;) {
    moved = false;
    for (Entry& entry : entries_) {
      if (!entry.used) continue;
      const CheckState state = entry.state;
      entry.used = false;
      Entry& place = entries_[slotOf(state.check)];
      moved = moved || &place != &entry;
      place = {state, true};
    }
  }
}

}  // namespace aloft::vrrp
