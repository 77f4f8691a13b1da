#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "os/fd.h"
#include "os/result.h"

namespace aloft::os {

/// NETLINK_ROUTE is links, addresses, routes, traffic control; NETLINK_NETFILTER is nf_tables; NETLINK_GENERIC is all that has a family of
/// its own.
enum class NetlinkProtocol : int { Route = 0, Netfilter = 12, Generic = 16 };

/// A netlink socket, for requests or for notifications. Datagrams that did not come from the kernel are dropped.
class NetlinkSocket {
 public:
  /// For requests: receive() waits up to `kReplyTimeoutMs` for an answer.
  static Result<NetlinkSocket> open(NetlinkProtocol protocol = NetlinkProtocol::Route);
  /// For notifications of NETLINK_ROUTE, of the given RTNLGRP_… numbers: receive() never waits.
  static Result<NetlinkSocket> subscribe(std::span<const unsigned> groups);
  /// Around a socket that is not the kernel's: for tests.
  static NetlinkSocket around(Fd fd) { return NetlinkSocket(std::move(fd)); }

  int fd() const { return fd_.get(); }
  /// By which the kernel tells notifications of what this socket asked for from those of others.
  Result<std::uint32_t> port() const;
  /// For requests of that many bytes at once. What the kernel grants shows when they are sent.
  void makeRoom(std::size_t bytes) const;
  Status send(std::span<const std::uint8_t> messages) const;
  /// The next datagram; empty when there is none now. Valid until the next call. ENOBUFS says that notifications or answers were lost.
  Result<std::span<const std::uint8_t>> receive();

  static constexpr int kReplyTimeoutMs = 5000;

 private:
  explicit NetlinkSocket(Fd fd);
  Fd fd_;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace aloft::os
