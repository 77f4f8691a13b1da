#pragma once
// Probes that were sent and may still be answered. Pure.

#include <array>
#include <cstdint>
#include <deque>

#include "tools/time.h"
#include "wire/ipAddress.h"

namespace aloft::tools {

/// The distinct MAC addresses that answered one question; more than four are not told apart.
class MacSet {
 public:
  void add(const wire::MacAddress& mac);
  std::size_t size() const { return size_; }
  const wire::MacAddress* begin() const { return macs_.data(); }
  const wire::MacAddress* end() const { return macs_.data() + size_; }
  friend bool operator==(const MacSet&, const MacSet&) = default;

 private:
  std::array<wire::MacAddress, 4> macs_{};  // sorted; zero behind size_
  std::size_t size_ = 0;
};

struct Probe {
  Nanoseconds sentNs = 0;
  Nanoseconds answeredNs = -1;  ///< of the first answer; negative when there was none in time
  MacSet macs;                  ///< who answered; empty for an echo

  bool answered() const { return answeredNs >= 0; }
};

class ProbeWindow {
 public:
  explicit ProbeWindow(Nanoseconds timeout) : timeout_(timeout) {}

  /// The number of the next probe.
  std::uint64_t nextSequence() const { return first_ + pending_.size(); }
  void send(Nanoseconds nowNs) { pending_.push_back(Probe{nowNs, -1, {}}); }
  /// An answer received at `atNs`. False when it comes too late or belongs to no probe that was sent.
  bool answer(std::uint64_t sequence, Nanoseconds atNs, const wire::MacAddress* mac = nullptr);
  /// Takes the oldest probe if its fate is sealed: its time has run out by `nowNs`. Every answer received by then must have been given.
  bool takeDecided(Nanoseconds nowNs, Probe& probe);

 private:
  Nanoseconds timeout_;
  std::uint64_t first_ = 0;  // sequence of pending_.front()
  std::deque<Probe> pending_;
};

}  // namespace aloft::tools
