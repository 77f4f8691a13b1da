#pragma once
// Frames of the interface: ARP, VRRP and Neighbor Advertisements, to whomever they go.

#include <cstdint>
#include <span>
#include <string>

#include "tools/receiver.h"
#include "wire/ipAddress.h"

namespace aloft::tools {

class PacketSocket {
 public:
  PacketSocket() = default;
  PacketSocket(const PacketSocket&) = delete;
  PacketSocket& operator=(const PacketSocket&) = delete;
  ~PacketSocket();

  /// Which frames are received.
  enum class Seen : std::uint8_t {
    Incoming,
    Both,  ///< also what the own host sends
    Nothing,
  };

  /// With `joinGroups` it joins the VRRP groups, for switches that snoop.
  /// Returns what is wrong, or an empty string.
  std::string open(const std::string& interface, bool joinGroups, Seen seen = Seen::Incoming);
  int fd() const { return fd_; }
  std::uint32_t interfaceIndex() const { return interfaceIndex_; }
  const wire::MacAddress& mac() const { return mac_; }
  bool send(std::span<const std::uint8_t> frame) const;

 private:
  std::string findInterface(const std::string& interface);
  void joinGroups();

  int fd_ = -1;
  int groups_[2] = {-1, -1};
  std::uint32_t interfaceIndex_ = 0;
  wire::MacAddress mac_{};
};

}  // namespace aloft::tools
