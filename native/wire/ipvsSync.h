#pragma once
// The protocol, version 1, by which IPVS directors tell each other of connections (linux/net/netfilter/ipvs/ip_vs_sync.c): the kernel's
// backup daemons understand it. Pure.
//
//   header   0 | syncID | size of all (16) | connections (8) | version 1 | 0 (16)
//   each     type: 0 IPv4, 1 IPv6 | protocol | size (16) | flags (32) | state (16) | ports of client, service, server (16 each)
//            | mark (32) | seconds until it expires (32) | addresses of client, service, server
//
// All numbers are big-endian. How packets are forwarded, the receiver knows from its own table.

#include <cstdint>
#include <span>
#include <vector>

#include "wire/ipvsConnection.h"

namespace aloft::wire {

inline constexpr std::uint16_t kIpvsSyncPort = 8848;

class IpvsSyncMessage {
 public:
  /// `maxSize`: of the message, with its header.
  IpvsSyncMessage(std::uint8_t syncId, std::size_t maxSize);

  /// False: it is full, or the connection has addresses of two families, which the protocol cannot tell of.
  bool add(const IpvsConnection& connection);
  bool empty() const { return count_ == 0; }
  std::span<const std::uint8_t> bytes() const { return bytes_; }
  void clear();

 private:
  const std::size_t maxSize_;
  std::vector<std::uint8_t> bytes_;
  std::uint8_t count_ = 0;
};

/// Whether the protocol can tell of it.
bool canBeTold(const IpvsConnection& connection);

}  // namespace aloft::wire
