#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "os/result.h"
#include "os/wakeup.h"
#include "runtime/messages.h"
#include "runtime/spscRing.h"

namespace aloft::runtime {

/// All that the caller's thread, the vrrp thread and the actuator share. See messages.h for who writes what.
struct Channels {
  Channels(os::Wakeup vrrp, os::Wakeup actuator, os::Wakeup snapshot)
      : vrrpWake(std::move(vrrp)), actuatorWake(std::move(actuator)), snapshotWake(std::move(snapshot)) {}
  /// Frees what was never taken out. Both threads have ended.
  ~Channels();
  static os::Result<std::unique_ptr<Channels>> open();

  SpscRing<Command> commands{64};
  SpscRing<Order> orders{1 << 14};
  SpscRing<Report> reports{1 << 12};
  SpscRing<EventRecord> events{1 << 12};

  os::Wakeup vrrpWake;
  os::Wakeup actuatorWake;
  os::Wakeup snapshotWake;

  /// The events of all generations up to this one's configuration are in the ring.
  std::atomic<Generation> configured{0};
  /// Set by the vrrp thread after pushing events; whoever clears it tells the caller.
  std::atomic<bool> eventsPending{false};
  std::atomic<std::uint64_t> eventsLost{0};
};

}  // namespace aloft::runtime
