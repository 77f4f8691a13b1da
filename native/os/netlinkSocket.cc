#include "os/netlinkSocket.h"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace aloft::os {
namespace {

/// The kernel's own limit for one datagram of a dump is 32 KiB; a request with 64 acknowledgements is smaller.
constexpr std::size_t kBufferSize = 64 << 10;
/// The default of 208 KiB holds 256 address notifications.
constexpr int kReceiveBuffer = 8 << 20;

/// Failures are left alone: kernels of old lack the options, and unprivileged sockets keep the default buffer.
void tune(int fd) {
  const int on = 1;
  setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer);
}

static_assert(static_cast<int>(NetlinkProtocol::Route) == NETLINK_ROUTE && static_cast<int>(NetlinkProtocol::Generic) == NETLINK_GENERIC &&
              static_cast<int>(NetlinkProtocol::Netfilter) == NETLINK_NETFILTER);

Result<Fd> openSocket(NetlinkProtocol protocol, int flags) {
  Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, static_cast<int>(protocol)));
  if (!fd.valid()) return lastError("open netlink socket");
  tune(fd.get());
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return lastError("bind netlink socket");
  return fd;
}

}  // namespace

NetlinkSocket::NetlinkSocket(Fd fd) : fd_(std::move(fd)), buffer_(kBufferSize) {}

Result<NetlinkSocket> NetlinkSocket::open(NetlinkProtocol protocol) {
  Result<Fd> fd = openSocket(protocol, 0);
  if (!fd.ok()) return fd.error();
  const timeval timeout{kReplyTimeoutMs / 1000, 0};
  setsockopt(fd.value().get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  return NetlinkSocket(std::move(fd.value()));
}

Result<NetlinkSocket> NetlinkSocket::subscribe(std::span<const unsigned> groups) {
  Result<Fd> fd = openSocket(NetlinkProtocol::Route, SOCK_NONBLOCK);
  if (!fd.ok()) return fd.error();
  for (const unsigned group : groups) {
    if (setsockopt(fd.value().get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) {
      return lastError("subscribe to rtnetlink notifications");
    }
  }
  return NetlinkSocket(std::move(fd.value()));
}

Result<std::uint32_t> NetlinkSocket::port() const {
  sockaddr_nl address{};
  socklen_t size = sizeof address;
  if (getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return lastError("name netlink socket");
  return address.nl_pid;
}

void NetlinkSocket::makeRoom(std::size_t bytes) const {
  constexpr std::size_t kUsual = 128 << 10;
  const int size = static_cast<int>(2 * bytes);
  if (bytes > kUsual) setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
}

Status NetlinkSocket::send(std::span<const std::uint8_t> messages) const {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  for (;;) {
    const auto sent = sendto(fd_.get(), messages.data(), messages.size(), 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
    if (sent >= 0) return {};
    if (errno != EINTR) return lastError("send netlink request");
  }
}

Result<std::span<const std::uint8_t>> NetlinkSocket::receive() {
  for (;;) {
    sockaddr_nl sender{};
    socklen_t senderSize = sizeof sender;
    const auto size = recvfrom(fd_.get(), buffer_.data(), buffer_.size(), MSG_TRUNC, reinterpret_cast<sockaddr*>(&sender), &senderSize);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::span<const std::uint8_t>{};
    if (size < 0) return lastError("receive from netlink");
    if (sender.nl_pid != 0) continue;  // any process may send to our port
    if (static_cast<std::size_t>(size) > buffer_.size()) return Error{"receive from netlink", ENOBUFS};
    return std::span<const std::uint8_t>(buffer_).first(static_cast<std::size_t>(size));
  }
}

}  // namespace aloft::os
