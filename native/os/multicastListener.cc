#include "os/multicastListener.h"

#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace aloft::os {

Result<MulticastListener> MulticastListener::open(std::uint32_t ifindex) {
  // Protocol 0: nothing is ever queued for reading.
  Fd packets(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!packets.valid()) return lastError("open packet socket");
  Fd groups(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!groups.valid()) return lastError("open IPv6 socket");
  return MulticastListener(std::move(packets), std::move(groups), ifindex);
}

Status MulticastListener::hearAll() const {
  packet_mreq request{};
  request.mr_ifindex = static_cast<int>(ifindex_);
  request.mr_type = PACKET_MR_ALLMULTI;
  if (setsockopt(packets_.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof request) != 0) return lastError("hear all multicast");
  return {};
}

Status MulticastListener::join(const wire::IpAddress& group) const {
  ipv6_mreq request{};
  std::memcpy(&request.ipv6mr_multiaddr, group.bytes.data(), sizeof request.ipv6mr_multiaddr);
  request.ipv6mr_interface = ifindex_;
  if (setsockopt(groups_.get(), IPPROTO_IPV6, IPV6_JOIN_GROUP, &request, sizeof request) != 0) return lastError("join IPv6 group");
  return {};
}

}  // namespace aloft::os
