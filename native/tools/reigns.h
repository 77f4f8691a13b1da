#pragma once
// Who spoke for something, from when to when: of a virtual router's adverts, of an address's announcements. Pure.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "tools/time.h"

namespace aloft::tools {

/// A stretch in which one sender and no other was heard.
template <class Who>
struct Reign {
  Who who{};
  Nanoseconds firstNs = 0;
  Nanoseconds lastNs = 0;
  std::uint64_t count = 0;
  std::vector<std::uint32_t> gapsUs;  ///< between neighbours, in their order
};

template <class Who>
class Reigns {
 public:
  /// Two senders that take turns make a new reign each time: the latest so many are kept.
  static constexpr std::size_t kKept = 32;

  /// In the order of time.
  void hear(const Who& who, Nanoseconds atNs) {
    if (kept_.empty() || !(kept_.back().who == who)) {
      if (!kept_.empty()) ++changes_;
      if (kept_.size() == kKept) kept_.pop_front();
      kept_.push_back({who, atNs, atNs, 1, {}});
      return;
    }
    Reign<Who>& current = kept_.back();
    current.gapsUs.push_back(static_cast<std::uint32_t>((atNs - current.lastNs) / kMicrosecond));
    current.lastNs = atNs;
    ++current.count;
  }

  const std::deque<Reign<Who>>& kept() const { return kept_; }
  /// From one sender to another, also those that are not kept.
  std::uint64_t changes() const { return changes_; }

 private:
  std::deque<Reign<Who>> kept_;
  std::uint64_t changes_ = 0;
};

/// The value at quantile `q` (0 to 1) by nearest rank; 0 for no values.
std::uint32_t quantile(std::vector<std::uint32_t> values, double q);

}  // namespace aloft::tools
