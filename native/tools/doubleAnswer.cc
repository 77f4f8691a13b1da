#include "tools/doubleAnswer.h"

#include <algorithm>
#include <utility>

namespace aloft::tools {

std::optional<DoubleAnswer> DoubleAnswerDetector::add(const Probe& question) {
  if (current_) current_->toNs = question.sentNs;
  if (question.macs.size() < 2) return std::exchange(current_, std::nullopt);
  if (!current_) current_ = DoubleAnswer{question.sentNs, question.sentNs, 0, {}};
  ++current_->questions;
  for (const wire::MacAddress& mac : question.macs) current_->macs.add(mac);
  return std::nullopt;
}

std::optional<DoubleAnswer> DoubleAnswerDetector::finish() { return std::exchange(current_, std::nullopt); }

bool OwnerHistory::add(const Probe& question) {
  for (const wire::MacAddress& mac : question.macs) {
    auto tally = std::find_if(tallies_.begin(), tallies_.end(), [&](const MacTally& known) { return known.mac == mac; });
    if (tally == tallies_.end()) tally = tallies_.insert(tally, MacTally{mac, 0, question.sentNs, 0});
    ++tally->answers;
    tally->lastNs = question.sentNs;
  }
  return std::exchange(last_, question.macs) != question.macs;
}

}  // namespace aloft::tools
