#pragma once
// The messages that a virtual router sends, kept encoded: they change with the configuration, the priority and the source address only.

#include <cstdint>
#include <span>
#include <vector>

#include "vrrp/configuration.h"

namespace aloft::vrrp {

class AdvertMessages {
 public:
  explicit AdvertMessages(const RouterConfig& router);

  /// The multicast group, or the unicast peers. At least one.
  std::span<const wire::IpAddress> destinations() const { return destinations_; }

  /// What is sent from now on. Encodes anew if anything is another than before; returns whether it is.
  bool update(std::uint8_t priority, const wire::IpAddress& source, wire::ChecksumForm form);
  /// The message with the router's own priority, or with priority 0, to a destination. Valid until an update() that returns true.
  std::span<const std::uint8_t> message(bool resign, std::size_t destination) const;
  /// Whether `message` is one of those that are sent.
  bool isOurs(std::span<const std::uint8_t> message) const;

  /// Where adverts of a family go by default.
  static wire::IpAddress group(wire::Family family);

  /// How the address list of an advert compares with ours.
  enum class Comparison : std::uint8_t { Same, Different, Disjoint };
  Comparison compare(std::span<const std::uint8_t> addresses) const;

  template <typename Action>
  void forEachMemory(const Action& action) const {
    action(std::as_bytes(std::span(addresses_)));
    action(std::as_bytes(std::span(sorted_)));
    action(std::as_bytes(std::span(destinations_)));
    action(std::as_bytes(std::span(encoded_)));
  }

 private:
  std::span<std::uint8_t> slot(bool resign, std::size_t destination);
  std::size_t offset(bool resign, std::size_t destination) const { return (2 * destination + (resign ? 1 : 0)) * size_; }
  void encode();

  wire::EncodeInput input_;
  std::vector<wire::IpAddress> addresses_;  // as sent
  std::vector<wire::IpAddress> sorted_;
  std::vector<wire::IpAddress> destinations_;
  std::size_t size_;                   // of one message
  std::vector<std::uint8_t> encoded_;  // per destination the own one and the resignation
  bool isEncoded_ = false;
};

}  // namespace aloft::vrrp
