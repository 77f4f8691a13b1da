// What the engine hands out for sending.

#include "support/bench.h"

namespace aloft::vrrp {
namespace {

wire::VrrpAdvert decode(const Engine::Transmit& transmit) {
  const auto decoded = wire::decodeVrrp(transmit.message, transmit.source, transmit.destination, 255);
  EXPECT_TRUE(decoded.ok) << wire::name(decoded.discard);
  return decoded.advert;
}

TEST(Message, Version3CarriesPriorityIntervalAndAddresses) {
  Bench bench(routerConfig());
  const auto transmit = bench.engine.advert(bench.status().id, 100);
  EXPECT_EQ(transmit.destination, address("224.0.0.18"));
  EXPECT_EQ(transmit.source, address("192.0.2.10"));
  EXPECT_EQ(transmit.ifindex, 2u);
  // RFC 9568 §5.1, summed by hand.
  const std::vector<std::uint8_t> expected = {0x31, 51, 100, 2, 0, 10, 0xe5, 0xf5, 192, 0, 2, 100, 192, 0, 2, 101};
  EXPECT_EQ(std::vector<std::uint8_t>(transmit.message.begin(), transmit.message.end()), expected);
}

TEST(Message, Version2CarriesSecondsAndAnEmptyAuthenticationField) {
  Bench bench(version2Config());
  const auto transmit = bench.engine.advert(bench.status().id, 100);
  const std::vector<std::uint8_t> expected = {0x21, 51, 100, 2, 0, 1, 0xf5, 0xfe, 192, 0, 2, 100, 192, 0, 2, 101, 0, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(std::vector<std::uint8_t>(transmit.message.begin(), transmit.message.end()), expected);
}

TEST(Message, PriorityZeroIsReadyBesideTheOwnOne) {
  Bench bench(routerConfig());
  const auto own = bench.engine.advert(bench.status().id, 100);
  const auto resignation = bench.engine.advert(bench.status().id, 0);
  EXPECT_EQ(decode(own).priority, 100);
  EXPECT_EQ(decode(resignation).priority, 0);
}

TEST(Message, R9568_5_2_9_IPv6ListsTheVirtualRoutersLinkLocalAddressFirst) {
  Bench bench(ipv6Config());
  const auto transmit = bench.engine.advert(bench.status().id, 100);
  EXPECT_EQ(transmit.source, address("fe80::10"));
  EXPECT_EQ(transmit.destination, address("ff02::12"));
  const auto advert = decode(transmit);
  ASSERT_EQ(advert.addressCount, 2);
  const wire::IpAddress first = address("fe80::200:5eff:fe00:233");
  EXPECT_TRUE(std::equal(first.bytes.begin(), first.bytes.end(), advert.addresses.begin()));
}

TEST(Message, R9568_5_2_9_AConfiguredLinkLocalAddressComesFirst) {
  RouterConfig config = ipv6Config();
  config.addresses.push_back(on("fe80::1/64"));
  Bench bench(config);
  const auto advert = decode(bench.engine.advert(bench.status().id, 100));
  ASSERT_EQ(advert.addressCount, 2);
  const wire::IpAddress first = address("fe80::1");
  EXPECT_TRUE(std::equal(first.bytes.begin(), first.bytes.end(), advert.addresses.begin()));
}

TEST(Message, AnUnknownRouterHasNone) {
  Bench bench(routerConfig());
  EXPECT_TRUE(bench.engine.advert(4711, 100).message.empty());
}

TEST(Message, FailedSendsAreCounted) {
  Bench bench(routerConfig());
  bench.engine.handleSendError(bench.status().id);
  EXPECT_EQ(bench.status().counters.sendErrors, 1u);
}

}  // namespace
}  // namespace aloft::vrrp
