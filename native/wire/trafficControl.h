#pragma once
// Traffic control by rtnetlink (linux/rtnetlink.h, linux/pkt_sched.h, linux/pkt_cls.h): the qdisc "clsact", which queues nothing and only
// has filters for what comes and goes, and filters of the kind "bpf" in it.

#include <cstdint>
#include <optional>
#include <string_view>

#include "wire/netlink.h"

namespace aloft::wire {

inline constexpr std::uint16_t kNewQdisc = 36;   // RTM_NEWQDISC
inline constexpr std::uint16_t kDelQdisc = 37;   // RTM_DELQDISC
inline constexpr std::uint16_t kGetQdisc = 38;   // RTM_GETQDISC
inline constexpr std::uint16_t kNewFilter = 44;  // RTM_NEWTFILTER
inline constexpr std::uint16_t kDelFilter = 45;  // RTM_DELTFILTER
inline constexpr std::uint16_t kGetFilter = 46;  // RTM_GETTFILTER

inline constexpr std::uint16_t kAnyProtocol = 0x0003;  // ETH_P_ALL

/// Where the qdiscs "clsact" and "ingress" stand, of which a link has one at most.
inline constexpr std::uint32_t kClsactParent = 0xfffffff1;  // TC_H_CLSACT

enum class Direction : std::uint8_t { Ingress, Egress };

/// Where a filter is: filters of a link and direction are asked in the order of their priorities, those of the same priority in an order of
/// the kernel's. All filters of one priority are of one kind and protocol.
struct FilterPlace {
  std::uint32_t ifindex = 0;
  Direction direction{};
  std::uint16_t priority = 0;  ///< 1 first
  std::uint32_t handle = 0;    ///< among those of the same priority
  friend bool operator==(const FilterPlace&, const FilterPlace&) = default;
};

/// A request of any kind here fits into this.
inline constexpr std::size_t kMaxTrafficControlRequest = 224;
/// What is longer is cut off. The kernel itself takes twice that.
inline constexpr std::size_t kMaxFilterName = 127;

// All builders return false when the message does not fit into the builder's buffer; those before it stay. All but the dump are
// acknowledged.

/// EEXIST when the link has one, or its older half "ingress".
bool buildAddClsact(NetlinkBuilder& builder, std::uint32_t ifindex, std::uint32_t sequence);
/// With all filters in it, whoever set them.
bool buildRemoveClsact(NetlinkBuilder& builder, std::uint32_t ifindex, std::uint32_t sequence);
/// Puts a loaded program at a place, for frames of any protocol, with its return value as the verdict ("direct action"). What is there is
/// replaced atomically; EINVAL when filters of another kind or protocol have the priority. `name` is only for people, and for
/// parseFilter().
bool buildPutBpfFilter(NetlinkBuilder& builder, const FilterPlace& place, int programFd, std::string_view name, std::uint32_t sequence);
bool buildRemoveBpfFilter(NetlinkBuilder& builder, const FilterPlace& place, std::uint32_t sequence);
/// All qdiscs of a link, and of others on old kernels: RTM_NEWQDISC each, then NLMSG_DONE.
bool buildQdiscDump(NetlinkBuilder& builder, std::uint32_t ifindex, std::uint32_t sequence);
/// All filters of a link and direction in the order in which they are asked: RTM_NEWTFILTER each, then NLMSG_DONE.
bool buildFilterDump(NetlinkBuilder& builder, std::uint32_t ifindex, Direction direction, std::uint32_t sequence);

/// RTM_NEWTFILTER. The texts point into the message. The kernel also tells of each priority as a whole: then `place.handle` is 0.
struct FilterMessage {
  FilterPlace place;
  std::uint16_t protocol = 0;  ///< EtherType in host order, or kAnyProtocol
  std::string_view kind;       ///< "bpf", "flower", …
  std::string_view name;       ///< of a "bpf" filter
  std::uint32_t program = 0;   ///< the id of its program, 0 for none
};

/// Nothing for other types, malformed messages, and filters of other qdiscs.
std::optional<FilterMessage> parseFilter(const NetlinkMessage& message);

/// RTM_NEWQDISC. The text points into the message.
struct QdiscMessage {
  std::uint32_t ifindex = 0;
  bool takesFilters = false;  ///< it is "clsact", or "ingress", which takes filters of both directions but asks all of them of what comes
  std::string_view kind;
};

/// Nothing for other types and malformed messages.
std::optional<QdiscMessage> parseQdisc(const NetlinkMessage& message);

/// Of a notification that a filter came or went, or that a qdisc went with all its filters: the index of the link. Nothing for other types
/// and malformed messages. Of filters that several links share it is the number of none.
std::optional<std::uint32_t> parseFilterChange(const NetlinkMessage& message);

}  // namespace aloft::wire
