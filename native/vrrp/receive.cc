// What an advert must pass before it may touch a state or a timer (RFC 9568 §7.1, RFC 3768 §7.1), and how it compares with our own.
// The checks that need no configuration are the decoder's (wire/vrrp.h).

#include "vrrp/virtualRouter.h"

namespace aloft::vrrp {

using wire::Discard;
using wire::IpAddress;
using wire::VrrpAdvert;

std::optional<Discard> VirtualRouter::refuse(const VrrpAdvert& advert, const IpAddress& source) const {
  if (run_.state == State::Init || run_.state == State::Fault) return Discard::NotRunning;
  if (source == attachment_.source) return Discard::OwnPacket;
  if (advert.version != config_.version) return Discard::VersionMismatch;
  if (config_.family == wire::Family::IPv6 && config_.linkLocalFirst && !advert.firstIsLinkLocal) return Discard::FirstAddressNotLinkLocal;
  // Version 3 drops neither for another interval nor for other addresses (RFC 9568 §7.1), nor as an owner (erratum 8298).
  return config_.version == 2 ? refuseVersion2(advert) : std::nullopt;
}

std::optional<Discard> VirtualRouter::refuseVersion2(const VrrpAdvert& advert) const {
  if (config_.priority == kOwnerPriority) return Discard::LocalAddressOwner;
  if (advert.authenticationType != 0) return Discard::AuthenticationMismatch;
  if (advert.priority != kOwnerPriority && !messages_.listsSameAddresses(advert.addresses)) return Discard::AddressListMismatch;
  if (fromWire(2, advert.interval) != config_.advertisementInterval) return Discard::IntervalMismatch;
  return std::nullopt;
}

// RFC 9568 §6.4.3: a greater priority, or the same and the greater primary address.
bool VirtualRouter::isBetter(const VrrpAdvert& advert, const IpAddress& source) const {
  if (advert.priority != config_.priority) return advert.priority > config_.priority;
  return attachment_.source < source;
}

bool VirtualRouter::learnChecksum(const VrrpAdvert& advert) {
  const bool teaches = config_.checksum == ChecksumMode::Auto && config_.version == 3 && config_.family == wire::Family::IPv4 &&
                       advert.checksum == wire::ChecksumForm::WithPseudoHeader;
  if (!teaches || run_.pseudoHeaderLearned) return false;
  run_.pseudoHeaderLearned = true;
  return true;
}

bool VirtualRouter::usesPseudoHeader() const {
  if (config_.family == wire::Family::IPv6) return true;
  if (config_.version == 2) return false;
  return config_.checksum == ChecksumMode::WithPseudoHeader || (config_.checksum == ChecksumMode::Auto && run_.pseudoHeaderLearned);
}

}  // namespace aloft::vrrp
