// What an advert must pass before it may touch a state or a timer (RFC 9568 §7.1, RFC 3768 §7.1), and how it compares with our own.
// The checks that need no configuration are the decoder's (wire/vrrp.h).

#include "vrrp/virtualRouter.h"

namespace aloft::vrrp {

using wire::Discard;
using wire::IpAddress;
using wire::VrrpAdvert;

namespace {

/// Takes the same time whatever differs: a password is not guessed byte by byte.
bool isEqualInConstantTime(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  if (a.size() != b.size()) return false;
  std::uint8_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference = static_cast<std::uint8_t>(difference | (a[i] ^ b[i]));
  return difference == 0;
}

}  // namespace

std::optional<Discard> VirtualRouter::refuse(const VrrpAdvert& advert, const ReceivedAdvert& received) const {
  const bool heldBack = run_.state == State::Fault && ownFault_ == Reason::AddressConflict;
  if (run_.state == State::Init || (run_.state == State::Fault && !heldBack)) return Discard::NotRunning;
  if (received.source == attachment_.source) return Discard::OwnPacket;
  if (const auto reason = refuseDestination(received)) return reason;
  return refuseContents(advert);
}

/// RFC 9568 §5.1.1.2, §5.1.2.2: to the group. Unicast is keepalived's.
std::optional<Discard> VirtualRouter::refuseDestination(const ReceivedAdvert& received) const {
  if (peers_.empty())
    return received.destination == messages_.destinations().front() ? std::nullopt : std::optional(Discard::WrongDestination);
  if (received.destination.isMulticast()) return Discard::WrongDestination;
  const auto peer = std::lower_bound(peers_.begin(), peers_.end(), Peer{received.source, {}});
  if (peer == peers_.end() || peer->address != received.source) return Discard::UnknownPeer;
  return peer->ttl.contains(received.ttl) ? std::nullopt : std::optional(Discard::TtlNot255);
}

std::optional<Discard> VirtualRouter::refuseContents(const VrrpAdvert& advert) const {
  if (advert.version != config_.version) return Discard::VersionMismatch;
  if (config_.version == 2) return refuseVersion2(advert);
  // RFC 9568 §7.1 with errata 8298 and 8300: a link-local address comes first. Version 3 drops neither for another interval nor for other
  // addresses, nor as an owner.
  const bool wantsLinkLocal = config_.family == wire::Family::IPv6 && config_.linkLocalFirst;
  return wantsLinkLocal && !advert.firstIsLinkLocal ? std::optional(Discard::FirstAddressNotLinkLocal) : std::nullopt;
}

std::optional<Discard> VirtualRouter::refuseVersion2(const VrrpAdvert& advert) const {
  // An owner that is not MASTER, as member of a group or after a late wake-up, has to know who is.
  if (config_.priority == kOwnerPriority && run_.state == State::Master) return Discard::LocalAddressOwner;
  const Authentication& own = config_.authentication;
  if (advert.authenticationType != own.type) return Discard::AuthenticationMismatch;
  if (own.type != 0 && !isEqualInConstantTime(advert.authenticationData, own.data)) return Discard::PasswordMismatch;
  const bool same = messages_.compare(advert.addresses) == AdvertMessages::Comparison::Same;
  if (advert.priority != kOwnerPriority && !same) return Discard::AddressListMismatch;
  if (fromWire(2, advert.interval) != config_.advertisementInterval) return Discard::IntervalMismatch;
  return std::nullopt;
}

/// Neither state nor timer: only what people are told.
void VirtualRouter::handleRefused(Discard reason, const VrrpAdvert& advert, const ReceivedAdvert& received, Outbox& out) {
  switch (reason) {
    case Discard::NotRunning:
      return;
    case Discard::LocalAddressOwner:
      noteSecondOwner(advert, received.source, out);
      return;
    case Discard::OwnPacket: {
      const bool isMaster = run_.state == State::Master && !run_.leaving;
      foreign_.handleOwn(
          received.source,
          {isMaster, messages_.isOurs(received.message), run_.advertisedAt, run_.messageSince, config_.advertisementInterval}, out);
      return;
    }
    case Discard::WrongDestination:
      // Another group is another set of nodes, which may use the VRID as it likes.
      if (peers_.empty() && received.destination.isMulticast()) return;
      [[fallthrough]];
    default:
      foreign_.handleForeign(received.source, reason, out);
  }
}

void VirtualRouter::noteOtherAddresses(const VrrpAdvert& advert, const IpAddress& source, Outbox& out) {
  if (messages_.compare(advert.addresses) == AdvertMessages::Comparison::Disjoint)
    foreign_.handleForeign(source, Discard::AddressListMismatch, out);
}

/// RFC 9568 §7.1 (erratum 8298), RFC 3768 §7.1: an address has one owner.
void VirtualRouter::noteSecondOwner(const VrrpAdvert& advert, const IpAddress& source, Outbox& out) {
  if (config_.priority != kOwnerPriority || advert.priority != kOwnerPriority) return;
  if (secondOwner_.allow(out.now)) out.notice(Notice::SecondOwner, source, {}, {});
}

// RFC 9568 §6.4.3: a greater priority, or the same and the greater primary address.
bool VirtualRouter::isBetter(const VrrpAdvert& advert, const IpAddress& source) const {
  if (advert.priority != run_.priority) return advert.priority > run_.priority;
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
