// RFC 9568 §7.1, RFC 3768 §7.1: what fails a check is counted and changes nothing else.

#include <functional>
#include <sstream>

#include "support/bench.h"

namespace aloft::vrrp {
namespace {

using wire::Discard;

/// Everything that an input could change, as text.
std::string snapshot(const Bench& bench) {
  std::ostringstream text;
  for (std::size_t i = 0; i < bench.engine.size(); ++i) {
    const RouterStatus s = bench.engine.status(i);
    text << s.key << ' ' << s.id << ' ' << name(s.state) << ' ' << name(s.reason) << ' ' << +s.priority << ' ' << wire::format(s.peer)
         << ' ' << s.interval.count() << ' ' << s.pseudoHeader << s.addressesHeld << ' ' << s.silence.count() << ' '
         << s.changedAt.time_since_epoch().count() << ' ' << s.transitions << ' ' << s.counters.advertsReceived << ' '
         << s.counters.advertsSent << ' ' << s.counters.priorityZeroReceived << '\n';
  }
  text << (bench.engine.nextDeadline() ? bench.engine.nextDeadline()->time_since_epoch().count() : -1);
  return text.str();
}

struct Case {
  const char* name;
  std::uint8_t version;
  PeerAdvert advert;
  std::function<void(std::vector<std::uint8_t>&)> damage;  // after encoding; the checksum is not mended
  std::uint32_t ifindex = 2;
  std::uint8_t ttl = 255;
  Discard expected;
};

std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

void nothing(std::vector<std::uint8_t>&) {}

/// Sets a byte and mends the checksum of a message without pseudo-header.
std::function<void(std::vector<std::uint8_t>&)> patch(std::size_t at, std::uint8_t value) {
  return [at, value](std::vector<std::uint8_t>& m) {
    m[at] = value;
    m[6] = m[7] = 0;
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < m.size(); i += 2) sum += static_cast<std::uint32_t>(m[i] << 8 | m[i + 1]);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    m[6] = static_cast<std::uint8_t>(~sum >> 8);
    m[7] = static_cast<std::uint8_t>(~sum);
  };
}

PeerAdvert version2(PeerAdvert advert = {}) {
  advert.version = 2;
  advert.interval = advert.interval == 100ms ? Duration(1s) : advert.interval;
  return advert;
}

// All of priority 200 or 0, so that any of them would change something.
const Case kCases[] = {
    {"TtlNot255", 3, {.priority = 200}, nothing, 2, 254, Discard::TtlNot255},
    {"UnknownVersion", 3, {.priority = 200}, patch(0, 0x41), 2, 255, Discard::UnknownVersion},
    {"UnknownType", 3, {.priority = 200}, patch(0, 0x32), 2, 255, Discard::UnknownType},
    {"TooShort", 3, {.priority = 200}, [](auto& m) { m.resize(m.size() - 4); }, 2, 255, Discard::TooShort},
    {"TrailingBytes", 3, {.priority = 200}, [](auto& m) { m.resize(m.size() + 4); }, 2, 255, Discard::TrailingBytes},
    {"BadChecksum", 3, {.priority = 200}, [](auto& m) { m[7] ^= 1; }, 2, 255, Discard::BadChecksum},
    {"ResignationWithBadChecksum", 3, {.priority = 0}, [](auto& m) { m[7] ^= 1; }, 2, 255, Discard::BadChecksum},
    {"ZeroInterval", 3, {.priority = 200}, patch(5, 0), 2, 255, Discard::ZeroInterval},
    {"ZeroAddresses", 3, {.priority = 200, .addresses = {}}, nothing, 2, 255, Discard::ZeroAddresses},
    {"UnknownInterface", 3, {.priority = 200}, nothing, 3, 255, Discard::UnknownInterface},
    {"UnknownVirtualRouter", 3, {.virtualRouterId = 52, .priority = 200}, nothing, 2, 255, Discard::UnknownVirtualRouter},
    {"UnknownVirtualRouterOfIPv6",
     3,
     {.priority = 200, .source = "fe80::20", .addresses = {"fe80::1"}},
     nothing,
     2,
     255,
     Discard::UnknownVirtualRouter},
    {"OwnPacket", 3, {.priority = 200, .source = "192.0.2.10"}, nothing, 2, 255, Discard::OwnPacket},
    {"OwnResignation", 3, {.priority = 0, .source = "192.0.2.10"}, nothing, 2, 255, Discard::OwnPacket},
    {"Version2ToVersion3", 3, version2({.priority = 200}), nothing, 2, 255, Discard::VersionMismatch},
    {"Version3ToVersion2", 2, {.priority = 200}, nothing, 2, 255, Discard::VersionMismatch},
    {"Version2Authentication", 2, version2({.priority = 200}), patch(4, 1), 2, 255, Discard::AuthenticationMismatch},
    {"Version2Interval", 2, version2({.priority = 200, .interval = 2s}), nothing, 2, 255, Discard::IntervalMismatch},
    {"Version2ResignationWithOtherInterval", 2, version2({.priority = 0, .interval = 2s}), nothing, 2, 255, Discard::IntervalMismatch},
    {"Version2OneAddressLess", 2, version2({.priority = 200, .addresses = {"192.0.2.100"}}), nothing, 2, 255, Discard::AddressListMismatch},
    {"Version2OtherAddress", 2, version2({.priority = 200, .addresses = {"192.0.2.100", "192.0.2.102"}}), nothing, 2, 255,
     Discard::AddressListMismatch},
    {"Version2SameAddressTwice", 2, version2({.priority = 200, .addresses = {"192.0.2.100", "192.0.2.100"}}), nothing, 2, 255,
     Discard::AddressListMismatch},
    {"Version2ZeroInterval", 2, version2({.priority = 200}), patch(5, 0), 2, 255, Discard::ZeroInterval},
};

class Discards : public testing::TestWithParam<std::tuple<Case, State>> {};

TEST_P(Discards, ChangeNothingButTheirCounter) {
  const auto& [c, state] = GetParam();
  Bench bench(c.version == 2 ? version2Config() : routerConfig());
  if (state == State::Master) bench.becomeSettledMaster();
  bench.advance(30ms);
  const std::string before = snapshot(bench);
  std::vector<std::uint8_t> message = encode(c.advert);
  c.damage(message);

  EXPECT_EQ(bench.receive(message, c.advert.source, c.ifindex, c.ttl), c.expected);

  EXPECT_EQ(snapshot(bench), before);
  EXPECT_EQ(bench.drain(), "");
  for (std::size_t reason = 0; reason < wire::kDiscardReasons; ++reason) {
    EXPECT_EQ(bench.engine.discarded()[reason], reason == static_cast<std::size_t>(c.expected) ? 1u : 0u) << reason;
  }
}

INSTANTIATE_TEST_SUITE_P(, Discards, testing::Combine(testing::ValuesIn(kCases), testing::Values(State::Backup, State::Master)),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param).name) + "As" + vrrp::name(std::get<1>(info.param));
                         });

TEST(Discard, R3768_7_1_AVersion2OwnerIgnoresAllAdverts) {
  RouterConfig owner = version2Config();
  owner.priority = 255;
  Bench bench(owner);
  EXPECT_EQ(bench.receive({.version = 2, .priority = 255, .interval = 1s}), Discard::LocalAddressOwner);
  EXPECT_EQ(bench.drain(), "");
}

TEST(Discard, InFaultNothingRuns) {
  Bench bench(routerConfig());
  bench.link.up = false;
  bench.linkChanged();
  EXPECT_EQ(bench.receive({.priority = 200}), Discard::NotRunning);
}

TEST(Discard, AfterShutdownNothingRuns) {
  Bench bench(routerConfig());
  bench.engine.shutdown(Shutdown::Resign, bench.now);
  EXPECT_EQ(bench.receive({.priority = 200}), Discard::NotRunning);
}

TEST(Discard, R9568_7_1_FirstIPv6AddressNotLinkLocal) {
  Bench bench(ipv6Config());
  EXPECT_EQ(bench.receive({.priority = 200, .source = "fe80::20", .addresses = {"2001:db8::100"}}), Discard::FirstAddressNotLinkLocal);
  EXPECT_EQ(bench.receive({.priority = 200, .source = "fe80::20", .addresses = {"fe80::1", "2001:db8::100"}}), std::nullopt);
}

TEST(Discard, R3768_7_1_AnotherListOfTheOwnerIsAccepted) {
  Bench bench(version2Config());
  EXPECT_EQ(bench.receive({.version = 2, .priority = 255, .interval = 1s, .addresses = {"192.0.2.7"}}), std::nullopt);
}

TEST(Discard, R3768_7_1_TheOrderOfTheListDoesNotMatter) {
  Bench bench(version2Config());
  EXPECT_EQ(bench.receive({.version = 2, .priority = 200, .interval = 1s, .addresses = {"192.0.2.101", "192.0.2.100"}}), std::nullopt);
}

TEST(Discard, R9568_7_1_Version3NeverDropsForAnotherListOrInterval) {
  Bench bench(routerConfig());
  EXPECT_EQ(bench.receive({.priority = 200, .interval = 1s, .addresses = {"192.0.2.7"}}), std::nullopt);
}

}  // namespace
}  // namespace aloft::vrrp
