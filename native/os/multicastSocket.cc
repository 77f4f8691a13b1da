#include "os/multicastSocket.h"

#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstring>

#include "wire/vrrp.h"

namespace aloft::os {
namespace {

constexpr int kOn = 1;
constexpr int kOff = 0;
constexpr int kTtl = wire::kVrrpTtl;
constexpr int kNoChecksum = -1;          // our codec computes it; the kernel's would spoil it
constexpr int kNetworkControl = 0xc0;    // DSCP CS6
constexpr int kControlPriority = 7;      // TC_PRIO_CONTROL: ahead of data in the interface's queue
constexpr int kReceiveBuffer = 1 << 20;  // bytes: about 1000 adverts while the thread is not scheduled
constexpr int kSendBuffer = 1 << 20;

struct Option {
  int level;
  int name;
  const void* value;
  socklen_t size;
  const char* operation;
};

Status apply(int fd, std::span<const Option> options) {
  for (const Option& option : options) {
    if (setsockopt(fd, option.level, option.name, option.value, option.size) != 0) return lastError(option.operation);
  }
  return {};
}

/// The forced form needs CAP_NET_ADMIN; without it the system's maximum has to do.
void enlarge(int fd, int force, int plain, int bytes) {
  if (setsockopt(fd, SOL_SOCKET, force, &bytes, sizeof bytes) != 0) setsockopt(fd, SOL_SOCKET, plain, &bytes, sizeof bytes);
}

/// Both families are transparent: a MASTER that loses its source address still resigns from it. CAP_NET_RAW is enough, which the socket needs.
Status configureIPv4(int fd, std::uint32_t ifindex) {
  ip_mreqn group{};
  group.imr_multiaddr.s_addr = htonl(0xe0000012);  // 224.0.0.18
  group.imr_ifindex = static_cast<int>(ifindex);
  const std::array options{
      Option{IPPROTO_IP, IP_MULTICAST_ALL, &kOff, sizeof kOff, "set IP_MULTICAST_ALL"},
      Option{IPPROTO_IP, IP_MULTICAST_LOOP, &kOff, sizeof kOff, "set IP_MULTICAST_LOOP"},
      Option{IPPROTO_IP, IP_MULTICAST_TTL, &kTtl, sizeof kTtl, "set IP_MULTICAST_TTL"},
      Option{IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof group, "set IP_MULTICAST_IF"},
      Option{IPPROTO_IP, IP_TRANSPARENT, &kOn, sizeof kOn, "set IP_TRANSPARENT"},
      Option{IPPROTO_IP, IP_TOS, &kNetworkControl, sizeof kNetworkControl, "set IP_TOS"},
      Option{IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group, "join 224.0.0.18"},
  };
  return apply(fd, options);
}

Status configureIPv6(int fd, std::uint32_t ifindex) {
  ipv6_mreq group{};
  group.ipv6mr_multiaddr.s6_addr[0] = 0xff;
  group.ipv6mr_multiaddr.s6_addr[1] = 0x02;
  group.ipv6mr_multiaddr.s6_addr[15] = 0x12;  // ff02::12
  group.ipv6mr_interface = ifindex;
  const std::array options{
      Option{IPPROTO_IPV6, IPV6_CHECKSUM, &kNoChecksum, sizeof kNoChecksum, "set IPV6_CHECKSUM"},
      Option{IPPROTO_IPV6, IPV6_MULTICAST_ALL, &kOff, sizeof kOff, "set IPV6_MULTICAST_ALL"},
      Option{IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &kOff, sizeof kOff, "set IPV6_MULTICAST_LOOP"},
      Option{IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &kTtl, sizeof kTtl, "set IPV6_MULTICAST_HOPS"},
      Option{IPPROTO_IPV6, IPV6_MULTICAST_IF, &ifindex, sizeof ifindex, "set IPV6_MULTICAST_IF"},
      Option{IPPROTO_IPV6, IPV6_TRANSPARENT, &kOn, sizeof kOn, "set IPV6_TRANSPARENT"},
      Option{IPPROTO_IPV6, IPV6_TCLASS, &kNetworkControl, sizeof kNetworkControl, "set IPV6_TCLASS"},
      Option{IPPROTO_IPV6, IPV6_RECVPKTINFO, &kOn, sizeof kOn, "set IPV6_RECVPKTINFO"},
      Option{IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &kOn, sizeof kOn, "set IPV6_RECVHOPLIMIT"},
      Option{IPPROTO_IPV6, IPV6_JOIN_GROUP, &group, sizeof group, "join ff02::12"},
  };
  return apply(fd, options);
}

}  // namespace

Result<Fd> openVrrpSocket(wire::Family family, std::uint32_t ifindex, const char* interface) {
  const bool v4 = family == wire::Family::IPv4;
  Fd fd(socket(v4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, wire::kVrrpProtocol));
  if (!fd.valid()) return lastError("open VRRP socket");
  // Nothing may be queued from other interfaces before the socket is bound to its own.
  if (const Status filtered = attachFilter(fd.get(), wire::vrrpFilter(family, {})); !filtered.ok()) return filtered.error();
  const auto length = static_cast<socklen_t>(strnlen(interface, IFNAMSIZ - 1) + 1);
  const std::array common{
      Option{SOL_SOCKET, SO_BINDTODEVICE, interface, length, "bind VRRP socket to its interface"},
      Option{SOL_SOCKET, SO_PRIORITY, &kControlPriority, sizeof kControlPriority, "set SO_PRIORITY"},
  };
  if (const Status bound = apply(fd.get(), common); !bound.ok()) return bound.error();
  enlarge(fd.get(), SO_RCVBUFFORCE, SO_RCVBUF, kReceiveBuffer);
  enlarge(fd.get(), SO_SNDBUFFORCE, SO_SNDBUF, kSendBuffer);
  const Status configured = v4 ? configureIPv4(fd.get(), ifindex) : configureIPv6(fd.get(), ifindex);
  if (!configured.ok()) return configured.error();
  return fd;
}

Status attachFilter(int fd, std::span<const wire::FilterInstruction> program) {
  static_assert(sizeof(wire::FilterInstruction) == sizeof(sock_filter) && alignof(wire::FilterInstruction) == alignof(sock_filter));
  static_assert(offsetof(wire::FilterInstruction, operand) == offsetof(sock_filter, k));
  std::array<sock_filter, wire::kVrrpFilterSize> instructions{};
  if (program.size() > instructions.size()) return Error{"attach socket filter", EINVAL};
  std::memcpy(instructions.data(), program.data(), program.size_bytes());
  const sock_fprog filter{static_cast<unsigned short>(program.size()), instructions.data()};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0) return lastError("attach socket filter");
  return {};
}

}  // namespace aloft::os
