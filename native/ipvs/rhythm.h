#pragma once
// When to look at the kernel's table, which tells of no change by itself. Time is an argument.

#include <chrono>

namespace aloft::ipvs {

/// Since boot.
using Time = std::chrono::nanoseconds;

/// Until the next glance, after one that took `cost` of a core: as often as 1 % of a core allows, at least twice a second where that is
/// little; so soon that what somebody changed is right again within a second, dump and all, unless that would take more than 10 % of a core.
Time untilGlance(Time cost);
/// The same of complete dumps, which are the second part of each repair: within a minute, unless that would take more than 1 % of a core.
Time untilDump(Time cost);

class Rhythm {
 public:
  /// A kernel without IPVS may get it: its module is loaded, or its node is set up.
  static constexpr std::chrono::seconds kBlind{5};

  bool dumpDue(Time now) const { return now >= dumpAt_; }
  bool glanceDue(Time now) const { return now >= glanceAt_; }
  Time dumpAt() const { return dumpAt_; }
  Time glanceAt() const { return glanceAt_; }

  void dumped(Time cost, Time now);
  void dumpAtOnce(Time now) { dumpAt_ = now; }
  void blind(Time now) { dumpAt_ = now + kBlind; }
  /// The kernel refused something: it is tried again, from a second on less and less often.
  void refused(Time now);
  void accepted() { retry_ = kFirstRetry; }

  /// A glance showed what was expected, or something else: then a dump is due at once, or later where dumps did not bear such alarms out.
  void glanced(bool asExpected, Time cost, Time now);
  /// The dump found what had to be set right: the next alarm does not wait, however soon it comes.
  void foundChanges() { alarm_ = Time::zero(); }

 private:
  static constexpr std::chrono::milliseconds kFirstAlarm{100};
  static constexpr std::chrono::seconds kFirstRetry{1};
  static constexpr std::chrono::seconds kLastRetry{32};

  Time dumpAt_{};
  Time glanceAt_{};
  Time glanceCost_{};
  Time retry_ = kFirstRetry;
  Time alarm_{};         ///< how long an alarm waits now
  bool alarmed_ = false;  ///< since the last dump
};

}  // namespace aloft::ipvs
