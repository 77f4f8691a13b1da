#pragma once
// The kernel's IPVS by generic netlink. One thread at a time. Takes no RTNL, so that no container runtime delays it and it delays nobody;
// only the kernel itself takes RTNL to start or stop a sync daemon.

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "ipvs/operation.h"
#include "ipvs/table.h"
#include "os/netlinkSocket.h"
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
  /// The same by sockets of another origin: for tests. It is asked for a new one after each that failed.
  using OpenSocket = std::function<os::Result<os::NetlinkSocket>()>;
  static os::Result<std::unique_ptr<IpvsClient>> open(OpenSocket openSocket);
  virtual ~IpvsClient() = default;

  /// All services with destinations and statistics: one dump of services, one of destinations for each. Repeated when interrupted. The
  /// kernel brings statistics up to date every two seconds.
  virtual os::Result<std::vector<ipvs::StandingService>> dump() = 0;
  /// The same for a fraction of the cost: one dump of services, and their destinations from one reading of /proc/net/ip_vs, without
  /// thresholds, tunnel options, persistent connections and statistics. Destinations of firewall marks, and those that /proc keeps silent
  /// about, are dumped.
  virtual os::Result<std::vector<ipvs::StandingService>> glance() = 0;
  /// With the length, group, port and TTL that were left to the kernel.
  virtual os::Result<std::vector<wire::IpvsDaemon>> daemons() = 0;
  virtual os::Result<wire::IpvsTimeouts> timeouts() = 0;

  /// In their order, in batches of at most 64 messages; only failures are answered, each matched by its sequence number, and do not stop
  /// those behind. `outcomes` has as many places as there are operations. An error is of the socket: then nothing is known of those that
  /// have no outcome yet (they keep what the caller put there).
  virtual os::Status carryOut(std::span<const ipvs::Operation> operations, std::span<IpvsOutcome> outcomes) = 0;
};

}  // namespace aloft::kernel
