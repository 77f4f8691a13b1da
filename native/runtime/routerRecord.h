#pragma once
// How the state of all virtual routers leaves the vrrp thread: it fills a buffer that the caller made and waits for.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "vrrp/engine.h"

namespace aloft::runtime {

/// vrrp::RouterStatus without what points into the engine.
struct RouterRecord {
  vrrp::RouterId id{};
  vrrp::State state{};
  vrrp::Reason reason{};
  std::uint8_t priority{};
  bool pseudoHeader = false;
  wire::IpAddress peer;
  vrrp::Duration interval{};
  vrrp::Duration silence{-1};
  vrrp::TimePoint changedAt{};
  std::uint32_t transitions = 0;
  vrrp::RouterCounters counters;
};

struct SnapshotBuffer {
  explicit SnapshotBuffer(std::size_t capacity) : routers(capacity) {}

  std::vector<RouterRecord> routers;  ///< as many as there was room for at most; `count` of them are filled
  std::size_t count = 0;
  std::array<std::uint64_t, wire::kDiscardReasons> discarded{};
  /// Set by the vrrp thread when all of the above is written.
  std::atomic<bool> filled{false};
};

/// Reads the engine; only by the thread that runs it. No allocation.
void fill(SnapshotBuffer& buffer, const vrrp::Engine& engine);

}  // namespace aloft::runtime
