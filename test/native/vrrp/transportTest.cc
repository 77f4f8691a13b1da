// Where adverts go, where they come from, and who is heard: groups, unicast peers, source addresses, virtual MAC addresses, passwords.

#include <algorithm>
#include <cstring>

#include "support/bench.h"

namespace aloft::vrrp {
namespace {

using wire::ChecksumForm;
using wire::Discard;

RouterConfig unicast(RouterConfig config = routerConfig()) {
  config.unicastPeers = {address("192.0.2.20"), address("192.0.2.5")};
  return config;
}

/// To the bench's own address, as a unicast peer sends it.
std::optional<Discard> receiveUnicast(Bench& bench, PeerAdvert advert, const char* destination = "192.0.2.10", std::uint8_t ttl = 255) {
  std::vector<std::uint8_t> message = encode(advert);
  ReceivedAdvert received{2, address(advert.source.c_str()), address(destination), ttl, message};
  return bench.engine.handleAdvert(received, bench.now);
}

TEST(Unicast, OneDatagramPerPeer) {
  Bench bench(unicast());
  const RouterId id = bench.status().id;
  ASSERT_EQ(bench.engine.destinations(id), 2u);
  EXPECT_EQ(bench.engine.advert(id, 100, 0).destination, address("192.0.2.20"));
  EXPECT_EQ(bench.engine.advert(id, 100, 1).destination, address("192.0.2.5"));
  EXPECT_TRUE(bench.engine.advert(id, 100, 2).message.empty());
  Bench multicast(routerConfig());
  EXPECT_EQ(multicast.engine.destinations(multicast.status().id), 1u);
  EXPECT_EQ(multicast.engine.destinations(4711), 0u);
}

TEST(Unicast, EachDatagramHasTheChecksumOfItsDestination) {
  RouterConfig config = unicast();
  config.checksum = ChecksumMode::WithPseudoHeader;
  Bench bench(config);
  for (std::size_t i = 0; i < 2; ++i) {
    for (const std::uint8_t priority : {100, 0}) {
      const auto transmit = bench.engine.advert(bench.status().id, priority, i);
      const auto decoded = wire::decodeVrrp(transmit.message, transmit.source, transmit.destination, 255);
      ASSERT_TRUE(decoded.ok);
      EXPECT_EQ(decoded.advert.checksum, ChecksumForm::WithPseudoHeader);
      EXPECT_EQ(decoded.advert.priority, priority);
    }
  }
}

TEST(Unicast, IPv6HasTheChecksumOfItsDestination) {
  RouterConfig config = ipv6Config();
  config.unicastPeers = {address("fe80::20"), address("fe80::30")};
  Bench bench(config);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto transmit = bench.engine.advert(bench.status().id, 100, i);
    EXPECT_TRUE(wire::decodeVrrp(transmit.message, transmit.source, transmit.destination, 255).ok);
  }
}

TEST(Unicast, OnlyPeersAreHeard) {
  Bench bench(unicast());
  EXPECT_EQ(receiveUnicast(bench, {.priority = 200}), std::nullopt);
  EXPECT_EQ(receiveUnicast(bench, {.priority = 200, .source = "192.0.2.5"}), std::nullopt);
  EXPECT_EQ(receiveUnicast(bench, {.priority = 200, .source = "192.0.2.6"}), Discard::UnknownPeer);
}

TEST(Unicast, MulticastAndUnicastDoNotMix) {
  Bench bench(unicast());
  EXPECT_EQ(bench.receive({.priority = 200}), Discard::WrongDestination) << "multicast to a unicast router";
  Bench multicast(routerConfig());
  EXPECT_EQ(receiveUnicast(multicast, {.priority = 200}), Discard::WrongDestination) << "unicast to a multicast router";
}

/// What peer 192.0.2.20 sends with that TTL.
std::optional<Discard> hearWithTtl(Bench& bench, std::uint8_t ttl, const char* source = "192.0.2.20") {
  return receiveUnicast(bench, {.priority = 50, .source = source}, "192.0.2.10", ttl);
}

TEST(UnicastTtl, Is255UnlessSomethingElseIsSaid) {
  Bench bench(unicast());
  EXPECT_EQ(hearWithTtl(bench, 255), std::nullopt);
  EXPECT_EQ(hearWithTtl(bench, 254), Discard::TtlNot255);
  EXPECT_EQ(bench.engine.advert(bench.status().id, 100).ttl, 255);
  EXPECT_EQ(bench.engine.leastUnicastTtl(2, wire::Family::IPv4), 255);
}

TEST(UnicastTtl, EachPeerHasItsOwnRange) {
  RouterConfig config = unicast();
  config.peerTtls = {{62, 64}};
  Bench bench(config);
  EXPECT_EQ(bench.engine.leastUnicastTtl(2, wire::Family::IPv4), 62);
  for (const std::uint8_t ttl : {62, 63, 64}) EXPECT_EQ(hearWithTtl(bench, ttl), std::nullopt) << +ttl;
  for (const std::uint8_t ttl : {0, 61, 65, 255}) EXPECT_EQ(hearWithTtl(bench, ttl), Discard::TtlNot255) << +ttl;
  EXPECT_EQ(hearWithTtl(bench, 255, "192.0.2.5"), std::nullopt) << "of whom nothing is said";
  EXPECT_EQ(hearWithTtl(bench, 64, "192.0.2.5"), Discard::TtlNot255);
  EXPECT_EQ(hearWithTtl(bench, 64, "192.0.2.6"), Discard::UnknownPeer);
  EXPECT_EQ(bench.engine.discarded()[static_cast<std::size_t>(Discard::TtlNot255)], 5u);
}

TEST(UnicastTtl, APeerWhoseTtlIsWrongIsTold) {
  Bench bench(unicast());
  RouterConfig near = unicast();
  near.key = "b/v4";
  near.virtualRouterId = 52;
  near.peerTtls = {{0, 255}, {0, 255}};
  bench.configure({unicast(), near});
  bench.drain();
  EXPECT_EQ(hearWithTtl(bench, 64), Discard::TtlNot255);
  bench.drain();
  EXPECT_EQ(bench.notices, "ForeignRouter(192.0.2.20,TtlNot255)");
}

TEST(UnicastTtl, MulticastIsForTheLinkAlone) {
  Bench bench;
  RouterConfig near = unicast();
  near.key = "b/v4";
  near.virtualRouterId = 52;
  near.peerTtls = {{0, 255}, {0, 255}};
  bench.configure({routerConfig(), near});
  EXPECT_EQ(bench.receive(encode({.priority = 200}), "192.0.2.20", 2, 254), Discard::TtlNot255);
  EXPECT_EQ(hearWithTtl(bench, 254), Discard::WrongDestination) << "unicast to a router of a group";
  EXPECT_EQ(bench.engine.advert(bench.status().id, 100).ttl, 255);
}

TEST(UnicastTtl, OwnAdvertsHaveTheConfiguredOne) {
  RouterConfig config = unicast();
  config.unicastTtl = 64;
  Bench bench(config);
  EXPECT_EQ(bench.engine.advert(bench.status().id, 100, 0).ttl, 64);
  EXPECT_EQ(bench.engine.advert(bench.status().id, 0, 1).ttl, 64);
  config.unicastPeers.clear();
  bench.configure({config});
  EXPECT_EQ(bench.engine.advert(bench.status().id, 100).ttl, 255) << "no unicast";
}

TEST(Multicast, AnotherGroupIsSentToAndHeardAlone) {
  RouterConfig config = routerConfig();
  config.multicastGroup = address("224.0.100.19");
  Bench bench(config);
  EXPECT_EQ(bench.engine.advert(bench.status().id, 100).destination, address("224.0.100.19"));
  EXPECT_EQ(bench.receive({.priority = 200}), Discard::WrongDestination);
  EXPECT_EQ(bench.drain(), "");
  EXPECT_EQ(bench.notices, "") << "another group is another set of nodes";
  EXPECT_EQ(receiveUnicast(bench, {.priority = 200}, "224.0.100.19"), std::nullopt);
}

TEST(Source, AConfiguredOneIsUsedAndNeedsNoPrimaryAddress) {
  RouterConfig config = routerConfig();
  config.sourceAddress = address("198.51.100.7");
  Bench bench(config);
  EXPECT_EQ(bench.engine.advert(bench.status().id, 100).source, address("198.51.100.7"));
  bench.link.primaryIPv4 = {};
  bench.linkChanged();
  EXPECT_EQ(bench.state(), State::Backup);
  EXPECT_EQ(bench.receive({.priority = 200, .source = "198.51.100.7"}), Discard::OwnPacket);
}

RouterConfig tracksSource() {
  RouterConfig config = routerConfig();
  config.sourceAddress = address("192.0.2.7");
  config.trackSource = true;
  return config;
}

TEST(Source, OneThatIsTrackedIsAFaultWhileItIsMissing) {
  Bench bench(tracksSource());
  bench.becomeSettledMaster();
  const CheckId check = sourceCheckOf(bench.status().id);
  bench.engine.handleCheck({check, false}, bench.now);
  EXPECT_EQ(bench.drain(), "advert(0) release MASTER>FAULT:NoSourceAddress");
  bench.engine.handleCheck({check, true}, bench.now);
  EXPECT_EQ(bench.drain(), "FAULT>BACKUP:InterfaceReady");
}

TEST(Source, WhatIsKnownOfItBeforeTheConfigurationCounts) {
  Bench bench;
  bench.configure({tracksSource()});
  const RouterId id = bench.status().id;
  bench.configure({});
  bench.drain();
  bench.engine.handleCheck({sourceCheckOf(id), false}, bench.now);
  bench.configure({tracksSource()});
  EXPECT_EQ(bench.drain(), "INIT>FAULT:NoSourceAddress");
  RouterConfig careless = tracksSource();
  careless.trackSource = false;
  bench.configure({careless});
  EXPECT_EQ(bench.drain(), "FAULT>BACKUP:InterfaceReady");
}

class VirtualMac : public Bench {
 public:
  VirtualMac() {
    macvlan = link;
    macvlan.index = 9;
    std::strcpy(macvlan.name, "v4-51-eth0");
    macvlan.up = false;  // as it is but in MASTER
    config = routerConfig();
    config.virtualMacInterface = "v4-51-eth0";
  }
  LinkState macvlan;
  RouterConfig config;
};

TEST(VirtualMacAddress, WithoutItsLinkItIsAFaultButTheLinkMayBeDown) {
  VirtualMac bench;
  bench.configure({bench.config});
  EXPECT_EQ(bench.drain(), "INIT>FAULT:InterfaceMissing");
  bench.engine.handleLink(bench.macvlan, bench.now);
  EXPECT_EQ(bench.drain(), "FAULT>BACKUP:InterfaceReady");
}

TEST(VirtualMacAddress, AdvertsHaveItAndLeaveByTheInterface) {
  VirtualMac bench;
  bench.engine.handleLink(bench.macvlan, bench.now);
  bench.configure({bench.config});
  const auto transmit = bench.engine.advert(bench.status().id, 100);
  EXPECT_EQ(transmit.ifindex, 2u);
  EXPECT_EQ(transmit.mac, (wire::MacAddress{0, 0, 0x5e, 0, 1, 51}));
}

TEST(Frames, MulticastAdvertsAreFramesOfTheLinksMac) {
  Bench bench(routerConfig());
  const wire::MacAddress mac = bench.engine.announcement(bench.status().id, 0).mac;
  ASSERT_NE(mac, wire::MacAddress{});
  EXPECT_EQ(bench.engine.advert(bench.status().id, 100).mac, mac);
}

TEST(Frames, AnotherMacOfTheLinkIsThatOfTheNextAdvert) {
  Bench bench(routerConfig());
  const wire::MacAddress other{2, 0, 0, 0, 0, 9};
  LinkState renewed = bench.link;
  renewed.mac = other;
  bench.engine.handleLink(renewed, bench.now);
  EXPECT_EQ(bench.engine.advert(bench.status().id, 100).mac, other);
}

TEST(Frames, TheKernelMakesThoseOfUnicastAndOfLinksWithoutMac) {
  Bench toPeers(unicast());
  EXPECT_EQ(toPeers.engine.advert(toPeers.status().id, 100).mac, wire::MacAddress{});
  Bench bench(routerConfig());
  LinkState tunnel = bench.link;
  tunnel.mac = {};
  bench.engine.handleLink(tunnel, bench.now);
  EXPECT_EQ(bench.engine.advert(bench.status().id, 100).mac, wire::MacAddress{});
}

TEST(VirtualMacAddress, AdvertsLeaveWithoutItWhereThatIsConfiguredAndByUnicast) {
  VirtualMac bench;
  bench.engine.handleLink(bench.macvlan, bench.now);
  bench.config.advertsWithVirtualMac = false;
  bench.configure({bench.config});
  EXPECT_EQ(bench.engine.advert(bench.status().id, 100).mac, bench.link.mac);
  EXPECT_EQ(bench.engine.announcement(bench.status().id, 0).mac, (wire::MacAddress{0, 0, 0x5e, 0, 1, 51})) << "the addresses keep it";
  bench.configure({unicast(VirtualMac().config)});
  EXPECT_EQ(bench.engine.advert(bench.status().id, 100).mac, wire::MacAddress{}) << "nobody could give the frame its destination";
}

TEST(VirtualMacAddress, AddressesAreAnnouncedOnItsLink) {
  VirtualMac bench;
  bench.engine.handleLink(bench.macvlan, bench.now);
  bench.config.addresses.push_back(on("198.51.100.1/24", "eth7"));
  bench.configure({bench.config});
  const auto own = bench.engine.announcement(bench.status().id, 0);
  EXPECT_EQ(own.ifindex, 9u);
  EXPECT_EQ(own.mac, (wire::MacAddress{0, 0, 0x5e, 0, 1, 51}));
  EXPECT_EQ(bench.engine.announcement(bench.status().id, 2).ifindex, 0u) << "its interface is missing";
}

TEST(VirtualMacAddress, OfIPv6HasItsOwnPrefix) {
  VirtualMac bench;
  RouterConfig config = ipv6Config();
  config.virtualMacInterface = "v4-51-eth0";
  bench.engine.handleLink(bench.macvlan, bench.now);
  bench.configure({config});
  EXPECT_EQ(bench.engine.advert(bench.status().id, 100).mac, (wire::MacAddress{0, 0, 0x5e, 0, 2, 51}));
}

TEST(Announce, AnAddressIsAnnouncedWhereItStands) {
  Bench bench;
  LinkState eth1 = bench.link;
  eth1.index = 3;
  eth1.mac = {2, 0, 0, 0, 0, 99};
  std::strcpy(eth1.name, "eth1");
  bench.engine.handleLink(eth1, bench.now);
  RouterConfig config = routerConfig();
  config.addresses.push_back(on("198.51.100.1/24", "eth1"));
  bench.configure({config});
  bench.becomeSettledMaster();
  const auto there = bench.engine.announcement(bench.status().id, 2);
  EXPECT_EQ(there.ifindex, 3u);
  EXPECT_EQ(there.mac, eth1.mac);
  eth1.mac[5] = 98;
  bench.engine.handleLink(eth1, bench.now);
  EXPECT_EQ(bench.drain(), "announce") << "its MAC address is another";
}

RouterConfig withPassword(const char* password) {
  RouterConfig config = version2Config();
  config.authentication.type = 1;
  std::copy_n(password, std::min<std::size_t>(std::strlen(password), 8), config.authentication.data.begin());
  return config;
}

/// A version 2 advert of priority 200 with authentication.
std::vector<std::uint8_t> authenticated(std::uint8_t type, const char* password) {
  const std::vector<wire::IpAddress> addresses = {address("192.0.2.100"), address("192.0.2.101")};
  wire::EncodeInput input;
  input.version = 2;
  input.virtualRouterId = 51;
  input.priority = 200;
  input.interval = 1;
  input.addresses = addresses;
  input.authenticationType = type;
  std::copy_n(password, std::strlen(password), input.authenticationData.begin());
  input.source = address("192.0.2.20");
  input.destination = address("224.0.0.18");
  std::vector<std::uint8_t> message(wire::kMaxVrrpSize);
  message.resize(wire::encodeVrrp(input, message));
  return message;
}

TEST(Authentication, ThePasswordIsInTheAdverts) {
  Bench bench(withPassword("123456_p"));
  const auto message = bench.engine.advert(bench.status().id, 100).message;
  EXPECT_EQ(message[4], 1);
  EXPECT_EQ(std::string(message.end() - 8, message.end()), "123456_p");
  EXPECT_TRUE(wire::decodeVrrp(message, address("192.0.2.10"), address("224.0.0.18"), 255).ok);
}

TEST(Authentication, OnlyTheSamePasswordIsHeard) {
  Bench bench(withPassword("secret"));
  EXPECT_EQ(bench.receive(authenticated(1, "secret"), "192.0.2.20"), std::nullopt);
  EXPECT_EQ(bench.receive(authenticated(1, "Secret"), "192.0.2.20"), Discard::PasswordMismatch);
  EXPECT_EQ(bench.receive(authenticated(1, "secret12"), "192.0.2.20"), Discard::PasswordMismatch);
  EXPECT_EQ(bench.receive(authenticated(0, ""), "192.0.2.20"), Discard::AuthenticationMismatch);
  EXPECT_EQ(bench.receive(authenticated(2, "secret"), "192.0.2.20"), Discard::AuthenticationMismatch);
}

TEST(Authentication, WithoutOneAPasswordIsNotHeardAndDataIsIgnored) {
  Bench bench(version2Config());
  EXPECT_EQ(bench.receive(authenticated(1, "secret"), "192.0.2.20"), Discard::AuthenticationMismatch);
  EXPECT_EQ(bench.receive(authenticated(0, "secret"), "192.0.2.20"), std::nullopt);
}

}  // namespace
}  // namespace aloft::vrrp
