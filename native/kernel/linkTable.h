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

struct Address {
  wire::IpPrefix prefix;
  std::uint32_t flags = 0;    ///< IFA_F_…
  std::uint8_t scope = 0;     ///< RT_SCOPE_…
  std::uint8_t protocol = 0;  ///< IFA_PROTO

  bool isMarked() const { return protocol == wire::kAloftAddress; }
  bool isTentative() const { return (flags & (wire::kAddressTentative | wire::kAddressDadFailed)) != 0; }
  friend bool operator==(const Address&, const Address&) = default;
};

struct Link {
  std::uint32_t index = 0;
  std::string name;
  bool up = false;  ///< administratively up, with carrier
  bool loopback = false;
  wire::MacAddress mac{};
  std::string kind;                ///< "veth", "bridge", …; "" for a physical device
  std::uint32_t master = 0;        ///< index of the bridge or bond it is enslaved to, 0 for none
  std::vector<Address> addresses;  ///< in the kernel's order, as far as it is known

  const Address* find(const wire::IpPrefix& prefix) const;
};

class LinkTable {
 public:
  /// Takes a message in. False when it changed nothing.
  bool apply(const wire::LinkMessage& message);
  bool apply(const wire::AddressMessage& message);

  const Link* find(std::uint32_t index) const;
  const Link* find(std::string_view name) const;
  /// By index.
  const std::map<std::uint32_t, Link>& links() const { return links_; }

 private:
  bool remove(std::uint32_t index);

  std::map<std::uint32_t, Link> links_;
  std::unordered_map<std::string, std::uint32_t> indexByName_;
};

}  // namespace aloft::kernel
