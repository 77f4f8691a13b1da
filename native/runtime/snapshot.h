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

namespace aloft::runtime {

/// Somebody else who has, or claims, what is ours.
struct Sighting {
  wire::IpAddress address;
  std::int64_t atMs = 0;  ///< wall clock, since the epoch
};

struct RouterSnapshot {
  RouterRecord record;
  std::string key;
  std::vector<wire::IpPrefix> addressesHeld;
  std::int64_t changedAtMs = 0;           ///< wall clock, since the epoch
  std::optional<double> deadlineMs;       ///< from the moment of the snapshot
  std::optional<Sighting> conflict;       ///< within the last minute, by record.conflictMac
  std::optional<Sighting> foreignRouter;  ///< within the last minute, for record.foreignReason
  std::string message;                    ///< why it is in FAULT or lacks an address; empty when all is well
};

struct UnknownRouterSnapshot {
  UnknownRouter router;
  std::string interface;
  std::int64_t atMs = 0;
};

struct GateStatus {
  bool active = false;  ///< the kernel has taken its programs
  std::string message;  ///< why not, or on which link they do not stand; empty when all is well
};

struct Snapshot {
  std::vector<RouterSnapshot> routers;
  std::vector<kernel::Link> links;  ///< with those of their addresses that are not ours and not tentative
  std::array<std::uint64_t, wire::kDiscardReasons> discarded{};
  LatenessHistogram::Reading lateness;
  RealTime realTime;
  GateStatus gate;
  std::vector<UnknownRouterSnapshot> unknownRouters;
  std::uint64_t eventsLost = 0;
};

/// What happened, for the caller.
struct CoreEvent {
  enum class Kind : std::uint8_t { StateChanged, Notice, OperationFailed, GateRestored, LinksChanged, Resync };
  Kind kind{};
  std::string key{};
  EventRecord change{};     // StateChanged, Notice
  std::string operation{};  // OperationFailed …
  int error = 0;
  std::string message{};
  std::string interface{};       // GateRestored
  std::int64_t changedAtMs = 0;  ///< wall clock, since the epoch
};

/// The parts of a router's snapshot that its record tells alone.
RouterSnapshot toSnapshot(const RouterRecord& record, vrrp::TimePoint now);

/// A time of the engine as people know it. The two clocks drift apart when the wall clock is set: convert late, store never.
std::int64_t toWallMs(vrrp::TimePoint time);

}  // namespace aloft::runtime
