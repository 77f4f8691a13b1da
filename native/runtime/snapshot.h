#pragma once
// What people and programs may know of a running core, with names instead of numbers. Made on the caller's thread.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernel/linkTable.h"
#include "runtime/latenessHistogram.h"
#include "runtime/routerRecord.h"
#include "runtime/vrrpThread.h"
#include "vrrp/configuration.h"

namespace aloft::runtime {

struct RouterSnapshot {
  RouterRecord record;
  std::string key;
  std::vector<wire::IpPrefix> addressesHeld;
  std::int64_t changedAtMs = 0;  ///< wall clock, since the epoch
  std::string message;           ///< why it is in FAULT or lacks an address; empty when all is well
};

struct Snapshot {
  std::vector<RouterSnapshot> routers;
  std::vector<kernel::Link> links;  ///< with those of their addresses that are not ours and not tentative
  std::array<std::uint64_t, wire::kDiscardReasons> discarded{};
  LatenessHistogram::Reading lateness;
  RealTime realTime;
  std::uint64_t eventsLost = 0;
};

/// What happened, for the caller.
struct CoreEvent {
  enum class Kind : std::uint8_t { StateChanged, OperationFailed, LinksChanged, Resync };
  Kind kind{};
  std::string key{};
  EventRecord change{};     // StateChanged
  std::string operation{};  // OperationFailed …
  int error = 0;
  std::string message{};
  std::int64_t changedAtMs = 0;  ///< wall clock, since the epoch
};

/// Why a virtual router in FAULT is there, in a sentence; empty in other states.
std::string faultMessage(const RouterRecord& record, const vrrp::RouterConfig& config);

/// A time of the engine as people know it. The two clocks drift apart when the wall clock is set: convert late, store never.
std::int64_t toWallMs(vrrp::TimePoint time);

}  // namespace aloft::runtime
