#include "kernel/addressBook.h"

#include <string_view>
#include <unordered_set>

namespace aloft::kernel {
namespace {

using Kind = AddressOperation::Kind;

/// Whether what stands will do: a host route is as good as an address that asks for nothing beyond.
bool suffices(const AddressForm& standing, const AddressForm& wanted) {
  return standing.label == wanted.label && standing.scope == wanted.scope && standing.broadcast == wanted.broadcast;
}

/// The address on its link, whatever its prefix length.
HeldAddress withoutLength(HeldAddress place) {
  place.prefix.length = 0;
  return place;
}

}  // namespace

std::size_t AddressBook::Hash::operator()(const HeldAddress& address) const {
  const auto* bytes = reinterpret_cast<const char*>(address.prefix.address.bytes.data());
  const std::size_t ip = std::hash<std::string_view>()({bytes, address.prefix.address.bytes.size()});
  return ip ^ (std::size_t{address.ifindex} << 8 | address.prefix.length) * 0x9e3779b97f4a7c15U;
}

std::vector<AddressOperation> AddressBook::plan(Owner owner, std::span<const PlacedAddress> wanted) {
  std::unordered_set<HeldAddress, Hash> places;
  for (const PlacedAddress& address : wanted) places.insert(address.place);
  std::vector<AddressOperation> operations;
  std::unordered_map<HeldAddress, std::size_t, Hash> removals;  // into operations
  for (const HeldAddress& held : heldBy(owner)) {
    if (places.contains(held)) continue;
    removals[withoutLength(held)] = operations.size();
    operations.push_back({Kind::Remove, {held, entries_.at(held).form}});
  }
  for (const PlacedAddress& address : wanted) {
    if (const auto entry = entries_.find(address.place); entry != entries_.end()) {
      const PlacedAddress standing{address.place, entry->second.form};
      hold(owner, standing);
      if (!suffices(standing.form, address.form)) operations.push_back({Kind::Replace, address, standing});
      continue;
    }
    const auto removal = removals.find(withoutLength(address.place));
    if (removal == removals.end()) {
      operations.push_back({Kind::Add, address});
      continue;
    }
    AddressOperation& replaced = operations[removal->second];
    replaced = {Kind::Replace, address, replaced.address};
    removals.erase(removal);
  }
  return operations;
}

void AddressBook::hold(Owner owner, const PlacedAddress& address) {
  const auto entry = entries_.find(address.place);
  if (entry != entries_.end()) {
    if (entry->second.owner == owner) {
      entry->second.form = address.form;
      return;
    }
    drop(address.place);
  }
  std::vector<HeldAddress>& held = held_[owner];
  entries_[address.place] = {owner, held.size(), address.form};
  held.push_back(address.place);
}

Owner AddressBook::drop(const HeldAddress& address) {
  const auto entry = entries_.find(address);
  if (entry == entries_.end()) return kNobody;
  const Owner owner = entry->second.owner;
  std::vector<HeldAddress>& held = held_[owner];
  // The last one takes its place.
  held[entry->second.position] = held.back();
  entries_[held.back()].position = entry->second.position;
  held.pop_back();
  entries_.erase(entry);
  if (held.empty()) held_.erase(owner);
  return owner;
}

std::span<const HeldAddress> AddressBook::heldBy(Owner owner) const {
  const auto held = held_.find(owner);
  if (held == held_.end()) return {};
  return held->second;
}

Owner AddressBook::ownerOf(const HeldAddress& address) const {
  const auto entry = entries_.find(address);
  return entry == entries_.end() ? kNobody : entry->second.owner;
}

const AddressForm* AddressBook::formOf(const HeldAddress& address) const {
  const auto entry = entries_.find(address);
  return entry == entries_.end() ? nullptr : &entry->second.form;
}

std::vector<Owner> AddressBook::owners() const {
  std::vector<Owner> owners;
  for (const auto& [owner, held] : held_) owners.push_back(owner);
  return owners;
}

std::vector<PlacedAddress> AddressBook::all() const {
  std::vector<PlacedAddress> addresses;
  for (const auto& [place, entry] : entries_) addresses.push_back({place, entry.form});
  return addresses;
}

}  // namespace aloft::kernel
