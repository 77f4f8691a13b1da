#include "tools/window.h"

#include <algorithm>

namespace aloft::tools {

void MacSet::add(const wire::MacAddress& mac) {
  const auto end = macs_.begin() + static_cast<std::ptrdiff_t>(size_);
  if (size_ == macs_.size() || std::find(macs_.begin(), end, mac) != end) return;
  macs_[size_++] = mac;
  std::sort(macs_.begin(), macs_.begin() + static_cast<std::ptrdiff_t>(size_));
}

bool ProbeWindow::answer(std::uint64_t sequence, Nanoseconds atNs, const wire::MacAddress* mac) {
  if (sequence < first_ || sequence >= nextSequence()) return false;
  Probe& probe = pending_[sequence - first_];
  if (atNs - probe.sentNs > timeout_) return false;
  // The kernel's stamp is converted from another clock and may lie a little before the sending.
  if (!probe.answered()) probe.answeredNs = std::max(atNs, probe.sentNs);
  if (mac != nullptr) probe.macs.add(*mac);
  return true;
}

bool ProbeWindow::takeDecided(Nanoseconds nowNs, Probe& probe) {
  if (pending_.empty() || nowNs - pending_.front().sentNs <= timeout_) return false;
  probe = pending_.front();
  pending_.pop_front();
  ++first_;
  return true;
}

}  // namespace aloft::tools
