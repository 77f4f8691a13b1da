#include "tools/echoSocket.h"

#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "wire/bytes.h"
#include "wire/checksum.h"

// RFC 792 and RFC 4443 §4.1: type, code, checksum, identifier, sequence; then ours: mark (4), target (4), sequence (8).

namespace aloft::tools {
namespace {

constexpr std::size_t kHeaderSize = 8;
constexpr std::size_t kMessageSize = kHeaderSize + 16;
constexpr std::uint32_t kMark = 0x616c6f66;

struct Payload {
  std::uint32_t mark;
  std::uint32_t target;
  std::uint64_t sequence;
};
static_assert(sizeof(Payload) == kMessageSize - kHeaderSize);

struct Destination {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Destination toSocketAddress(const wire::IpAddress& address, std::uint32_t interface) {
  Destination to;
  if (address.family == wire::Family::IPv4) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    std::memcpy(&four.sin_addr, address.bytes.data(), 4);
    std::memcpy(&to.storage, &four, to.size = sizeof four);
  } else {
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    std::memcpy(&six.sin6_addr, address.bytes.data(), 16);
    six.sin6_scope_id = address.isLinkLocal6() ? interface : 0;
    std::memcpy(&to.storage, &six, to.size = sizeof six);
  }
  return to;
}

std::string openIPv4(int fd) {
  icmp_filter filter{~(1u << ICMP_ECHOREPLY)};
  return setsockopt(fd, SOL_RAW, ICMP_FILTER, &filter, sizeof filter) != 0 ? systemError("ICMP_FILTER") : "";
}

std::string openIPv6(int fd) {
  icmp6_filter filter;
  ICMP6_FILTER_SETBLOCKALL(&filter);
  ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
  return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter) != 0 ? systemError("ICMP6_FILTER") : "";
}

}  // namespace

EchoSocket::~EchoSocket() {
  if (fd_ >= 0) close(fd_);
}

std::string EchoSocket::open(wire::Family family, std::uint32_t interface) {
  family_ = family;
  interface_ = interface;
  identifier_ = static_cast<std::uint16_t>(getpid());
  const bool four = family == wire::Family::IPv4;
  fd_ = socket(four ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC, four ? IPPROTO_ICMP : IPPROTO_ICMPV6);
  if (fd_ < 0) return systemError("raw ICMP socket (CAP_NET_RAW)");
  const std::string error = four ? openIPv4(fd_) : openIPv6(fd_);
  return error.empty() ? prepareReception(fd_) : error;
}

bool EchoSocket::send(const wire::IpAddress& to, std::uint32_t target, std::uint64_t sequence) const {
  const bool four = family_ == wire::Family::IPv4;
  std::array<std::uint8_t, kMessageSize> message{};
  message[0] = four ? std::uint8_t{ICMP_ECHO} : std::uint8_t{ICMP6_ECHO_REQUEST};
  wire::store16(message, 4, identifier_);
  wire::store16(message, 6, static_cast<std::uint16_t>(sequence));
  const Payload payload{kMark, target, sequence};
  std::memcpy(message.data() + kHeaderSize, &payload, sizeof payload);
  // The kernel itself fills in the checksum of ICMPv6.
  if (four) wire::store16(message, 2, wire::InternetChecksum{}.add(message).finish());
  const Destination destination = toSocketAddress(to, interface_);
  return sendto(fd_, message.data(), message.size(), MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&destination.storage),
                destination.size) == static_cast<ssize_t>(message.size());
}

std::optional<EchoReply> EchoSocket::parse(std::span<const std::uint8_t> packet) const {
  const bool four = family_ == wire::Family::IPv4;
  const std::size_t ipHeader = !four || packet.empty() ? 0 : (packet[0] & 15u) * 4;
  if (packet.size() < ipHeader + kMessageSize) return std::nullopt;
  const auto message = packet.subspan(ipHeader, kMessageSize);
  if (message[0] != (four ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY) || wire::load16(message, 4) != identifier_) return std::nullopt;
  Payload payload;
  std::memcpy(&payload, message.data() + kHeaderSize, sizeof payload);
  if (payload.mark != kMark) return std::nullopt;
  return EchoReply{payload.target, payload.sequence};
}

}  // namespace aloft::tools
