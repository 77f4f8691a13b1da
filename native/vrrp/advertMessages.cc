#include "vrrp/advertMessages.h"

#include <algorithm>
#include <bitset>

#include "vrrp/timing.h"

namespace aloft::vrrp {
namespace {

using wire::Family;
using wire::IpAddress;

constexpr std::size_t kMaxAddresses = 256;

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
std::vector<IpAddress> listed(const RouterConfig& router) {
  std::vector<IpAddress> addresses;
  addresses.reserve(router.addresses.size() + 1);
  for (const RouterAddress& address : router.addresses) addresses.push_back(address.prefix.address);
  if (router.family == Family::IPv4) return addresses;
  const auto linkLocal = std::find_if(addresses.begin(), addresses.end(), [](const IpAddress& a) { return a.isLinkLocal6(); });
  if (linkLocal == addresses.end()) {
    addresses.insert(addresses.begin(), virtualLinkLocal(router.virtualRouterId));
  } else {
    std::rotate(addresses.begin(), linkLocal, linkLocal + 1);
  }
  return addresses;
}

}  // namespace

AdvertMessages::AdvertMessages(const RouterConfig& router) : addresses_(listed(router)), sorted_(addresses_) {
  std::sort(sorted_.begin(), sorted_.end());
  const std::size_t size = 8 + addresses_.size() * (router.family == Family::IPv4 ? 4 : 16) + (router.version == 2 ? 8 : 0);
  own_.resize(size);
  resignation_.resize(size);
  input_.version = router.version;
  input_.virtualRouterId = router.virtualRouterId;
  input_.priority = router.priority;
  input_.interval = toWire(router.version, router.advertisementInterval);
  input_.destination = group(router.family);
}

std::span<const std::uint8_t> AdvertMessages::message(bool resign, const IpAddress& source, wire::ChecksumForm form) {
  if (!encoded_ || input_.source != source || input_.checksum != form) {
    input_.source = source;
    input_.checksum = form;
    encode();
  }
  return resign ? resignation_ : own_;
}

void AdvertMessages::encode() {
  input_.addresses = addresses_;
  wire::encodeVrrp(input_, own_);
  wire::EncodeInput resignation = input_;
  resignation.priority = kResign;
  wire::encodeVrrp(resignation, resignation_);
  encoded_ = true;
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

bool AdvertMessages::listsSameAddresses(std::span<const std::uint8_t> addresses) const {
  const std::size_t width = sorted_.front().size();
  if (addresses.size() != sorted_.size() * width) return false;
  std::bitset<kMaxAddresses> seen;
  IpAddress address;
  address.family = sorted_.front().family;
  for (std::size_t at = 0; at < addresses.size(); at += width) {
    std::copy_n(addresses.begin() + static_cast<std::ptrdiff_t>(at), width, address.bytes.begin());
    const auto found = std::lower_bound(sorted_.begin(), sorted_.end(), address);
    if (found == sorted_.end() || *found != address) return false;
    seen.set(static_cast<std::size_t>(found - sorted_.begin()));
  }
  return seen.count() == sorted_.size();
}

}  // namespace aloft::vrrp
