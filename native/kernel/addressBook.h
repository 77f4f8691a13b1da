#pragma once
// Which addresses in the kernel are ours, and for whom we hold each. Pure: plans operations, and is told how they went.

#include <cstdint>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

#include "wire/ipAddress.h"

namespace aloft::kernel {

struct AddressOperation {
  enum class Kind : std::uint8_t { Add, Remove };
  Kind kind = Kind::Add;
  std::uint32_t ifindex = 0;
  wire::IpPrefix prefix;
  friend bool operator==(const AddressOperation&, const AddressOperation&) = default;
};

/// Whoever an address is held for; a RouterId of the engine.
using Owner = std::uint32_t;
/// Owns what a predecessor left and nobody wants: such addresses wait for their removal.
inline constexpr Owner kNobody = 0;

struct HeldAddress {
  std::uint32_t ifindex = 0;
  wire::IpPrefix prefix;
  friend bool operator==(const HeldAddress&, const HeldAddress&) = default;
};

class AddressBook {
 public:
  /// The operations after which `owner` has exactly `wanted` on `ifindex`, removals first: an IPv6 address must go before it can come
  /// back with another prefix length. What another owner has is taken over from it without an operation. Nothing is ever removed that is
  /// not in the book.
  std::vector<AddressOperation> plan(Owner owner, std::uint32_t ifindex, std::span<const wire::IpPrefix> wanted);

  /// The address is in the kernel and ours: added, or found after a restart.
  void hold(Owner owner, const HeldAddress& address);
  /// The address is not in the kernel any more, or never was ours. Returns the owner that had it; kNobody when nobody had.
  Owner drop(const HeldAddress& address);

  std::span<const HeldAddress> heldBy(Owner owner) const;
  bool holds(const HeldAddress& address) const { return owners_.contains(address); }
  std::vector<Owner> owners() const;
  /// All addresses in the book, in no particular order.
  std::vector<HeldAddress> all() const;

 private:
  struct Less {
    bool operator()(const HeldAddress& a, const HeldAddress& b) const;
  };
  std::map<HeldAddress, Owner, Less> owners_;
  std::unordered_map<Owner, std::vector<HeldAddress>> held_;
};

}  // namespace aloft::kernel
