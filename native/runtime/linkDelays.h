#pragma once
// How long a link must be up or down before the election hears of it: a carrier that bounces must not move addresses to and fro. Pure.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vrrp/engine.h"

namespace aloft::runtime {

struct LinkDelay {
  std::string interface;
  std::chrono::nanoseconds down{};
  std::chrono::nanoseconds up{};
};

class LinkDelays {
 public:
  /// Counts for changes that wait already, too.
  void configure(const std::vector<LinkDelay>& delays);

  /// Puts what counts at `now` in the place of each link's `up`. The first state of a link, and its first coming up, count at once. A link
  /// that is not among `states` is forgotten: one that comes back under its index is another one.
  void settle(std::map<std::uint32_t, vrrp::LinkState>& states, std::chrono::nanoseconds now);

  /// When settle() has something new to say although the links stay as they are; max() when never.
  std::chrono::nanoseconds nextChange() const { return nextChange_; }

 private:
  struct Seen {
    bool up = false;                                ///< what counts
    bool everUp = false;                            ///< it has counted as up
    std::optional<std::chrono::nanoseconds> since;  ///< when it became otherwise
  };

  std::chrono::nanoseconds delayOf(const vrrp::LinkState& link, const Seen& seen) const;

  std::map<std::string, LinkDelay, std::less<>> delays_;
  std::map<std::uint32_t, Seen> seen_;
  std::chrono::nanoseconds nextChange_ = std::chrono::nanoseconds::max();
};

}  // namespace aloft::runtime
