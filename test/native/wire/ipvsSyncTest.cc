// The layout is that of struct ip_vs_sync_mesg, ip_vs_sync_v4 and ip_vs_sync_v6 of Linux 6.1 (ip_vs_sync.c).
#include "wire/ipvsSync.h"

#include "ipvsSupport.h"

namespace aloft::wire {
namespace {

IpvsDestinationKey place(std::string_view text, std::uint16_t port) { return {ip(text), port}; }

IpvsConnection connection(std::uint16_t port = 51532) {
  IpvsConnection result{IpvsProtocol::Tcp, place("198.51.100.100", port), place("198.51.100.51", 80), place("198.51.100.14", 8080)};
  result.state = 1;
  result.expiresSeconds = 899;
  return result;
}

std::vector<std::uint8_t> bytesOf(const IpvsSyncMessage& message) { return {message.bytes().begin(), message.bytes().end()}; }

TEST(IpvsSync, OneConnectionOverIPv4) {
  IpvsSyncMessage message(7, 1472);
  ASSERT_TRUE(message.add(connection()));
  const std::vector<std::uint8_t> golden = {
      0,   7,  0,   44,  1,   1, 0, 0,                                           // header
      0,   6,  0,   36,  0,   0, 0, 0,                                           // IPv4, TCP, its size, flags
      0,   1,  201, 76,  0,   80, 31, 144,                                       // state, ports
      0,   0,  0,   0,   0,   0, 3, 131,                                         // mark, 899 s
      198, 51, 100, 100, 198, 51, 100, 51, 198, 51, 100, 14};
  EXPECT_EQ(bytesOf(message), golden);
}

TEST(IpvsSync, OneOverIPv6) {
  IpvsConnection six = connection();
  six.client = place("2001:db8::1", 1);
  six.service = place("2001:db8::2", 2);
  six.server = place("2001:db8::3", 3);
  IpvsSyncMessage message(7, 1472);
  ASSERT_TRUE(message.add(six));
  const auto bytes = bytesOf(message);
  ASSERT_EQ(bytes.size(), 8u + 72u);
  EXPECT_EQ(bytes[8], 1) << "type";
  EXPECT_EQ(bytes[11], 72) << "size";
  EXPECT_EQ(bytes[32], 0x20);
  EXPECT_EQ(bytes.back(), 3);
}

TEST(IpvsSync, InactiveOnesAndTemplates) {
  IpvsConnection inactive = connection();
  inactive.inactive = true;
  IpvsSyncMessage message(7, 1472);
  ASSERT_TRUE(message.add(inactive));
  EXPECT_EQ(message.bytes()[14], 0x01);
  message.clear();
  ASSERT_TRUE(message.add(connection(0)));
  EXPECT_EQ(message.bytes()[14], 0x10);
}

TEST(IpvsSync, WhatIsAboutToExpireIsNotForgottenToSay) {
  IpvsConnection expiring = connection();
  expiring.expiresSeconds = 0;
  IpvsSyncMessage message(7, 1472);
  ASSERT_TRUE(message.add(expiring));
  EXPECT_EQ(message.bytes()[31], 1) << "0 would be the receiver's own time-out";
}

TEST(IpvsSync, AFullOneTakesNoMore) {
  IpvsSyncMessage message(7, 8 + 2 * 36 + 35);
  EXPECT_TRUE(message.add(connection(1)));
  EXPECT_TRUE(message.add(connection(2)));
  EXPECT_FALSE(message.add(connection(3)));
  EXPECT_EQ(message.bytes().size(), 80u);
  message.clear();
  EXPECT_TRUE(message.empty());
  EXPECT_TRUE(message.add(connection(3)));
  EXPECT_EQ(message.bytes().size(), 44u);
}

TEST(IpvsSync, TheCountIsAByte) {
  IpvsSyncMessage message(7, 65507);
  int added = 0;
  while (added < 1000 && message.add(connection(static_cast<std::uint16_t>(added + 1)))) ++added;
  EXPECT_EQ(added, 255);
}

TEST(IpvsSync, OfOneFamilyOnly) {
  IpvsConnection mixed = connection();
  mixed.server = place("2001:db8::3", 80);
  EXPECT_FALSE(canBeTold(mixed));
  IpvsSyncMessage message(7, 1472);
  EXPECT_FALSE(message.add(mixed));
  EXPECT_TRUE(message.empty());
}

}  // namespace
}  // namespace aloft::wire
