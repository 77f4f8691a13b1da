#pragma once
// How the state of all virtual routers leaves the vrrp thread: it fills a buffer that the caller made and waits for.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/unknownRouters.h"
#include "vrrp/engine.h"

namespace aloft::runtime {

/// vrrp::RouterStatus without what points into the engine.
struct RouterRecord {
  vrrp::RouterId id{};
  vrrp::State state{};
  vrrp::Reason reason{};
  std::uint8_t priority{};
  std::uint8_t basePriority{};
  bool pseudoHeader = false;
  wire::IpAddress peer;
  vrrp::Duration interval{};
  vrrp::Duration silence{-1};
  vrrp::TimePoint changedAt{};
  vrrp::TimePoint deadline = vrrp::TimePoint::max();
  wire::IpAddress conflictAddress;  ///< unspecified when nobody else was seen to claim one
  wire::MacAddress conflictMac{};
  vrrp::TimePoint conflictAt{};
  wire::IpAddress foreignRouter;  ///< unspecified when none was heard
  wire::Discard foreignReason{};
  vrrp::TimePoint foreignAt{};
  std::uint32_t transitions = 0;
  vrrp::RouterCounters counters;
};

struct SnapshotBuffer {
  explicit SnapshotBuffer(std::size_t capacity) : routers(capacity) {}

  std::vector<RouterRecord> routers;  ///< as many as there was room for at most; `count` of them are filled
  std::size_t count = 0;
  std::array<std::uint64_t, wire::kDiscardReasons> discarded{};
  std::array<UnknownRouter, UnknownRouters::kMax> unknownRouters{};  ///< the first `unknownCount`
  std::size_t unknownCount = 0;
  /// Set by the vrrp thread when all of the above is written.
  std::atomic<bool> filled{false};
};

/// Reads the engine's routers and counters; only by the thread that runs it. No allocation.
void fill(SnapshotBuffer& buffer, const vrrp::Engine& engine);

}  // namespace aloft::runtime
