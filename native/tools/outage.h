#pragma once
// When an address did not answer. Pure.

#include <cstdint>
#include <optional>

#include "tools/time.h"

namespace aloft::tools {

struct Outage {
  Nanoseconds fromNs = 0;  ///< sending of the last answered probe before; of the first probe at all when openStart
  Nanoseconds toNs = 0;    ///< sending of the first answered probe after; of the last probe at all when openEnd
  std::uint64_t lost = 0;
  bool openStart = false;
  bool openEnd = false;

  Nanoseconds duration() const { return toNs - fromNs; }
  friend bool operator==(const Outage&, const Outage&) = default;
};

class OutageDetector {
 public:
  /// Outages shorter than `threshold` are not reported.
  explicit OutageDetector(Nanoseconds threshold) : threshold_(threshold) {}

  /// The fate of the next probe, in the order of sending. An outage that this answer ends.
  std::optional<Outage> add(Nanoseconds sentNs, bool answered);
  /// After the last probe: the outage that goes on.
  std::optional<Outage> finish();

 private:
  std::optional<Outage> close(Nanoseconds toNs, bool openEnd);

  Nanoseconds threshold_;
  Nanoseconds fromNs_ = -1;  // sending of the last answered probe, or of the first one
  Nanoseconds lastNs_ = 0;
  std::uint64_t lost_ = 0;
  bool anyAnswer_ = false;
};

}  // namespace aloft::tools
