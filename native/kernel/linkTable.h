#pragma once
// What the kernel has: links and their addresses, built from rtnetlink messages. Pure: no system call, any thread.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "wire/ipAddress.h"
#include "wire/rtnetlink.h"

namespace aloft::kernel {

/// The kernel gives it to the first link of every namespace: lo.
inline constexpr std::uint32_t kLoopbackIndex = 1;

struct Address {
  wire::IpPrefix prefix;
  std::uint32_t flags = 0;    ///< IFA_F_…
  std::uint8_t scope = 0;     ///< RT_SCOPE_…
  std::uint8_t protocol = 0;  ///< IFA_PROTO
  std::string label;          ///< IPv4 only; empty: the link's name
  wire::IpAddress broadcast;  ///< IPv4 only; unspecified: none

  bool isMarked() const { return protocol == wire::kAloftAddress; }
  bool isTentative() const { return (flags & (wire::kAddressTentative | wire::kAddressDadFailed)) != 0; }
  /// Falls with the primary address of its subnet, unless the link promotes secondary ones.
  bool isSecondary() const { return prefix.address.family == wire::Family::IPv4 && (flags & wire::kAddressSecondary) != 0; }
  friend bool operator==(const Address&, const Address&) = default;
};

struct Link {
  std::uint32_t index = 0;
  std::string name;
  bool raised = false;  ///< administratively up
  bool up = false;      ///< and with carrier
  bool loopback = false;
  wire::MacAddress mac{};
  std::string kind;  ///< "veth", "bridge", …; "" for a physical device
  std::string alias;
  std::uint32_t master = 0;        ///< index of the bridge or bond it is enslaved to, 0 for none
  std::uint32_t parent = 0;        ///< index of the link that a macvlan or vlan stands on; of a veth its other end
  std::vector<Address> addresses;  ///< in the kernel's order, as far as it is known

  const Address* find(const wire::IpPrefix& prefix) const;
};

/// Whether `address` lies in the subnet `subnet`.
bool contains(const wire::IpPrefix& subnet, const wire::IpAddress& address);

class LinkTable {
 public:
  /// Takes a message in. False when it changed nothing.
  bool apply(const wire::LinkMessage& message);
  bool apply(const wire::AddressMessage& message);

  const Link* find(std::uint32_t index) const;
  const Link* find(std::string_view name) const;
  /// "eth0", or "interface 7" of one that is not there.
  std::string nameOf(std::uint32_t index) const;
  /// By index.
  const std::map<std::uint32_t, Link>& links() const { return links_; }

 private:
  bool remove(std::uint32_t index);

  std::map<std::uint32_t, Link> links_;
  std::unordered_map<std::string, std::uint32_t> indexByName_;
};

}  // namespace aloft::kernel
