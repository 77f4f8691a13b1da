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
  /// Effect::SetGate. To be called before the advert or the release that it belongs to leaves. More time for a slot that is open already is
  /// only noted: extend() grants it once the advert is out.
  void set(const vrrp::Effect& effect, vrrp::TimePoint now);
  bool hasExtensions() const { return extended_ > 0; }
  /// Grants what was noted, but where the gate has shut meanwhile: the process stood still, and the advert came too late. There it stays
  /// shut, and `runOut(router)` is called. `clock` is read after the adverts were sent.
  template <class OnRunOut>
  void extend(vrrp::TimePoint clock, const OnRunOut& runOut) {
    for (std::size_t i = 0; i < extended_; ++i) {
      if (grant(extensions_[i], clock) == Grant::TooLate) runOut(slots_[extensions_[i]].router);
    }
    extended_ = 0;
  }
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
  /// While an answer to a probe, or the successor's announcement, is awaited.
  static constexpr vrrp::Duration kAwaitPatience = std::chrono::milliseconds(10);
  static constexpr vrrp::Duration kAwaitTime = std::chrono::seconds(1);

  static constexpr std::uint32_t kUnwatched = UINT32_MAX;
  struct Watch {
    vrrp::RouterId router = 0;
    std::uint32_t position = kUnwatched;  ///< in list_
    std::uint64_t since = 0;              ///< claims up to this moment are told, or of no interest
    std::uint64_t answerUntil = 0;        ///< an extension that is noted; 0: none
    std::uint64_t acceptUntil = 0;
  };
  enum class Grant : std::uint8_t { Given, TooLate, CalledOff };

  void watch(std::uint32_t slot, vrrp::RouterId router, vrrp::TimePoint now);
  void unwatch(std::uint32_t slot);
  void await(std::uint32_t slot, vrrp::RouterId router, vrrp::TimePoint now);
  bool newClaim(std::uint32_t slot, vrrp::ConflictSeen& seen);
  Grant grant(std::uint32_t slot, vrrp::TimePoint clock);

  kernel::Gate* gate_;
  std::array<Watch, kernel::Gate::kSlots> slots_{};
  std::array<std::uint32_t, kernel::Gate::kSlots> list_{};  ///< the watched slots
  std::size_t watched_ = 0;
  std::array<std::uint32_t, kernel::Gate::kSlots> extensions_{};  ///< slots with an extension, or with one that was called off
  std::size_t extended_ = 0;
  vrrp::TimePoint lookedAt_{};
  vrrp::TimePoint awaitingUntil_{};
};

}  // namespace aloft::runtime
