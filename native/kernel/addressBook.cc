#include "kernel/addressBook.h"

#include <algorithm>

namespace aloft::kernel {

bool AddressBook::Less::operator()(const HeldAddress& a, const HeldAddress& b) const {
  if (a.ifindex != b.ifindex) return a.ifindex < b.ifindex;
  if (a.prefix.address != b.prefix.address) return a.prefix.address < b.prefix.address;
  return a.prefix.length < b.prefix.length;
}

std::vector<AddressOperation> AddressBook::plan(Owner owner, std::uint32_t ifindex, std::span<const wire::IpPrefix> wanted) {
  std::vector<AddressOperation> operations;
  for (const HeldAddress& held : heldBy(owner)) {
    const bool keep = held.ifindex == ifindex && std::find(wanted.begin(), wanted.end(), held.prefix) != wanted.end();
    if (!keep) operations.push_back({AddressOperation::Kind::Remove, held.ifindex, held.prefix});
  }
  for (const wire::IpPrefix& prefix : wanted) {
    const HeldAddress address{ifindex, prefix};
    if (holds(address)) {
      hold(owner, address);
    } else {
      operations.push_back({AddressOperation::Kind::Add, ifindex, prefix});
    }
  }
  return operations;
}

void AddressBook::hold(Owner owner, const HeldAddress& address) {
  const auto entry = owners_.find(address);
  if (entry != owners_.end()) {
    if (entry->second == owner) return;
    drop(address);
  }
  owners_[address] = owner;
  held_[owner].push_back(address);
}

Owner AddressBook::drop(const HeldAddress& address) {
  const auto entry = owners_.find(address);
  if (entry == owners_.end()) return kNobody;
  const Owner owner = entry->second;
  owners_.erase(entry);
  auto& held = held_[owner];
  std::erase(held, address);
  if (held.empty()) held_.erase(owner);
  return owner;
}

std::span<const HeldAddress> AddressBook::heldBy(Owner owner) const {
  const auto held = held_.find(owner);
  if (held == held_.end()) return {};
  return held->second;
}

std::vector<Owner> AddressBook::owners() const {
  std::vector<Owner> owners;
  for (const auto& [owner, held] : held_) owners.push_back(owner);
  return owners;
}

std::vector<HeldAddress> AddressBook::all() const {
  std::vector<HeldAddress> addresses;
  for (const auto& [address, owner] : owners_) addresses.push_back(address);
  return addresses;
}

}  // namespace aloft::kernel
