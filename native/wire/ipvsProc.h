#pragma once
// /proc/net/ip_vs: all destinations in one reading. Pure, no allocation.
//
//   IP Virtual Server version 1.2.1 (size=4096)
//   Prot LocalAddress:Port Scheduler Flags
//     -> RemoteAddress:Port Forward Weight ActiveConn InActConn
//   TCP  C000020A:0050 wlc  persistent 30000 FFFFFF00             addresses of IPv4, ports and marks in hexadecimal
//     -> 0A000001:1F90      Masq    1      2          0
//   UDP  C000020A:0035 rr ops
//   TCP  [2001:0db8:0000:0000:0000:0000:0000:0010]:01BB mh
//   FWM  0000002A sh
//
// Of services only the keys are read: what else stands there is not all, and partly in units that only the kernel knows (the time of
// persistence in its ticks, the netmask of IPv6 in the machine's byte order). Of destinations it lacks thresholds, tunnel options and
// statistics. When other network namespaces have services, too, a table beyond a page may lack some of ours: the kernel counts theirs where
// one page ends, and not where the next begins (Linux 6.1, 6.18).

#include <cstdint>
#include <string_view>
#include <variant>

#include "wire/ipvs.h"

namespace aloft::wire {

struct IpvsProcService {
  /// Of a firewall mark the family is unknown, and IPv4 here.
  IpvsServiceKey key;
};

/// Belongs to the service before it.
struct IpvsProcDestination {
  IpvsDestinationKey key;
  IpvsForwarding forwarding{};
  std::uint32_t weight = 0;
  std::uint32_t activeConnections = 0;
  std::uint32_t inactiveConnections = 0;
};

using IpvsProcEntry = std::variant<IpvsProcService, IpvsProcDestination>;

/// Iterates over the entries of the file; ends at the first line that is none. Services of protocols that cannot be asked for are passed
/// over, with their destinations.
class IpvsProcEntries {
 public:
  explicit IpvsProcEntries(std::string_view text) : rest_(text) {}
  bool next(IpvsProcEntry& entry);
  /// After the last entry: whether a line was left that is none.
  bool malformed() const { return malformed_; }

 private:
  enum class Owner { None, Told, Foreign };
  bool fail();

  std::string_view rest_;
  Owner owner_ = Owner::None;  ///< of the destinations that come
  bool malformed_ = false;
};

}  // namespace aloft::wire
