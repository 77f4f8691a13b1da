#include "ipvs/tellings.h"

#include <algorithm>
#include <span>

#include "wire/ipvsSync.h"

namespace aloft::ipvs {
namespace {

constexpr std::chrono::milliseconds kSoonest{250};
constexpr int kShare = 50;

/// FNV-1a.
struct Hash {
  std::uint64_t value = 0xcbf29ce484222325;
  void add(std::span<const std::uint8_t> bytes) {
    for (const std::uint8_t byte : bytes) value = (value ^ byte) * 0x100000001b3;
  }
  void add(std::uint16_t number) {
    const std::array<std::uint8_t, 2> bytes = {static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
    add(bytes);
  }
  void add(const wire::IpvsDestinationKey& place) {
    add(place.address.view());
    add(place.port);
  }
};

/// With the server: a client's port may be used again, for another one.
std::uint64_t hashOf(const wire::IpvsConnection& connection) {
  Hash hash;
  hash.add(static_cast<std::uint16_t>(connection.protocol));
  hash.add(connection.client);
  hash.add(connection.service);
  hash.add(connection.server);
  return hash.value;
}

}  // namespace

void Tellings::begin(const std::set<wire::IpAddress>& addresses, Time now) {
  addresses_ = addresses;
  now_ = now;
  for (auto& [hash, telling] : told_) telling.seen = false;
}

bool Tellings::take(const wire::IpvsConnection& connection) {
  if (!connection.lasting || !wire::canBeTold(connection) || !addresses_.contains(connection.service.address)) return false;
  const auto [place, isNew] = told_.try_emplace(hashOf(connection), Telling{now_, connection.state, true});
  if (isNew) return true;
  Telling& telling = place->second;
  telling.seen = true;
  if (telling.state == connection.state && now_ - telling.at < kAgain) return false;
  telling.at = now_;
  telling.state = connection.state;
  return true;
}

void Tellings::end() {
  std::erase_if(told_, [](const auto& entry) { return !entry.second.seen; });
}

Time untilTelling(Time cost) { return std::max<Time>(kSoonest, kShare * cost); }

}  // namespace aloft::ipvs
