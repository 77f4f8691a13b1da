#include "tools/outage.h"

namespace aloft::tools {

std::optional<Outage> OutageDetector::close(Nanoseconds toNs, bool openEnd) {
  const Outage outage{fromNs_, toNs, lost_, !anyAnswer_, openEnd};
  return lost_ > 0 && outage.duration() >= threshold_ ? std::optional(outage) : std::nullopt;
}

std::optional<Outage> OutageDetector::add(Nanoseconds sentNs, bool answered) {
  lastNs_ = sentNs;
  if (fromNs_ < 0) fromNs_ = sentNs;
  if (!answered) {
    ++lost_;
    return std::nullopt;
  }
  const std::optional<Outage> ended = close(sentNs, false);
  fromNs_ = sentNs;
  lost_ = 0;
  anyAnswer_ = true;
  return ended;
}

std::optional<Outage> OutageDetector::finish() { return close(lastNs_, true); }

}  // namespace aloft::tools
