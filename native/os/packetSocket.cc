#include "os/packetSocket.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <algorithm>

namespace aloft::os {

Result<PacketSocket> PacketSocket::open() {
  // Protocol 0: nothing is ever queued for reading.
  Fd fd(socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return lastError("open packet socket");
  return PacketSocket(std::move(fd));
}

std::size_t PacketSocket::send(std::uint32_t ifindex, std::span<const Frame> frames) const {
  sockaddr_ll destination{};
  destination.sll_family = AF_PACKET;
  destination.sll_ifindex = static_cast<int>(ifindex);
  destination.sll_halen = 6;
  std::array<mmsghdr, kBatch> headers{};
  std::array<iovec, kBatch> vectors{};
  const std::size_t count = std::min(frames.size(), kBatch);
  for (std::size_t i = 0; i < count; ++i) {
    vectors[i] = {const_cast<std::uint8_t*>(frames[i].bytes.data()), frames[i].size};  // only read
    headers[i].msg_hdr.msg_name = &destination;
    headers[i].msg_hdr.msg_namelen = sizeof destination;
    headers[i].msg_hdr.msg_iov = &vectors[i];
    headers[i].msg_hdr.msg_iovlen = 1;
  }
  std::size_t failures = 0;
  for (std::size_t next = 0; next < count;) {
    const int sent = sendmmsg(fd_.get(), headers.data() + next, static_cast<unsigned>(count - next), MSG_DONTWAIT);
    next += sent > 0 ? static_cast<std::size_t>(sent) : 1;
    failures += sent > 0 ? 0 : 1;
  }
  return failures;
}

}  // namespace aloft::os
