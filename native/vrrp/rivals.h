#pragma once
// Until when the gate of another MASTER may be open, should it not be there any more to shut it.

#include <algorithm>

#include "vrrp/time.h"
#include "wire/ipAddress.h"

namespace aloft::vrrp {

class Rivals {
 public:
  /// One that has not been heard yet.
  void suspect(TimePoint until) { othersUntil_ = std::max(othersUntil_, until); }
  void heard(const wire::IpAddress& rival, TimePoint until) {
    if (rival != last_) {
      othersUntil_ = std::max(othersUntil_, lastUntil_);
      last_ = rival;
    }
    lastUntil_ = until;
  }
  /// Who resigns has shut its gate before. Of others it says nothing.
  void resigned(const wire::IpAddress& rival, TimePoint now) {
    if (rival == last_) lastUntil_ = now;
  }

  /// Nobody else answers from then on.
  TimePoint until() const { return std::max(lastUntil_, othersUntil_); }
  /// Nobody but the one that was heard last.
  TimePoint othersUntil() const { return othersUntil_; }

 private:
  wire::IpAddress last_;
  TimePoint lastUntil_{};
  TimePoint othersUntil_{};
};

}  // namespace aloft::vrrp
