#include "os/vrrpBatch.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace aloft::os {
namespace {

wire::IpAddress address6(const in6_addr& raw) {
  wire::IpAddress address{wire::Family::IPv6, {}};
  std::memcpy(address.bytes.data(), &raw, sizeof raw);
  return address;
}

wire::IpAddress address4(std::span<const std::uint8_t> header, std::size_t at) {
  wire::IpAddress address{wire::Family::IPv4, {}};
  std::copy_n(header.data() + at, 4, address.bytes.data());
  return address;
}

/// A raw IPv4 socket delivers the IP header as well, reassembled and trimmed to its total length.
std::optional<VrrpPacket> fromIPv4(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t kMinHeader = 20;
  if (bytes.size() < kMinHeader) return std::nullopt;
  const std::size_t headerSize = (bytes[0] & 0x0fU) * 4U;
  if (headerSize < kMinHeader || headerSize > bytes.size()) return std::nullopt;
  return VrrpPacket{address4(bytes, 12), address4(bytes, 16), bytes[8], bytes.subspan(headerSize)};
}

/// A raw IPv6 socket delivers the payload; destination and hop limit come as control data.
std::optional<VrrpPacket> fromIPv6(const msghdr& header, const sockaddr_in6& source, std::span<const std::uint8_t> bytes) {
  bool destinationKnown = false;
  bool hopLimitKnown = false;
  VrrpPacket packet{address6(source.sin6_addr), {}, 0, bytes};
  auto* headerPointer = const_cast<msghdr*>(&header);  // CMSG_NXTHDR is not const-correct
  for (cmsghdr* control = CMSG_FIRSTHDR(headerPointer); control != nullptr; control = CMSG_NXTHDR(headerPointer, control)) {
    if (control->cmsg_level != IPPROTO_IPV6) continue;
    if (control->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(control), sizeof info);
      packet.destination = address6(info.ipi6_addr);
      destinationKnown = true;
    } else if (control->cmsg_type == IPV6_HOPLIMIT) {
      int hopLimit = 0;
      std::memcpy(&hopLimit, CMSG_DATA(control), sizeof hopLimit);
      packet.ttl = static_cast<std::uint8_t>(hopLimit);
      hopLimitKnown = true;
    }
  }
  if (!destinationKnown || !hopLimitKnown) return std::nullopt;
  return packet;
}

/// Writes one control message. Returns its size.
template <class Info>
std::size_t writeControl(std::span<std::uint8_t> buffer, int level, int type, const Info& info) {
  cmsghdr header{};
  header.cmsg_len = CMSG_LEN(sizeof info);
  header.cmsg_level = level;
  header.cmsg_type = type;
  std::memcpy(buffer.data(), &header, sizeof header);
  std::memcpy(buffer.data() + CMSG_LEN(0), &info, sizeof info);
  return CMSG_SPACE(sizeof info);
}

/// Which source address and interface a datagram leaves by.
std::size_t writeSource(std::span<std::uint8_t> buffer, const VrrpDatagram& datagram) {
  if (datagram.source.family == wire::Family::IPv4) {
    in_pktinfo info{};
    info.ipi_ifindex = static_cast<int>(datagram.ifindex);
    std::memcpy(&info.ipi_spec_dst, datagram.source.bytes.data(), sizeof info.ipi_spec_dst);
    return writeControl(buffer, IPPROTO_IP, IP_PKTINFO, info);
  }
  in6_pktinfo info{};
  info.ipi6_ifindex = datagram.ifindex;
  std::memcpy(&info.ipi6_addr, datagram.source.bytes.data(), sizeof info.ipi6_addr);
  return writeControl(buffer, IPPROTO_IPV6, IPV6_PKTINFO, info);
}

/// The socket's own TTL needs none.
std::size_t writeTtl(std::span<std::uint8_t> buffer, const VrrpDatagram& datagram) {
  if (datagram.ttl == wire::kVrrpTtl) return 0;
  const int ttl = datagram.ttl;
  if (datagram.source.family == wire::Family::IPv4) return writeControl(buffer, IPPROTO_IP, IP_TTL, ttl);
  return writeControl(buffer, IPPROTO_IPV6, IPV6_HOPLIMIT, ttl);
}

socklen_t writeDestination(sockaddr_storage& storage, const VrrpDatagram& datagram) {
  if (datagram.destination.family == wire::Family::IPv4) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    std::memcpy(&address.sin_addr, datagram.destination.bytes.data(), sizeof address.sin_addr);
    std::memcpy(&storage, &address, sizeof address);
    return sizeof address;
  }
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_scope_id = datagram.ifindex;
  std::memcpy(&address.sin6_addr, datagram.destination.bytes.data(), sizeof address.sin6_addr);
  std::memcpy(&storage, &address, sizeof address);
  return sizeof address;
}

}  // namespace

VrrpReceiver::VrrpReceiver() {
  for (std::size_t i = 0; i < kBatch; ++i) {
    slots_[i].vector = {slots_[i].bytes.data(), slots_[i].bytes.size()};
  }
}

std::size_t VrrpReceiver::receive(int fd, wire::Family family) {
  for (std::size_t i = 0; i < kBatch; ++i) {
    Slot& slot = slots_[i];
    headers_[i] = {};
    headers_[i].msg_hdr.msg_name = &slot.source;
    headers_[i].msg_hdr.msg_namelen = sizeof slot.source;
    headers_[i].msg_hdr.msg_iov = &slot.vector;
    headers_[i].msg_hdr.msg_iovlen = 1;
    headers_[i].msg_hdr.msg_control = slot.control.data();
    headers_[i].msg_hdr.msg_controllen = slot.control.size();
  }
  count_ = 0;
  const int taken = recvmmsg(fd, headers_.data(), kBatch, MSG_DONTWAIT, nullptr);
  for (int i = 0; i < taken; ++i) {
    const auto index = static_cast<std::size_t>(i);
    const std::span bytes = std::span(slots_[index].bytes).first(headers_[index].msg_len);
    const auto packet = family == wire::Family::IPv4 ? fromIPv4(bytes) : fromIPv6(headers_[index].msg_hdr, slots_[index].source, bytes);
    if (packet) packets_[count_++] = *packet;
  }
  return taken < 0 ? 0 : static_cast<std::size_t>(taken);
}

void VrrpSender::add(const VrrpDatagram& datagram) {
  Slot& slot = slots_[count_];
  mmsghdr& header = headers_[count_];
  header = {};
  const auto message = datagram.message.first(std::min(datagram.message.size(), slot.bytes.size()));
  std::memcpy(slot.bytes.data(), message.data(), message.size());
  slot.vector = {slot.bytes.data(), message.size()};
  header.msg_hdr.msg_name = &slot.destination;
  header.msg_hdr.msg_namelen = writeDestination(slot.destination, datagram);
  header.msg_hdr.msg_iov = &slot.vector;
  header.msg_hdr.msg_iovlen = 1;
  header.msg_hdr.msg_control = slot.control.data();
  const std::size_t sourceSize = writeSource(slot.control, datagram);
  header.msg_hdr.msg_controllen = sourceSize + writeTtl(std::span(slot.control).subspan(sourceSize), datagram);
  tags_[count_++] = datagram.tag;
}

std::span<const std::uint32_t> VrrpSender::flush(int fd) {
  std::size_t failures = 0;
  for (std::size_t next = 0; next < count_;) {
    const int sent = sendmmsg(fd, headers_.data() + next, static_cast<unsigned>(count_ - next), MSG_DONTWAIT);
    if (sent > 0) {
      next += static_cast<std::size_t>(sent);
    } else {
      // The call fails for its first message only; those behind it deserve their own try.
      failed_[failures++] = tags_[next++];
    }
  }
  count_ = 0;
  return std::span(failed_).first(failures);
}

}  // namespace aloft::os
