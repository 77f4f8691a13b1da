#include "os/outgoing.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace aloft::os {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress toSocketAddress(const wire::IpAddress& address, std::uint16_t port, std::uint32_t ifindex) {
  SocketAddress result;
  if (address.family == wire::Family::IPv4) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    std::memcpy(&in.sin_addr, address.bytes.data(), sizeof in.sin_addr);
    std::memcpy(&result.storage, &in, sizeof in);
    result.size = sizeof in;
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port);
    in.sin6_scope_id = address.isLinkLocal6() ? ifindex : 0;
    std::memcpy(&in.sin6_addr, address.bytes.data(), sizeof in.sin6_addr);
    std::memcpy(&result.storage, &in, sizeof in);
    result.size = sizeof in;
  }
  return result;
}

template <class Value>
Status set(int fd, int level, int name, const Value& value, const char* operation) {
  if (setsockopt(fd, level, name, &value, sizeof value) != 0) return lastError(operation);
  return {};
}

Status setOptions(int fd, const Outgoing& options) {
  constexpr int kOn = 1;
  if (options.mark != 0) {
    if (const Status status = set(fd, SOL_SOCKET, SO_MARK, options.mark, "set the firewall mark"); !status.ok()) return status;
  }
  if (!options.interface.empty()) {
    const auto length = static_cast<socklen_t>(options.interface.size());
    if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, options.interface.data(), length) != 0) return lastError("bind to the interface");
  }
  if (options.protocol == Outgoing::Protocol::Udp) {
    // Else the kernel keeps "no route" and "no such host" of a server to itself.
    return options.address.family == wire::Family::IPv4 ? set(fd, IPPROTO_IP, IP_RECVERR, kOn, "set IP_RECVERR")
                                                        : set(fd, IPPROTO_IPV6, IPV6_RECVERR, kOn, "set IPV6_RECVERR");
  }
  constexpr linger kReset{.l_onoff = 1, .l_linger = 0};
  return options.resets ? set(fd, SOL_SOCKET, SO_LINGER, kReset, "set SO_LINGER") : Status{};
}

Status bindSource(int fd, const Outgoing& options, std::uint32_t ifindex) {
  if (!options.source && options.sourcePort == 0) return {};
  constexpr int kOn = 1;
  wire::IpAddress any;
  any.family = options.address.family;
  // With the port: it may be in use by connections to others. Without: it is chosen when it is known to whom, so that each server has all.
  const Status prepared = options.sourcePort != 0
                              ? set(fd, SOL_SOCKET, SO_REUSEADDR, kOn, "set SO_REUSEADDR")
                              : set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, kOn, "set IP_BIND_ADDRESS_NO_PORT");
  if (!prepared.ok()) return prepared;
  SocketAddress source = toSocketAddress(options.source.value_or(any), options.sourcePort, ifindex);
  if (bind(fd, source.get(), source.size) != 0) return lastError("bind to the source address");
  return {};
}

}  // namespace

Result<Fd> openOutgoing(const Outgoing& options) {
  const int domain = options.address.family == wire::Family::IPv4 ? AF_INET : AF_INET6;
  const int type = options.protocol == Outgoing::Protocol::Tcp ? SOCK_STREAM : SOCK_DGRAM;
  Fd fd(socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return lastError("open a socket");
  if (const Status status = setOptions(fd.get(), options); !status.ok()) return status.error();
  const std::uint32_t ifindex = options.interface.empty() ? 0 : if_nametoindex(options.interface.c_str());
  if (const Status status = bindSource(fd.get(), options, ifindex); !status.ok()) return status.error();
  if (options.protocol == Outgoing::Protocol::Udp) return fd;
  SocketAddress target = toSocketAddress(options.address, options.port, ifindex);
  if (connect(fd.get(), target.get(), target.size) != 0 && errno != EINPROGRESS) return lastError("connect");
  return fd;
}

Status outcomeOf(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return lastError("connect");
  // A connection that is not yet open is refused, not reset.
  const bool wasReset = error == ECONNRESET || error == EPIPE;
  if (error != 0 && !wasReset) return Error{"connect", error};
  SocketAddress own;
  SocketAddress peer;
  const bool hasPeer = getsockname(fd, own.get(), &own.size) == 0 && getpeername(fd, peer.get(), &peer.size) == 0;
  const bool isItself = hasPeer && own.size == peer.size && std::memcmp(&own.storage, &peer.storage, own.size) == 0;
  return isItself ? Status(Error{"connect", ECONNREFUSED}) : Status{};
}

}  // namespace aloft::os
