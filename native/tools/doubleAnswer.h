#pragma once
// When more than one MAC address answered for one IP address, and who answered when. Pure.

#include <cstdint>
#include <optional>
#include <vector>

#include "tools/window.h"

namespace aloft::tools {

struct DoubleAnswer {
  Nanoseconds fromNs = 0;  ///< sending of the first question with two answers
  Nanoseconds toNs = 0;    ///< sending of the first later one without, or of the last question
  std::uint64_t questions = 0;
  MacSet macs;

  Nanoseconds duration() const { return toNs - fromNs; }
};

class DoubleAnswerDetector {
 public:
  /// The next question whose answers are all in. A double answer that it ends.
  std::optional<DoubleAnswer> add(const Probe& question);
  /// After the last question: the one that goes on.
  std::optional<DoubleAnswer> finish();

 private:
  std::optional<DoubleAnswer> current_;
};

/// What one MAC address answered.
struct MacTally {
  wire::MacAddress mac{};
  std::uint64_t answers = 0;
  Nanoseconds firstNs = 0;  ///< sending of the first question that it answered
  Nanoseconds lastNs = 0;
};

class OwnerHistory {
 public:
  /// Whether other MAC addresses answered than to the question before. The first question counts as a change.
  bool add(const Probe& question);
  const std::vector<MacTally>& tallies() const { return tallies_; }

 private:
  std::optional<MacSet> last_;
  std::vector<MacTally> tallies_;
};

}  // namespace aloft::tools
