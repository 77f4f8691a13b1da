#pragma once
// What the threads say to each other. All of it crosses in SpscRings, but for the configuration of the actuator, which has a lock: the
// vrrp thread never takes it.
//
//   caller ──Command──▶ vrrp thread ──Order──▶ actuator ──Report──▶ vrrp thread
//   caller ──Assignments──▶ actuator                vrrp thread ──EventRecord──▶ caller
//
// A pointer in a message owns what it points to; who takes the message out takes it over.

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "kernel/entries.h"
#include "os/fd.h"
#include "runtime/linkDelays.h"
#include "vrrp/engine.h"

namespace aloft::runtime {

/// Numbers the calls of apply(), from 1.
using Generation = std::uint64_t;

struct SnapshotBuffer;

/// One raw socket that the vrrp thread uses. The actuator opened it and will close it.
struct AdvertSocket {
  std::uint32_t ifindex = 0;
  wire::Family family{};
  int fd = -1;
};
/// All sockets, sorted by (ifindex, family).
using SocketTable = std::vector<AdvertSocket>;

/// Results of checks on their way to the engine; stays the caller's.
struct CheckBatch {
  explicit CheckBatch(std::vector<vrrp::CheckState> results) : states(std::move(results)) {}

  const std::vector<vrrp::CheckState> states;
  /// Set by the vrrp thread when it has read all of them.
  std::atomic<bool> taken{false};
};

/// Caller → vrrp thread.
struct Command {
  enum class Kind : std::uint8_t { Configure, Checks, Snapshot, Shutdown };
  Kind kind{};
  bool keepAddresses = false;          // Shutdown
  bool unknownRouters = false;         // Configure: whether to note adverts of unknown virtual routers
  vrrp::Duration patience{};           // Configure: how long to wait for Report::Ready of this generation
  Generation generation = 0;           // Configure
  vrrp::Table* table = nullptr;        // Configure
  CheckBatch* checks = nullptr;        // Configure: of all checks that it tracks, before it; Checks
  SnapshotBuffer* snapshot = nullptr;  // Snapshot; stays the caller's
};

/// vrrp thread → actuator.
struct Order {
  enum class Kind : std::uint8_t {
    Hold,
    Release,
    Reconcile,   ///< orders were lost; the state of all virtual routers follows
    Configured,  ///< `generation` runs; `table` is the former one and can be freed
    Discarded,   ///< `table` was never used: a newer one came before
    Retired,     ///< `sockets` is not used any more, nor are those sockets that are in no later table
    Finished,    ///< the last one: shut down
  };
  Kind kind{};
  bool keepAddresses = false;  // Finished
  vrrp::RouterId router = 0;   // Hold, Release
  Generation generation = 0;   // Configured
  vrrp::Table* table = nullptr;
  SocketTable* sockets = nullptr;
};

/// Actuator → vrrp thread.
struct Report {
  enum class Kind : std::uint8_t { Link, LinkRemoved, Source, Actuated, Sockets, Ready };
  Kind kind{};
  std::uint32_t ifindex = 0;  // LinkRemoved
  Generation generation = 0;  // Ready: sockets and links that this generation needs were reported
  vrrp::LinkState link{};
  vrrp::CheckState source{};  // Source: the one of sourceCheckOf()
  vrrp::Actuated actuated{};
  SocketTable* sockets = nullptr;
};

/// What the actuator must know of a virtual router.
struct Assignment {
  vrrp::RouterId router = 0;
  std::string interface;
  wire::Family family{};
  std::uint8_t virtualRouterId = 0;
  /// What stands while it is MASTER, each address with its interface: that of `virtualMacInterface` when there is one and the address names
  /// none itself.
  kernel::Entries entries;
  wire::IpAddress multicastGroup;              ///< unspecified: 224.0.0.18 or ff02::12
  bool unicast = false;                        ///< no group is joined
  std::uint8_t leastTtl = wire::kVrrpTtl;      ///< with which its adverts may arrive
  wire::IpAddress sourceAddress;               ///< of the adverts; unspecified: the link's primary or link-local address
  bool trackSource = false;                    ///< the engine wants to hear whether that one stands
  std::string virtualMacInterface;             ///< the macvlan on `interface` that is made for it; empty: none
  std::vector<std::string> trackedInterfaces;  ///< further links that the engine wants to hear of
  std::uint32_t gateSlot = 0;
  bool gated = false;  ///< the gate decides on its addresses: a dead-man switch, or conflicts to detect
};

/// All that the actuator is told by one apply().
struct Assignments {
  std::vector<Assignment> routers;
  kernel::Entries always;   ///< stands as long as the core runs
  bool keepAlways = false;  ///< and after its end, for the next one to adopt
  bool hearAll = false;     ///< the sockets hear virtual routers that nobody configured, too
  std::vector<LinkDelay> linkDelays = {};
};

/// A state change, or a notice, as it leaves the vrrp thread.
struct EventRecord {
  vrrp::RouterId router = 0;
  vrrp::State from{};
  vrrp::State to{};
  vrrp::Reason reason{};
  vrrp::Notice notice{};      ///< None: a state change
  wire::MacAddress mac{};     // a notice of AddressConflict
  std::uint8_t priority = 0;  // a notice of PriorityChanged
  wire::IpAddress peer;
  vrrp::Duration silence{-1};
  vrrp::TimePoint at{};
};

}  // namespace aloft::runtime
