#pragma once
// The vrrp thread's side of the gate: opens and shuts slots, and sees who else claims their addresses. Two stores a router and advert, a
// look at a cache line a router now and then; no system call.

#include <array>
#include <cstdint>
#include <memory>

#include "kernel/gate.h"
#include "vrrp/engine.h"

namespace aloft::runtime {

/// Of a virtual router that the gate does not concern.
inline constexpr std::uint32_t kNoSlot = UINT32_MAX;

class GateKeeper {
 public:
  /// `gate` is null when there is none; then nothing here does anything.
  explicit GateKeeper(kernel::Gate* gate);

  bool active() const { return gate_ != nullptr; }
  /// Effect::SetGate. To be called before the advert or the release that it belongs to leaves.
  void set(const vrrp::Effect& effect, vrrp::TimePoint now);
  /// Effect::ProbeAddresses: from now on claims of the addresses matter, although the slot is shut.
  void probe(const vrrp::Effect& effect, vrrp::TimePoint now);

  /// Calls `conflict(ConflictSeen)` for each watched slot with a claim that was not told yet. At most every kLookInterval.
  template <class OnConflict>
  void look(vrrp::TimePoint now, const OnConflict& conflict) {
    if (watched_ == 0 || now - lookedAt_ < kLookInterval) return;
    lookedAt_ = now;
    for (std::size_t i = 0; i < watched_; ++i) {
      vrrp::ConflictSeen seen;
      if (newClaim(list_[i], seen)) conflict(seen);
    }
  }
  /// When look() should be called at the latest; TimePoint::max() when nothing is watched.
  vrrp::TimePoint nextLook() const;

 private:
  /// How soon a claim is seen while adverts keep the thread busy, and when nothing else wakes it.
  static constexpr vrrp::Duration kLookInterval = std::chrono::milliseconds(5);
  static constexpr vrrp::Duration kPatience = std::chrono::seconds(1);
  /// While answers to a probe are awaited.
  static constexpr vrrp::Duration kProbePatience = std::chrono::milliseconds(10);
  static constexpr vrrp::Duration kProbeTime = std::chrono::seconds(1);

  static constexpr std::uint32_t kUnwatched = UINT32_MAX;
  struct Watch {
    vrrp::RouterId router = 0;
    std::uint32_t position = kUnwatched;  ///< in list_
    std::uint64_t since = 0;              ///< claims up to this moment are told, or of no interest
  };

  void watch(std::uint32_t slot, vrrp::RouterId router, vrrp::TimePoint now);
  void unwatch(std::uint32_t slot);
  bool newClaim(std::uint32_t slot, vrrp::ConflictSeen& seen);

  kernel::Gate* gate_;
  std::array<Watch, kernel::Gate::kSlots> slots_{};
  std::array<std::uint32_t, kernel::Gate::kSlots> list_{};  ///< the watched slots
  std::size_t watched_ = 0;
  vrrp::TimePoint lookedAt_{};
  vrrp::TimePoint probingUntil_{};
};

}  // namespace aloft::runtime
