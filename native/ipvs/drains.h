#pragma once
// Destinations that are no longer wanted, and stay at weight 0 until their connections are gone. Pure: time is an argument.

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "ipvs/rhythm.h"
#include "ipvs/table.h"

namespace aloft::ipvs {

/// When a destination is idle. The kernel counts connections as active or inactive, and means by it:
///   TCP, SCTP: active is ESTABLISHED. Inactive ones open or close; they matter for as long as a handshake or a last exchange takes, and are
///     forgotten by the kernel only minutes later. So: none active, and that for kClosing, or none at all.
///   UDP, and services with a mark, which may be of UDP: all are inactive until they time out, in use or not. So: none at all.
/// Persistence templates do not count: they hold no connection, and the kernel chooses anew for a client whose server has gone.
class Drains {
 public:
  static constexpr std::chrono::seconds kClosing{10};

  /// Whether `destination`, which is not wanted any more, stays. Not when it has failed, or its service does not drain, or its time is
  /// over; nor when it is idle, which counts only once it has weight 0, and with connections counted since (`counted`: just now).
  bool stays(const Service& service, const StandingDestination& destination, bool counted, Time now);
  /// To be called when all that is not wanted has been asked for: what was not among it is wanted again, or gone.
  void sweep();

  bool contains(const wire::IpvsServiceKey& service, const wire::IpvsDestinationKey& destination) const;
  bool empty() const { return records_.empty(); }

 private:
  struct Record {
    Time since;
    std::optional<Time> quietSince;
    std::uint64_t round;  ///< in which it was asked for last
  };

  std::map<std::pair<wire::IpvsServiceKey, wire::IpvsDestinationKey>, Record> records_;
  std::uint64_t round_ = 0;
};

}  // namespace aloft::ipvs
