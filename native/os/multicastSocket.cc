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

ip_mreqn membership4(std::uint32_t ifindex, const wire::IpAddress& group) {
  ip_mreqn membership{};
  std::memcpy(&membership.imr_multiaddr, group.bytes.data(), sizeof membership.imr_multiaddr);
  membership.imr_ifindex = static_cast<int>(ifindex);
  return membership;
}

ipv6_mreq membership6(std::uint32_t ifindex, const wire::IpAddress& group) {
  ipv6_mreq membership{};
  std::memcpy(&membership.ipv6mr_multiaddr, group.bytes.data(), sizeof membership.ipv6mr_multiaddr);
  membership.ipv6mr_interface = ifindex;
  return membership;
}

constexpr std::array kHear4 = {
    Option{IPPROTO_IP, IP_MULTICAST_ALL, &kOff, sizeof kOff, "set IP_MULTICAST_ALL"},
};
constexpr std::array kHear6 = {
    Option{IPPROTO_IPV6, IPV6_CHECKSUM, &kNoChecksum, sizeof kNoChecksum, "set IPV6_CHECKSUM"},
    Option{IPPROTO_IPV6, IPV6_MULTICAST_ALL, &kOff, sizeof kOff, "set IPV6_MULTICAST_ALL"},
    Option{IPPROTO_IPV6, IPV6_RECVPKTINFO, &kOn, sizeof kOn, "set IPV6_RECVPKTINFO"},
    Option{IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &kOn, sizeof kOn, "set IPV6_RECVHOPLIMIT"},
};
// Senders are transparent: a MASTER that loses its source address still resigns from it, and a macvlan sends from its parent's.
// CAP_NET_RAW is enough, which the socket needs.
constexpr std::array kSpeak4 = {
    Option{IPPROTO_IP, IP_MULTICAST_ALL, &kOff, sizeof kOff, "set IP_MULTICAST_ALL"},
    Option{IPPROTO_IP, IP_MULTICAST_LOOP, &kOff, sizeof kOff, "set IP_MULTICAST_LOOP"},
    Option{IPPROTO_IP, IP_MULTICAST_TTL, &kTtl, sizeof kTtl, "set IP_MULTICAST_TTL"},
    Option{IPPROTO_IP, IP_TTL, &kTtl, sizeof kTtl, "set IP_TTL"},
    Option{IPPROTO_IP, IP_TRANSPARENT, &kOn, sizeof kOn, "set IP_TRANSPARENT"},
    Option{IPPROTO_IP, IP_TOS, &kNetworkControl, sizeof kNetworkControl, "set IP_TOS"},
};
constexpr std::array kSpeak6 = {
    Option{IPPROTO_IPV6, IPV6_CHECKSUM, &kNoChecksum, sizeof kNoChecksum, "set IPV6_CHECKSUM"},
    Option{IPPROTO_IPV6, IPV6_MULTICAST_ALL, &kOff, sizeof kOff, "set IPV6_MULTICAST_ALL"},
    Option{IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &kOff, sizeof kOff, "set IPV6_MULTICAST_LOOP"},
    Option{IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &kTtl, sizeof kTtl, "set IPV6_MULTICAST_HOPS"},
    Option{IPPROTO_IPV6, IPV6_UNICAST_HOPS, &kTtl, sizeof kTtl, "set IPV6_UNICAST_HOPS"},
    Option{IPPROTO_IPV6, IPV6_TRANSPARENT, &kOn, sizeof kOn, "set IPV6_TRANSPARENT"},
    Option{IPPROTO_IPV6, IPV6_TCLASS, &kNetworkControl, sizeof kNetworkControl, "set IPV6_TCLASS"},
};

/// Nothing may be queued before the socket is what it shall be.
Result<Fd> openDeaf(wire::Family family) {
  const int domain = family == wire::Family::IPv4 ? AF_INET : AF_INET6;
  Fd fd(socket(domain, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, wire::kVrrpProtocol));
  if (!fd.valid()) return lastError("open VRRP socket");
  if (const Status filtered = attachFilter(fd.get(), wire::kDropFilter); !filtered.ok()) return filtered.error();
  return fd;
}

}  // namespace

Result<Fd> openVrrpSocket(wire::Family family, std::uint32_t, const char* interface) {
  Result<Fd> fd = openDeaf(family);
  if (!fd.ok()) return fd;
  const int number = fd.value().get();
  const auto length = static_cast<socklen_t>(strnlen(interface, IFNAMSIZ - 1) + 1);
  const Option bound{SOL_SOCKET, SO_BINDTODEVICE, interface, length, "bind VRRP socket to its interface"};
  if (const Status status = apply(number, {&bound, 1}); !status.ok()) return status.error();
  enlarge(number, SO_RCVBUFFORCE, SO_RCVBUF, kReceiveBuffer);
  const Status status = family == wire::Family::IPv4 ? apply(number, kHear4) : apply(number, kHear6);
  if (!status.ok()) return status.error();
  return fd;
}

Result<Fd> openVrrpSender(wire::Family family) {
  Result<Fd> fd = openDeaf(family);
  if (!fd.ok()) return fd;
  const int number = fd.value().get();
  const Option priority{SOL_SOCKET, SO_PRIORITY, &kControlPriority, sizeof kControlPriority, "set SO_PRIORITY"};
  if (const Status status = apply(number, {&priority, 1}); !status.ok()) return status.error();
  enlarge(number, SO_SNDBUFFORCE, SO_SNDBUF, kSendBuffer);
  const Status status = family == wire::Family::IPv4 ? apply(number, kSpeak4) : apply(number, kSpeak6);
  if (!status.ok()) return status.error();
  return fd;
}

Status joinGroup(int fd, std::uint32_t ifindex, const wire::IpAddress& group) {
  constexpr const char* kOperation = "join multicast group of VRRP";
  if (group.family == wire::Family::IPv4) {
    const ip_mreqn membership = membership4(ifindex, group);
    const Option join{IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof membership, kOperation};
    return apply(fd, {&join, 1});
  }
  const ipv6_mreq membership = membership6(ifindex, group);
  const Option join{IPPROTO_IPV6, IPV6_JOIN_GROUP, &membership, sizeof membership, kOperation};
  return apply(fd, {&join, 1});
}

Status leaveGroup(int fd, std::uint32_t ifindex, const wire::IpAddress& group) {
  constexpr const char* kOperation = "leave multicast group of VRRP";
  if (group.family == wire::Family::IPv4) {
    const ip_mreqn membership = membership4(ifindex, group);
    const Option leave{IPPROTO_IP, IP_DROP_MEMBERSHIP, &membership, sizeof membership, kOperation};
    return apply(fd, {&leave, 1});
  }
  const ipv6_mreq membership = membership6(ifindex, group);
  const Option leave{IPPROTO_IPV6, IPV6_LEAVE_GROUP, &membership, sizeof membership, kOperation};
  return apply(fd, {&leave, 1});
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
