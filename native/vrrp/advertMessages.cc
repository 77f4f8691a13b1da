#include "vrrp/advertMessages.h"

#include <algorithm>
#include <bitset>
#include <cstring>

#include "vrrp/timing.h"

namespace aloft::vrrp {
namespace {

using wire::Family;
using wire::IpAddress;

/// Counts are 8 bits wide, and 90 IPv6 addresses fill a packet of 1500 bytes.
constexpr std::size_t kMaxAddresses4 = 255;
constexpr std::size_t kMaxAddresses6 = 90;

/// The link-local address that belongs to the virtual router itself: fe80::/64 with the EUI-64 of its virtual MAC 00-00-5E-00-02-{VRID}.
/// It is the same on all candidates and is what FRR's vrrpd lists; it is only listed here, never set on an interface. keepalived drops
/// adverts whose list is not its own, in version 3 as well: as a peer it needs this address, or a configured one, first in its list.
IpAddress virtualLinkLocal(std::uint8_t virtualRouterId) {
  IpAddress address;
  address.family = Family::IPv6;
  address.bytes = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x02, 0x00, 0x5e, 0xff, 0xfe, 0x00, 0x02, virtualRouterId};
  return address;
}

/// IPv6 adverts list a link-local address first (RFC 9568 §5.2.9): a configured one, else the virtual router's.
void putLinkLocalFirst(std::vector<IpAddress>& addresses, std::uint8_t virtualRouterId) {
  const auto linkLocal = std::find_if(addresses.begin(), addresses.end(), [](const IpAddress& a) { return a.isLinkLocal6(); });
  if (linkLocal == addresses.end()) {
    addresses.insert(addresses.begin(), virtualLinkLocal(virtualRouterId));
  } else {
    std::rotate(addresses.begin(), linkLocal, linkLocal + 1);
  }
}

std::vector<IpAddress> listed(const RouterConfig& router) {
  std::vector<IpAddress> addresses;
  addresses.reserve(router.addresses.size() + 1);
  for (const RouterAddress& address : router.addresses) {
    if (address.advertised && address.prefix.address.family == router.family) addresses.push_back(address.prefix.address);
  }
  if (router.family == Family::IPv6 && router.linkLocalFirst) putLinkLocalFirst(addresses, router.virtualRouterId);
  const std::size_t most = router.family == Family::IPv4 ? kMaxAddresses4 : kMaxAddresses6;
  if (addresses.size() > most) addresses.resize(most);
  return addresses;
}

std::vector<IpAddress> destinationsOf(const RouterConfig& router) {
  if (!router.unicastPeers.empty()) return router.unicastPeers;
  return {router.multicastGroup.isUnspecified() ? AdvertMessages::group(router.family) : router.multicastGroup};
}

/// By far the most adverts: no search then.
bool listsInOurOrder(std::span<const std::uint8_t> list, const std::vector<IpAddress>& ours) {
  const std::size_t width = ours.front().size();
  if (list.size() != ours.size() * width) return false;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (std::memcmp(list.data() + i * width, ours[i].bytes.data(), width) != 0) return false;
  }
  return true;
}

std::size_t sizeOf(const RouterConfig& router, std::size_t addresses) {
  return 8 + addresses * (router.family == Family::IPv4 ? 4 : 16) + (router.version == 2 ? wire::kAuthenticationDataSize : 0);
}

}  // namespace

AdvertMessages::AdvertMessages(const RouterConfig& router)
    : addresses_(listed(router)),
      sorted_(addresses_),
      destinations_(destinationsOf(router)),
      size_(sizeOf(router, addresses_.size())),
      encoded_(2 * destinations_.size() * size_) {
  std::sort(sorted_.begin(), sorted_.end());
  input_.version = router.version;
  input_.virtualRouterId = router.virtualRouterId;
  input_.priority = router.priority;
  input_.interval = toWire(router.version, router.advertisementInterval);
  input_.authenticationType = router.authentication.type;
  input_.authenticationData = router.authentication.data;
}

bool AdvertMessages::update(std::uint8_t priority, const IpAddress& source, wire::ChecksumForm form) {
  if (isEncoded_ && input_.priority == priority && input_.source == source && input_.checksum == form) return false;
  input_.priority = priority;
  input_.source = source;
  input_.checksum = form;
  encode();
  return true;
}

void AdvertMessages::encode() {
  input_.addresses = addresses_;
  const std::uint8_t own = input_.priority;
  for (std::size_t i = 0; i < destinations_.size(); ++i) {
    input_.destination = destinations_[i];
    for (const bool resign : {false, true}) {
      input_.priority = resign ? kResign : own;
      wire::encodeVrrp(input_, slot(resign, i));
    }
  }
  input_.priority = own;
  isEncoded_ = true;
}

std::span<std::uint8_t> AdvertMessages::slot(bool resign, std::size_t destination) {
  return std::span(encoded_).subspan(offset(resign, destination), size_);
}

std::span<const std::uint8_t> AdvertMessages::message(bool resign, std::size_t destination) const {
  return std::span(encoded_).subspan(offset(resign, destination), size_);
}

bool AdvertMessages::isOurs(std::span<const std::uint8_t> message) const {
  for (std::size_t at = 0; at < encoded_.size() && message.size() == size_; at += size_) {
    if (std::equal(message.begin(), message.end(), encoded_.begin() + static_cast<std::ptrdiff_t>(at))) return true;
  }
  return false;
}

IpAddress AdvertMessages::group(Family family) {
  IpAddress address;
  address.family = family;
  if (family == Family::IPv4) {
    address.bytes = {224, 0, 0, 18};
  } else {
    address.bytes = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12};
  }
  return address;
}

AdvertMessages::Comparison AdvertMessages::compare(std::span<const std::uint8_t> addresses) const {
  if (addresses_.empty()) return Comparison::Different;
  const std::size_t width = addresses_.front().size();
  if (listsInOurOrder(addresses, addresses_)) return Comparison::Same;
  std::bitset<256> seen;
  std::size_t foreign = 0;
  IpAddress address;
  address.family = addresses_.front().family;
  for (std::size_t at = 0; at + width <= addresses.size(); at += width) {
    std::copy_n(addresses.begin() + static_cast<std::ptrdiff_t>(at), width, address.bytes.begin());
    const auto found = std::lower_bound(sorted_.begin(), sorted_.end(), address);
    if (found == sorted_.end() || *found != address) {
      ++foreign;
    } else {
      seen.set(static_cast<std::size_t>(found - sorted_.begin()));
    }
  }
  if (seen.none()) return Comparison::Disjoint;
  const bool same = foreign == 0 && seen.count() == sorted_.size() && addresses.size() == sorted_.size() * width;
  return same ? Comparison::Same : Comparison::Different;
}

}  // namespace aloft::vrrp
