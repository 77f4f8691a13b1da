#pragma once
// When to look whether the gate still stands on the links where it was put. Pure.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace aloft::runtime {

class GateWatch {
 public:
  using Time = std::chrono::nanoseconds;  ///< CLOCK_MONOTONIC

  /// Notifications tell of filters, but not of programs of tcx: every link is looked at so often.
  static constexpr Time kLookInterval = std::chrono::seconds(1);
  /// Who removes a qdisc often adds it again at once. Were ours there by then he would fail, and might begin anew for ever.
  static constexpr Time kSettle = std::chrono::milliseconds(50);
  /// Whoever removes the gate again and again is answered no sooner than this.
  static constexpr Time kRestoreInterval = std::chrono::milliseconds(100);
  /// After a failure, if nothing happens before.
  static constexpr Time kRetryInterval = std::chrono::seconds(1);
  /// People are told of a link no more often.
  static constexpr Time kTellInterval = std::chrono::minutes(1);

  /// Of a link that is looked after already nothing changes.
  void add(std::uint32_t ifindex, Time now);
  void remove(std::uint32_t ifindex);
  void clear();

  /// Somebody was at the filters of a link; which may be any.
  void doubt(std::uint32_t ifindex, Time now);
  /// Notifications were lost.
  void doubtAll(Time now);

  /// Time::max() when there are no links.
  Time next() const { return agenda_.empty() ? Time::max() : agenda_.begin()->first; }
  struct Look {
    std::uint32_t ifindex = 0;
    bool whole = false;  ///< at filters too
  };
  /// A link that is due; nothing when none is. It is due again in the ordinary rhythm, unless one of the following is called.
  std::optional<Look> take(Time now);
  /// It had been removed. Whether people should be told.
  bool restored(std::uint32_t ifindex, Time now);
  void failed(std::uint32_t ifindex, Time now);

 private:
  static constexpr Time kLongAgo = -std::chrono::hours(1);
  struct Link {
    Time lookAt{};
    bool doubted = false;
    Time triedAt = kLongAgo;  ///< to restore it
    Time toldAt = kLongAgo;
  };
  void schedule(std::uint32_t ifindex, Link& link, Time at);

  std::map<std::uint32_t, Link> links_;
  std::set<std::pair<Time, std::uint32_t>> agenda_;  ///< each link once, by lookAt
};

}  // namespace aloft::runtime
