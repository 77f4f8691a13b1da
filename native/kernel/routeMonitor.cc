#include "kernel/routeMonitor.h"

#include <linux/rtnetlink.h>

#include <array>

#include "os/multicastSocket.h"
#include "wire/notificationFilter.h"
#include "wire/trafficControl.h"

namespace aloft::kernel {

os::Result<RouteMonitor> RouteMonitor::open(std::uint32_t ownPort, std::optional<std::uint32_t> gatePort) {
  constexpr std::array<unsigned, 8> groups = {RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
                                              RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,   RTNLGRP_IPV6_RULE,   RTNLGRP_TC};
  const std::size_t count = gatePort ? groups.size() : groups.size() - 1;
  os::Result<os::NetlinkSocket> socket = os::NetlinkSocket::subscribe(std::span(groups).first(count));
  if (!socket.ok()) return socket.error();
  const wire::NotificationFilter filter = wire::notificationFilter({ownPort, gatePort.value_or(ownPort)});
  if (const os::Status filtered = os::attachFilter(socket.value().fd(), filter); !filtered.ok()) return filtered.error();
  return RouteMonitor(std::move(socket.value()));
}

bool RouteMonitor::drain(const Listener& listener) {
  bool complete = true;
  for (;;) {
    const auto datagram = socket_.receive();
    if (!datagram.ok()) {
      if (datagram.error().number != ENOBUFS) return false;
      complete = false;  // the queue overflowed; what is still in it can be read
      continue;
    }
    if (datagram.value().empty()) return complete;
    wire::NetlinkMessages messages(datagram.value());
    for (wire::NetlinkMessage message; messages.next(message);) {
      if (const auto link = wire::parseLink(message)) listener.link(*link);
      if (const auto address = wire::parseAddress(message)) listener.address(*address);
      if (const auto route = wire::parseRoute(message)) listener.route(*route);
      if (const auto rule = wire::parseRule(message)) listener.rule(*rule);
      if (const auto ifindex = wire::parseFilterChange(message)) listener.filters(*ifindex);
    }
  }
}

}  // namespace aloft::kernel
