#pragma once
// The two messages that a virtual router sends, kept encoded: they change with the configuration or the source address only.

#include <cstdint>
#include <span>
#include <vector>

#include "vrrp/configuration.h"

namespace aloft::vrrp {

class AdvertMessages {
 public:
  explicit AdvertMessages(const RouterConfig& router);

  /// The message with the router's own priority, or with priority 0. Valid until a call with another source or form.
  std::span<const std::uint8_t> message(bool resign, const wire::IpAddress& source, wire::ChecksumForm form);

  /// Where adverts of a family go.
  static wire::IpAddress group(wire::Family family);

  /// Whether `addresses`, as they stand in an advert, are the same set as those that we send.
  bool listsSameAddresses(std::span<const std::uint8_t> addresses) const;

 private:
  void encode();

  wire::EncodeInput input_;
  std::vector<wire::IpAddress> addresses_;  // as sent
  std::vector<wire::IpAddress> sorted_;
  std::vector<std::uint8_t> own_;
  std::vector<std::uint8_t> resignation_;
  bool encoded_ = false;
};

}  // namespace aloft::vrrp
