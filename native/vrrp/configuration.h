#pragma once
// What the engine shall run. Made and freed off the vrrp thread: the engine itself never allocates.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "vrrp/time.h"
#include "wire/ipAddress.h"
#include "wire/vrrp.h"

namespace aloft::vrrp {

enum class ChecksumMode : std::uint8_t { Auto, WithoutPseudoHeader, WithPseudoHeader };

/// What a claim of one of our addresses by a foreign MAC address means (RFC 5227).
enum class ConflictPolicy : std::uint8_t {
  Off,      ///< nobody looks
  Report,   ///< told, and nothing else
  Enforce,  ///< told; and nobody becomes MASTER for the first time while somebody else answers for an address
};

/// An address of a virtual router.
struct RouterAddress {
  wire::IpPrefix prefix;
  std::string interface;   ///< where it stands and is announced; empty: the router's own interface, or its virtualMacInterface
  bool advertised = true;  ///< false: moves along, but is not in the adverts
  friend bool operator==(const RouterAddress&, const RouterAddress&) = default;
};

/// Identifies a tracked check for the life of the process; the caller gives the numbers.
using CheckId = std::uint32_t;

/// What a result does to the priority. Weight 0: FAULT while it is down. Positive: added while it is up; negative: added while it is down.
/// `reverse` negates what is added, and with weight 0 FAULT is while it is up. Of a check with a value (a tracked file) value × weight is
/// added, and a product below -253 is FAULT; with weight 0 any value but 0 is FAULT, with `reverse` only 0 is. All as in keepalived.
struct TrackedCheck {
  CheckId check = 0;
  std::int16_t weight = 0;
  bool reverse = false;
  friend bool operator==(const TrackedCheck&, const TrackedCheck&) = default;
};

struct TrackedInterface {
  std::string interface;
  std::int16_t weight = 0;
  bool reverse = false;
  friend bool operator==(const TrackedInterface&, const TrackedInterface&) = default;
};

/// When gratuitous ARP or unsolicited NA are sent, counted from the moment when the addresses stand.
struct AnnouncementPlan {
  static constexpr std::size_t kMaxTimes = 6;
  std::array<Duration, kMaxTimes> at{};  ///< ascending
  std::uint8_t times = 0;                ///< how many of `at`; 0: the engine's own plan (0, 50 ms, 250 ms, 1 s, 5 s)
  std::uint8_t copies = 1;               ///< frames per address each time
  Duration refresh{0};                   ///< again this often while MASTER; 0: never
  std::uint8_t refreshCopies = 1;
  friend bool operator==(const AnnouncementPlan&, const AnnouncementPlan&) = default;
};

/// With which TTL or hop limit a peer's unicast adverts may arrive.
struct TtlRange {
  std::uint8_t least = wire::kVrrpTtl;
  std::uint8_t most = wire::kVrrpTtl;
  bool contains(std::uint8_t ttl) const { return ttl >= least && ttl <= most; }
  friend bool operator==(const TtlRange&, const TtlRange&) = default;
};

/// How far announcements are apart, for switches that do not bear a flood of them.
struct AnnouncementPace {
  std::vector<std::string> interfaces;  ///< that keep the distance together; empty: each one that is named nowhere, by itself
  Duration gratuitousArp{};             ///< least time between two of them; 0: as fast as they can
  Duration unsolicitedNa{};
};

/// RFC 2338 §5.3.6: none (0) or a simple text password (1), version 2 only.
struct Authentication {
  std::uint8_t type = 0;
  std::array<std::uint8_t, 8> data{};
  friend bool operator==(const Authentication&, const Authentication&) = default;
};

/// One election as it is configured. Validated by the caller: ranges as in src/agent/native.ts.
struct RouterConfig {
  std::string key;  ///< "<virtualIP>/<family>", unique
  wire::Family family = wire::Family::IPv4;
  std::string interface;
  std::uint8_t virtualRouterId = 1;
  std::uint8_t version = 3;
  std::uint8_t priority = 100;  ///< before tracking; 255: address owner
  Duration advertisementInterval{};
  bool preempt = true;
  Duration preemptDelay{};
  ChecksumMode checksum = ChecksumMode::Auto;
  /// Those that are advertised are of `family`, at least one. What does not fit an advert is not in it: of IPv4 the first 255 are, of IPv6
  /// the first 90, a made link-local address included.
  std::vector<RouterAddress> addresses;

  /// IPv6: adverts begin with a link-local address (RFC 9568 §5.2.9), a made one where none is configured, and others are refused. False:
  /// as listed, and peers may do the same (keepalived).
  bool linkLocalFirst = true;
  std::uint8_t downTimerAdverts = 3;          ///< intervals of silence before Skew_Time, 1–100 (RFC: 3)
  Duration startupDelay{};                    ///< no election for that long after the start of the process
  wire::IpAddress sourceAddress;              ///< of the adverts; unspecified: the link's primary or link-local address
  wire::IpAddress multicastGroup;             ///< unspecified: 224.0.0.18 or ff02::12
  bool trackSource = false;                   ///< FAULT while `sourceAddress` is not on the link; see sourceCheckOf()
  std::vector<wire::IpAddress> unicastPeers;  ///< not empty: adverts go to these alone, and only theirs are heard
  std::vector<TtlRange> peerTtls;             ///< of `unicastPeers`, in their order; those that are left out: 255 alone
  std::uint8_t unicastTtl = wire::kVrrpTtl;   ///< of our own unicast adverts
  Authentication authentication;
  /// Name of the macvlan that carries 00-00-5E-00-01/02-VRID and the addresses; empty: none. Adverts leave by `interface` nevertheless,
  /// those to a group with that source MAC address unless `advertsWithVirtualMac` is false. Without the macvlan the router is in FAULT; that
  /// it is down is no fault, for it is so but in MASTER.
  std::string virtualMacInterface;
  bool advertsWithVirtualMac = true;

  std::string group;  ///< sync group: its members are MASTER together or not at all; empty: none
  std::vector<TrackedCheck> checks;
  std::vector<TrackedInterface> interfaces;
  bool trackPrimary = true;  ///< false: `interface` may be down; it must exist and have a source address all the same
  AnnouncementPlan announcements;
  ConflictPolicy conflicts = ConflictPolicy::Off;
  bool accept = true;  ///< Accept_Mode (RFC 9568 §6.1): false: as MASTER that is no owner, the gate refuses packets to the addresses

  /// Dead-man switch: the gate opens with each advert for `downTimerAdverts` intervals. False: open until it is shut.
  bool deadMan = false;
  std::uint32_t gateSlot = 0;  ///< of kernel/gate.h, given by the caller; the same for one RouterId always
  /// A greater number than the running router's asks it, as MASTER, to hand over to a peer make-before-break, once. It does not preempt
  /// that peer until its own priority is configured anew. With nobody there to take over it is MASTER again after the longest Skew_Time. An
  /// address owner does not hand over.
  std::uint64_t handOver = 0;

  TtlRange ttlOf(std::size_t peer) const { return peer < peerTtls.size() ? peerTtls[peer] : TtlRange(); }
  /// The least TTL with which any advert for it may arrive.
  std::uint8_t leastTtl() const {
    std::uint8_t least = wire::kVrrpTtl;
    for (std::size_t peer = 0; peer < unicastPeers.size(); ++peer) least = std::min(least, ttlOf(peer).least);
    return least;
  }
};

}  // namespace aloft::vrrp
