#pragma once

#include <functional>
#include <optional>

#include "kernel/linkTable.h"
#include "os/netlinkSocket.h"
#include "os/result.h"
#include "wire/route.h"
#include "wire/rule.h"

namespace aloft::kernel {

/// Notifications about links and addresses; about routes, rules and filters of traffic control only those that matter, see
/// wire/notificationFilter.h. Reading them takes no lock of the kernel's.
class RouteMonitor {
 public:
  /// Subscribe before the first dump: then nothing that happens between the two is missed, only told twice. What the client of the port
  /// `ownPort` does to routes and rules is not told, nor what the gate of the port `gatePort` does to filters; without a gate nothing of
  /// filters is.
  static os::Result<RouteMonitor> open(std::uint32_t ownPort, std::optional<std::uint32_t> gatePort);

  int fd() const { return socket_.fd(); }

  struct Listener {
    std::function<void(const wire::LinkMessage&)> link;
    std::function<void(const wire::AddressMessage&)> address;
    std::function<void(const wire::RouteMessage&)> route;
    std::function<void(const wire::RuleMessage&)> rule;
    /// Somebody was at the filters of the link with this index.
    std::function<void(std::uint32_t)> filters;
  };
  /// Reads all that is there, without waiting. False when notifications were lost: then dump again.
  bool drain(const Listener& listener);

 private:
  explicit RouteMonitor(os::NetlinkSocket socket) : socket_(std::move(socket)) {}
  os::NetlinkSocket socket_;
};

}  // namespace aloft::kernel
