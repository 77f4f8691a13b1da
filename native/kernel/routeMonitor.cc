#include "kernel/routeMonitor.h"

#include <linux/rtnetlink.h>

#include <array>

namespace aloft::kernel {

os::Result<RouteMonitor> RouteMonitor::open() {
  constexpr std::array<unsigned, 3> groups = {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR};
  os::Result<os::NetlinkSocket> socket = os::NetlinkSocket::subscribe(groups);
  if (!socket.ok()) return socket.error();
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
    }
  }
}

}  // namespace aloft::kernel
