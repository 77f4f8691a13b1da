#include "os/packetSocket.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace aloft::os {
namespace {

constexpr std::size_t kEtherTypeAt = 12;

}  // namespace

Result<PacketSocket> PacketSocket::open() {
  // Protocol 0: nothing is ever queued for reading.
  Fd fd(socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return lastError("open packet socket");
  return PacketSocket(std::move(fd));
}

std::span<const std::size_t> PacketSocket::send(std::span<const Frame> frames) {
  // What is not used stays as it is: to clear it all for one frame costs more than the frame.
  std::array<mmsghdr, kBatch> headers;
  std::array<iovec, kBatch> vectors;
  std::array<sockaddr_ll, kBatch> destinations;
  const std::size_t count = std::min(frames.size(), kBatch);
  for (std::size_t i = 0; i < count; ++i) {
    destinations[i] = {};
    destinations[i].sll_family = AF_PACKET;
    destinations[i].sll_ifindex = static_cast<int>(frames[i].ifindex);
    destinations[i].sll_halen = 6;
    // Filters on the way out go by it, and older kernels do not fill it in from the frame.
    std::memcpy(&destinations[i].sll_protocol, frames[i].bytes.data() + kEtherTypeAt, sizeof destinations[i].sll_protocol);
    vectors[i] = {const_cast<std::uint8_t*>(frames[i].bytes.data()), frames[i].size};  // only read
    headers[i] = {};
    headers[i].msg_hdr.msg_name = &destinations[i];
    headers[i].msg_hdr.msg_namelen = sizeof destinations[i];
    headers[i].msg_hdr.msg_iov = &vectors[i];
    headers[i].msg_hdr.msg_iovlen = 1;
  }
  std::size_t failures = 0;
  for (std::size_t next = 0; next < count;) {
    const int sent = sendmmsg(fd_.get(), headers.data() + next, static_cast<unsigned>(count - next), MSG_DONTWAIT);
    if (sent > 0) {
      next += static_cast<std::size_t>(sent);
    } else {
      failed_[failures++] = next++;
    }
  }
  return std::span(failed_).first(failures);
}

}  // namespace aloft::os
