#pragma once
// ICMP and ICMPv6 echo through an ordinary raw socket: the kernel routes and resolves as for any program.

#include <cstdint>
#include <optional>
#include <string>

#include "tools/receiver.h"
#include "wire/ipAddress.h"

namespace aloft::tools {

struct EchoReply {
  std::uint32_t target = 0;  ///< as given to send()
  std::uint64_t sequence = 0;
};

class EchoSocket {
 public:
  EchoSocket() = default;
  EchoSocket(const EchoSocket&) = delete;
  EchoSocket& operator=(const EchoSocket&) = delete;
  ~EchoSocket();

  /// `interface` is the scope of link-local addresses. Returns what is wrong, or an empty string.
  std::string open(wire::Family family, std::uint32_t interface);
  int fd() const { return fd_; }
  /// False when the kernel refuses to send.
  bool send(const wire::IpAddress& to, std::uint32_t target, std::uint64_t sequence) const;
  /// Nothing when the packet is no reply to one of this process's requests.
  std::optional<EchoReply> parse(std::span<const std::uint8_t> packet) const;

 private:
  int fd_ = -1;
  wire::Family family_ = wire::Family::IPv4;
  std::uint32_t interface_ = 0;
  std::uint16_t identifier_ = 0;
};

}  // namespace aloft::tools
