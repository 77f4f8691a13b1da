#pragma once
// Receiving and sending adverts many at a time. All buffers are members: nothing is allocated after construction.

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <span>

#include "wire/ipAddress.h"
#include "wire/vrrp.h"

namespace aloft::os {

/// A packet as it came from a raw socket; `message` lies behind the IP header and is valid until the next receive().
struct VrrpPacket {
  wire::IpAddress source;
  wire::IpAddress destination;
  std::uint8_t ttl = 0;
  std::span<const std::uint8_t> message;
};

class VrrpReceiver {
 public:
  static constexpr std::size_t kBatch = 32;

  VrrpReceiver();
  VrrpReceiver(const VrrpReceiver&) = delete;
  VrrpReceiver& operator=(const VrrpReceiver&) = delete;

  /// Takes up to kBatch packets off a non-blocking socket; fewer than kBatch says that it is empty. Packets without the header or
  /// control data that they must have are left out, so that `packets` can hold fewer than the returned number taken.
  std::size_t receive(int fd, wire::Family family);
  std::span<const VrrpPacket> packets() const { return {packets_.data(), count_}; }

 private:
  static constexpr std::size_t kMaxIPv4Header = 60;
  struct Slot {
    std::array<std::uint8_t, wire::kMaxVrrpSize + kMaxIPv4Header> bytes;
    alignas(cmsghdr) std::array<std::uint8_t, 128> control;
    sockaddr_in6 source;
    iovec vector;
  };

  std::array<Slot, kBatch> slots_{};
  std::array<mmsghdr, kBatch> headers_{};
  std::array<VrrpPacket, kBatch> packets_{};
  std::size_t count_ = 0;
};

/// An advert to be sent. `tag` comes back when it could not be.
struct VrrpDatagram {
  std::uint32_t ifindex = 0;
  wire::IpAddress source;
  wire::IpAddress destination;
  std::span<const std::uint8_t> message;
  std::uint32_t tag = 0;
  std::uint8_t ttl = wire::kVrrpTtl;  ///< or hop limit
};

class VrrpSender {
 public:
  static constexpr std::size_t kBatch = 64;

  VrrpSender() = default;
  VrrpSender(const VrrpSender&) = delete;
  VrrpSender& operator=(const VrrpSender&) = delete;

  bool full() const { return count_ == kBatch; }
  bool empty() const { return count_ == 0; }
  /// Copies the message, at most wire::kMaxVrrpSize bytes. Not when full().
  void add(const VrrpDatagram& datagram);
  /// Sends all over `fd` and forgets them. Returns the tags of those that failed; valid until the next flush.
  std::span<const std::uint32_t> flush(int fd);

 private:
  struct Slot {
    sockaddr_storage destination;
    alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(int))> control;
    iovec vector;
    std::array<std::uint8_t, wire::kMaxVrrpSize> bytes;
  };

  std::array<Slot, kBatch> slots_{};
  std::array<mmsghdr, kBatch> headers_{};
  std::array<std::uint32_t, kBatch> tags_{};
  std::array<std::uint32_t, kBatch> failed_{};
  std::size_t count_ = 0;
};

}  // namespace aloft::os
