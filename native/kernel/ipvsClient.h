#pragma once
// The kernel's IPVS by generic netlink. One thread at a time. Takes no RTNL, so that no container runtime delays it and it delays nobody;
// only the kernel itself takes RTNL to start or stop a sync daemon.

#include <memory>
#include <span>
#include <vector>

#include "ipvs/operation.h"
#include "ipvs/table.h"
#include "os/result.h"

namespace aloft::kernel {

/// What the kernel answered to one operation: 0, or an errno. What is already as wanted (EEXIST of an add whose settings are the same is
/// not among these: the caller has dumped before) and what is gone already (ESRCH, ENOENT of a removal) are successes.
using IpvsOutcome = int;

class IpvsClient {
 public:
  /// Fails with ENOENT where the kernel has no IPVS, or its module is not loaded (the kernel tries to load it), with EPERM without
  /// CAP_NET_ADMIN.
  static os::Result<std::unique_ptr<IpvsClient>> open();
  virtual ~IpvsClient() = default;

  /// All services with destinations and statistics: one dump of services, one of destinations for each. Repeated when interrupted.
  virtual os::Result<std::vector<ipvs::StandingService>> dump() = 0;
  /// The same from one reading of /proc/net/ip_vs, which does not tell: thresholds, tunnel options, statistics, time-out, netmask and
  /// engine of persistence, flags of the scheduler, one-packet scheduling of IPv6. Nor the family of a firewall mark: here it is that of
  /// the first destination, IPv4 without one. What comes or goes meanwhile may hide another service, or show it twice: dump before acting
  /// on what is missing.
  virtual os::Result<std::vector<ipvs::StandingService>> glance() = 0;
  /// With the length, group, port and TTL that were left to the kernel.
  virtual os::Result<std::vector<wire::IpvsDaemon>> daemons() = 0;
  virtual os::Result<wire::IpvsTimeouts> timeouts() = 0;

  /// In their order, in batches of at most 64 messages, each answer matched by its sequence number; a failed one does not stop those behind
  /// it. `outcomes` has as many places as there are operations. An error is of the socket: then nothing is known of those that have no
  /// outcome yet (they keep what the caller put there).
  virtual os::Status carryOut(std::span<const ipvs::Operation> operations, std::span<IpvsOutcome> outcomes) = 0;
};

}  // namespace aloft::kernel
