#pragma once
// The election core: all virtual routers of one node, without I/O, clock, thread or allocation.
//
// Methods come in four kinds, as in quinn-proto:
//   handle…()   inputs. Time is an argument and never runs backwards; equal times are fine.
//   poll…()     outputs. After every input drain pollEffect(), then arm a timer for nextDeadline().
//   configure() commands.
//   the rest    getters.
// Spurious calls of handleTimeout() do nothing. No input costs more than O(log n) in the number of virtual routers,
// but for links (O(routers on the link)), configure() and shutdown() (O(n)). Nothing allocates but prepare() and the constructor.
//
// A node's life: handleLink() for every link → configure() → handleActuated() for addresses that a predecessor left → inputs as they
// come → shutdown(). Links first, so that no virtual router starts in FAULT for a link that is there.
//
// To read on: virtualRouter.h has the rules of one virtual router, and says which file has which part of its state machine; holding.cc the
// addresses of a MASTER, timing.cc the arithmetic; engine.cc finds the right one and keeps the deadlines.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "vrrp/configuration.h"
#include "vrrp/effect.h"
#include "vrrp/idRegistry.h"
#include "vrrp/lanes.h"
#include "vrrp/time.h"
#include "wire/vrrp.h"

namespace aloft::vrrp {

/// How many links an engine remembers, those without virtual routers included. Further ones count as missing.
inline constexpr std::size_t kMaxLinks = 4096;

/// How many results of checks an engine remembers, those that nobody tracks included.
inline constexpr std::size_t kMaxChecks = 4096;

/// How long a hand-over waits for a successor at least; longer where the longest Skew_Time is longer, but never more than kHandOverLimit.
/// For that long again it waits for the successor to announce the addresses.
inline constexpr Duration kHandOverPatience = std::chrono::milliseconds(500);
inline constexpr Duration kHandOverLimit = std::chrono::milliseconds(1500);

/// A link as the kernel reports it now. Strings are fixed arrays: the value crosses threads without allocation.
struct LinkState {
  std::uint32_t index = 0;
  char name[16] = {};
  bool up = false;  ///< IFF_UP and IFF_RUNNING (carrier)
  wire::MacAddress mac{};
  wire::IpAddress primaryIPv4;    ///< first address that is not ours; unspecified when there is none
  wire::IpAddress linkLocalIPv6;  ///< neither tentative nor ours; unspecified when there is none
};

/// An advert as it came off a socket; `message` starts behind the IP header and is only read during the call.
struct ReceivedAdvert {
  std::uint32_t ifindex = 0;
  wire::IpAddress source;
  wire::IpAddress destination;
  std::uint8_t ttl = 0;
  std::span<const std::uint8_t> message;
};

/// The actuator's answer to HoldAddresses or ReleaseAddresses.
struct Actuated {
  RouterId router = 0;
  bool held = false;  ///< what the kernel has now
  int error = 0;      ///< errno of what went wrong, 0 when all did well
};

struct CheckState {
  CheckId check = 0;
  bool up = true;
  bool hasValue = false;  ///< a tracked file
  std::int32_t value = 0;
};

/// The check that says whether the source address of a virtual router with `trackSource` is on its link; apart from those that the caller
/// of the core numbers. As long as nobody has reported it, the address counts as there.
inline CheckId sourceCheckOf(RouterId router) { return 0x80000000u | router; }

struct ConflictSeen {
  RouterId router = 0;
  wire::IpAddress address;
  wire::MacAddress mac{};
  TimePoint at{};  ///< when the kernel saw it; zero: now
};

enum class Shutdown : std::uint8_t {
  HandOver,  ///< make-before-break: gate shut for ARP and ND, priority 0, traffic still accepted; addresses released once a peer is MASTER
  Resign,    ///< priority 0 and release at once
  Keep,      ///< nothing is sent or released: the next process adopts what stands
};

struct RouterCounters {
  std::uint64_t advertsSent = 0, advertsReceived = 0, priorityZeroSent = 0, priorityZeroReceived = 0;
  std::uint64_t transitionsToMaster = 0, gratuitousSent = 0, sendErrors = 0;
};

/// What is known of one virtual router; valid until the next configure().
struct RouterStatus {
  std::string_view key;
  RouterId id{};
  State state{};
  Reason reason{};
  std::uint8_t priority{};      ///< after tracking
  std::uint8_t basePriority{};  ///< as configured
  wire::IpAddress peer;
  TimePoint deadline{};             ///< BACKUP: when it takes over if nothing more is heard; MASTER: next advert; kNever otherwise
  wire::IpAddress conflictAddress;  ///< unspecified when none was seen
  wire::MacAddress conflictMac{};
  TimePoint conflictAt{};
  wire::IpAddress foreignRouter;  ///< unspecified when none was heard
  wire::Discard foreignReason{};
  TimePoint foreignAt{};
  Duration interval{};  ///< Active_Adver_Interval in use
  bool pseudoHeader = false;
  bool addressesHeld = false;  ///< by the actuator's last answer
  int actuatorError = 0;
  Duration silence{-1};
  TimePoint changedAt{};
  std::uint32_t transitions = 0;
  RouterCounters counters;
};

/// Everything that configure() will need, allocated and indexed beforehand, off the vrrp thread. Opaque to all but the engine.
class Table {
 public:
  struct Contents;
  explicit Table(std::unique_ptr<Contents> contents);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  /// Names each stretch of memory that running the table touches, to lock it into RAM. Not while the engine runs it.
  void forEachMemory(const std::function<void(std::span<const std::byte>)>& action) const;

 private:
  friend class Engine;
  std::unique_ptr<Contents> contents_;
};

class Engine {
 public:
  Engine();
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  using IdRegistry = vrrp::IdRegistry;

  /// Builds the table for a configuration: allocates all memory that running it takes. Any thread.
  /// `ids` keeps RouterIds per key across tables; owned by the caller, used by one thread. Tables are configured in the order they
  /// were prepared. Of two entries with one key, or with one (interface, family, VRID), only the first is taken.
  static std::unique_ptr<Table> prepare(std::vector<RouterConfig> routers, IdRegistry& ids,
                                        const std::vector<AnnouncementPace>& paces = {});

  /// Whether SetGate reaches a gate: it is only then that the effect comes at all, that `deadMan` counts, and that a MASTER that leaves
  /// keeps its addresses until a successor has announced them. Tell it before the first configure(), and again should the gate be lost.
  void setGateActive(bool active, TimePoint now);

  /// The process was stopped between an input and the effects of it, for so long that the gate of a MASTER shut by itself before the advert
  /// that was to keep it open left: a peer may have taken over. It looks, as after any late wake-up.
  void handleGateRunOut(RouterId router, TimePoint now);

  /// Takes over a prepared table. Virtual routers that stay keep state, timers and addresses; a changed priority or interval
  /// takes effect at once; changed addresses give HoldAddresses (as MASTER); a changed family, interface, VRID or version is a new router.
  /// Those that go: SendAdvert(0) as MASTER, ReleaseAddresses, StateChanged(Init, Stopped); their effects come before all others. The
  /// adverts of leaving routers are available from advert() until the effects are drained. Returns the old table for freeing off the
  /// thread; it must live until pollEffect() has returned false and what advert() gave was sent. Should their release fail, it is the
  /// actuator's to try again: the engine no longer knows them. The same configuration again does nothing at all.
  std::unique_ptr<Table> configure(std::unique_ptr<Table> next, TimePoint now);

  /// RFC 9568 §6.4, §7.1; RFC 3768 §6.4, §7.1. Returns the reason when the advert was discarded; then nothing has changed but its counter.
  /// Unicast adverts are only heard from configured peers, and with `received.destination` not a multicast group; multicast ones to our
  /// group.
  std::optional<wire::Discard> handleAdvert(const ReceivedAdvert& advert, TimePoint now);
  void handleLink(const LinkState& link, TimePoint now);
  void handleLinkRemoved(std::uint32_t ifindex, TimePoint now);
  /// Call it with every answer, and when the kernel has lost addresses that were held.
  /// Residue of a predecessor (held although the router is not MASTER, and no answer is due): the addresses are kept in BACKUP while
  /// nobody else is heard, so that a restart is no outage, and released at the first advert of any other router (one of priority 0
  /// excepted: its sender holds nothing). Becoming MASTER adopts them; FAULT releases them.
  void handleActuated(const Actuated& result, TimePoint now);
  /// The caller drains its sockets first: a late scheduler must not look like a dead MASTER. See "late wake-up" in virtualRouter.h.
  void handleTimeout(TimePoint now);
  /// The last sendto of a router's advert failed.
  void handleSendError(RouterId router);
  /// Ends everything; all virtual routers go to Init, at once or, with HandOver, those that are MASTER when a peer has taken over and
  /// announced the addresses, or after kHandOverPatience. Afterwards only handleAdvert(), handleConflict(), handleActuated() and
  /// handleTimeout() still count; go on with them until isEnded().
  void shutdown(Shutdown how, TimePoint now);
  /// After shutdown(): all virtual routers are in Init, and what they had to ask the actuator for is among the effects.
  bool isEnded() const;

  /// When handleTimeout() is due next; empty when nothing runs.
  std::optional<TimePoint> nextDeadline() const;
  /// The oldest effect not yet polled. The queue has room for the effects of one input, and no more: drain it after each.
  bool pollEffect(Effect& effect);

  /// What a check says, under the number that the configuration tracks it by. Remembered, also for later configurations.
  void handleCheck(const CheckState& check, TimePoint now);
  /// Somebody else was seen to claim one of our addresses (ARP, NA), or answered a probe.
  void handleConflict(const ConflictSeen& conflict, TimePoint now);

  /// How many datagrams one SendAdvert is: one per unicast peer, else one.
  std::size_t destinations(RouterId router) const;
  /// An encoded advert and where it goes, `destination` < destinations(); valid until the next call of an input, those of other routers,
  /// priorities and destinations beside it.
  struct Transmit {
    std::uint32_t ifindex = 0;
    /// Not all zero: a multicast advert leaves as a whole frame of this source: the link's MAC address, or with a virtualMacInterface and
    /// advertsWithVirtualMac the virtual router's, by the primary interface nevertheless, for its macvlan may be down. All zero: the kernel
    /// makes the frame, for unicast has to be resolved, and a link without MAC addresses has frames of its own.
    wire::MacAddress mac{};
    wire::IpAddress source;
    wire::IpAddress destination;  ///< 224.0.0.18, ff02::12, the configured group, or a unicast peer
    std::span<const std::uint8_t> message;
    std::uint8_t ttl = wire::kVrrpTtl;  ///< or hop limit
  };
  /// `priority` is the effect's: 0, or the own one whatever it is. `message` is empty for an unknown router.
  Transmit advert(RouterId router, std::uint8_t priority, std::size_t destination = 0);

  /// One frame of AnnounceAddresses or ProbeAddresses, `index` < announcements(); ifindex 0 when the address's interface is missing.
  struct Announcement {
    std::uint32_t ifindex = 0;
    wire::MacAddress mac{};  ///< who has it: the link's, or the virtual router MAC address where the address stands on such a link
    wire::IpAddress address;
    Lane lane = kNoPace;
  };
  std::size_t announcements(RouterId router) const;
  Announcement announcement(RouterId router, std::size_t index) const;
  /// Those that its announcements are in, each once.
  std::span<const Lane> lanes(RouterId router) const;
  /// Least time between two announcements, by lane; valid until the next configure().
  std::span<const Duration> laneIntervals() const;

  std::size_t size() const;
  RouterStatus status(std::size_t index) const;
  /// The least TTL with which any unicast advert is heard on an interface; see wire::isTtlGood().
  std::uint8_t leastUnicastTtl(std::uint32_t ifindex, wire::Family family) const;
  /// Counts per wire::Discard.
  std::span<const std::uint64_t> discarded() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aloft::vrrp
