#include "os/groupSender.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace aloft::os {
namespace {

Status set(int fd, int level, int name, int value, const char* operation) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0 ? Status() : lastError(operation);
}

Status prepare4(int fd, int ifindex, int ttl) {
  ip_mreqn by{};
  by.imr_ifindex = ifindex;
  if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof by) != 0) return lastError("set IP_MULTICAST_IF");
  if (const Status status = set(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0, "set IP_MULTICAST_LOOP"); !status.ok()) return status;
  return set(fd, IPPROTO_IP, IP_MULTICAST_TTL, ttl, "set IP_MULTICAST_TTL");
}

Status prepare6(int fd, int ifindex, int hops) {
  if (const Status status = set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, ifindex, "set IPV6_MULTICAST_IF"); !status.ok()) return status;
  if (const Status status = set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0, "set IPV6_MULTICAST_LOOP"); !status.ok()) return status;
  return set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, hops, "set IPV6_MULTICAST_HOPS");
}

Status connectTo(int fd, const GroupSenderOptions& options, unsigned ifindex) {
  sockaddr_storage storage{};
  socklen_t size = 0;
  if (options.group.family == wire::Family::IPv4) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(options.port);
    std::memcpy(&to.sin_addr, options.group.bytes.data(), sizeof to.sin_addr);
    std::memcpy(&storage, &to, size = sizeof to);
  } else {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(options.port);
    to.sin6_scope_id = ifindex;
    std::memcpy(&to.sin6_addr, options.group.bytes.data(), sizeof to.sin6_addr);
    std::memcpy(&storage, &to, size = sizeof to);
  }
  if (connect(fd, reinterpret_cast<const sockaddr*>(&storage), size) != 0) return lastError("connect to multicast group");
  return {};
}

}  // namespace

Result<Fd> openGroupSender(const GroupSenderOptions& options) {
  const bool v4 = options.group.family == wire::Family::IPv4;
  const unsigned ifindex = if_nametoindex(options.interface.c_str());
  if (ifindex == 0) return lastError("find interface of the multicast group");
  Fd fd(socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return lastError("open socket to multicast group");
  const auto prepare = v4 ? prepare4 : prepare6;
  if (const Status status = prepare(fd.get(), static_cast<int>(ifindex), options.ttl); !status.ok()) return status.error();
  if (const Status status = connectTo(fd.get(), options, ifindex); !status.ok()) return status.error();
  return fd;
}

Status send(const Fd& sender, std::span<const std::uint8_t> bytes) {
  return ::send(sender.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0 ? Status(lastError("send to multicast group")) : Status();
}

Result<std::uint32_t> readMtu(const Fd& sender, const std::string& interface) {
  ifreq request{};
  std::copy_n(interface.begin(), std::min(interface.size(), sizeof request.ifr_name - 1), request.ifr_name);
  if (ioctl(sender.get(), SIOCGIFMTU, &request) != 0) return lastError("read the MTU of an interface");
  return static_cast<std::uint32_t>(request.ifr_mtu);
}

}  // namespace aloft::os
