#include "kernel/linkTable.h"

#include <algorithm>
#include <tuple>

namespace aloft::kernel {
namespace {

auto withPrefix(const wire::IpPrefix& prefix) {
  return [&prefix](const Address& address) { return address.prefix == prefix; };
}

}  // namespace

const Address* Link::find(const wire::IpPrefix& prefix) const {
  const auto found = std::find_if(addresses.begin(), addresses.end(), withPrefix(prefix));
  return found == addresses.end() ? nullptr : &*found;
}

bool contains(const wire::IpPrefix& subnet, const wire::IpAddress& address) {
  if (subnet.address.family != address.family) return false;
  const std::size_t whole = subnet.length / 8;
  if (!std::equal(address.bytes.begin(), address.bytes.begin() + static_cast<std::ptrdiff_t>(whole), subnet.address.bytes.begin()))
    return false;
  const std::uint8_t mask = static_cast<std::uint8_t>(0xff00 >> (subnet.length % 8));
  return subnet.length % 8 == 0 || ((address.bytes[whole] ^ subnet.address.bytes[whole]) & mask) == 0;
}

bool LinkTable::apply(const wire::LinkMessage& message) {
  if (message.removed) return remove(message.index);
  Link next;
  next.index = message.index;
  next.name = message.name;
  next.raised = message.isRaised();
  next.up = message.isUp();
  next.loopback = message.isLoopback();
  next.mac = message.mac.value_or(wire::MacAddress{});
  next.kind = message.kind;
  next.alias = message.alias;
  next.master = message.master;
  next.parent = message.parent;

  Link& link = links_[message.index];
  // A notification about a bridge port or a change of flags may leave the kind out; a link never changes it.
  if (next.kind.empty() && link.name == next.name) next.kind = link.kind;
  const auto visible = [](const Link& l) {
    return std::tie(l.name, l.raised, l.up, l.loopback, l.mac, l.kind, l.alias, l.master, l.parent);
  };
  if (link.index != 0 && visible(link) == visible(next)) return false;
  if (link.name != next.name) {
    const auto old = indexByName_.find(link.name);
    if (old != indexByName_.end() && old->second == message.index) indexByName_.erase(old);
    indexByName_[next.name] = message.index;
  }
  next.addresses = std::move(link.addresses);
  link = std::move(next);
  return true;
}

bool LinkTable::remove(std::uint32_t index) {
  const auto link = links_.find(index);
  if (link == links_.end()) return false;
  const auto name = indexByName_.find(link->second.name);
  if (name != indexByName_.end() && name->second == index) indexByName_.erase(name);
  links_.erase(link);
  return true;
}

bool LinkTable::apply(const wire::AddressMessage& message) {
  const auto link = links_.find(message.index);
  if (link == links_.end()) return false;  // its addresses are told again when the link appears
  auto& addresses = link->second.addresses;
  const auto found = std::find_if(addresses.begin(), addresses.end(), withPrefix(message.prefix));
  if (message.removed) {
    if (found == addresses.end()) return false;
    addresses.erase(found);
    return true;
  }
  const std::string_view label = message.label == link->second.name ? std::string_view() : message.label;
  const Address next{message.prefix, message.flags, message.scope, message.protocol, std::string(label), message.broadcast};
  if (found == addresses.end()) {
    addresses.push_back(next);
    return true;
  }
  if (*found == next) return false;
  *found = next;
  return true;
}

std::string LinkTable::nameOf(std::uint32_t index) const {
  const Link* link = find(index);
  return link == nullptr ? "interface " + std::to_string(index) : link->name;
}

const Link* LinkTable::find(std::uint32_t index) const {
  const auto link = links_.find(index);
  return link == links_.end() ? nullptr : &link->second;
}

const Link* LinkTable::find(std::string_view name) const {
  const auto index = indexByName_.find(std::string(name));
  return index == indexByName_.end() ? nullptr : find(index->second);
}

}  // namespace aloft::kernel
