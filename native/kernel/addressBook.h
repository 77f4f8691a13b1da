#pragma once
// Which addresses in the kernel are ours, and for whom we hold each. Pure: plans operations, and is told how they went.

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "wire/ipAddress.h"

namespace aloft::kernel {

/// Whoever something is held for; a RouterId of the engine, or one of these.
using Owner = std::uint32_t;
/// Owns what a predecessor left and nobody wants: such entries wait for their removal.
inline constexpr Owner kNobody = 0;
/// Owns what stands as long as the core runs.
inline constexpr Owner kStatic = 0xffffffff;

/// What tells an address from others.
struct HeldAddress {
  std::uint32_t ifindex = 0;
  wire::IpPrefix prefix;
  friend bool operator==(const HeldAddress&, const HeldAddress&) = default;
};

/// How it stands there.
struct AddressForm {
  /// A local route of the host instead of an address of the link: there can be thousands, see chooseForms().
  bool hostRoute = false;
  std::uint8_t scope = 0;     ///< RT_SCOPE_…, IPv4 only
  bool withoutRoute = false;  ///< no route to its subnet
  std::string label;          ///< IPv4 only; empty: the link's name
  wire::IpAddress broadcast;  ///< IPv4 only; unspecified: none
  friend bool operator==(const AddressForm&, const AddressForm&) = default;
};

struct PlacedAddress {
  HeldAddress place;
  AddressForm form;
  friend bool operator==(const PlacedAddress&, const PlacedAddress&) = default;
};

struct AddressOperation {
  enum class Kind : std::uint8_t {
    Add,
    Remove,
    Replace,  ///< `former` by `address`: the same address with another prefix length or form, without a moment in which it is not local
  };
  Kind kind = Kind::Add;
  PlacedAddress address;
  PlacedAddress former{};  // Replace
  /// Remove, Replace: other addresses stand and fall with the one that goes (IFA_F_SECONDARY), and shall stay.
  bool keepSecondaries = false;
  friend bool operator==(const AddressOperation&, const AddressOperation&) = default;
};

class AddressBook {
 public:
  /// The operations after which `owner` has exactly `wanted`, removals first. What another owner has is taken over from it. An address that
  /// stands as a host route or as a plain address stays what it is unless its form says more. Nothing is ever removed that is not in the
  /// book.
  std::vector<AddressOperation> plan(Owner owner, std::span<const PlacedAddress> wanted);

  /// The address is in the kernel and ours: added, or found after a restart.
  void hold(Owner owner, const PlacedAddress& address);
  /// The address is not in the kernel any more, or never was ours. Returns the owner that had it; kNobody when nobody had.
  Owner drop(const HeldAddress& address);

  /// In no particular order.
  std::span<const HeldAddress> heldBy(Owner owner) const;
  bool holds(const HeldAddress& address) const { return entries_.contains(address); }
  /// kNobody also when it is not held.
  Owner ownerOf(const HeldAddress& address) const;
  /// Null when it is not held.
  const AddressForm* formOf(const HeldAddress& address) const;
  std::vector<Owner> owners() const;
  /// All addresses in the book, in no particular order.
  std::vector<PlacedAddress> all() const;

 private:
  struct Hash {
    std::size_t operator()(const HeldAddress& address) const;
  };
  struct Entry {
    Owner owner = kNobody;
    std::size_t position = 0;  ///< in held_ of its owner
    AddressForm form;
  };
  std::unordered_map<HeldAddress, Entry, Hash> entries_;
  std::unordered_map<Owner, std::vector<HeldAddress>> held_;
};

}  // namespace aloft::kernel
