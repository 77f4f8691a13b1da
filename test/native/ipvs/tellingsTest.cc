#include "ipvs/tellings.h"

#include <gtest/gtest.h>

namespace aloft::ipvs {
namespace {

using namespace std::chrono_literals;

wire::IpAddress address(std::string_view text) {
  wire::IpAddress result;
  EXPECT_TRUE(wire::parseIpAddress(text, result)) << text;
  return result;
}

const std::set<wire::IpAddress> kCarried = {address("192.0.2.10")};

wire::IpvsConnection connection(std::uint16_t port, std::string_view service = "192.0.2.10") {
  wire::IpvsConnection result{
      wire::IpvsProtocol::Tcp, {address("192.0.2.100"), port}, {address(service), 80}, {address("192.0.2.20"), 80}};
  result.state = 1;
  result.lasting = true;
  return result;
}

/// Whether each was to be told, in one reading.
std::vector<bool> read(Tellings& tellings, Time now, const std::vector<wire::IpvsConnection>& connections) {
  std::vector<bool> told;
  tellings.begin(kCarried, now);
  for (const auto& each : connections) told.push_back(tellings.take(each));
  tellings.end();
  return told;
}

TEST(Tellings, EachOnceAndAgainAfterAWhile) {
  Tellings tellings;
  EXPECT_EQ(read(tellings, 0s, {connection(1)}), (std::vector<bool>{true}));
  EXPECT_EQ(read(tellings, 1s, {connection(1), connection(2)}), (std::vector<bool>{false, true}));
  EXPECT_EQ(read(tellings, 10s, {connection(1), connection(2)}), (std::vector<bool>{true, false}));
  EXPECT_EQ(read(tellings, 11s, {connection(1), connection(2)}), (std::vector<bool>{false, true}));
}

TEST(Tellings, AnotherStateAtOnce) {
  Tellings tellings;
  wire::IpvsConnection closing = connection(1);
  closing.state = 4;
  EXPECT_EQ(read(tellings, 0s, {connection(1)}), (std::vector<bool>{true}));
  EXPECT_EQ(read(tellings, 1s, {closing}), (std::vector<bool>{true}));
}

TEST(Tellings, OnlyWhatIsCarriedAndLasts) {
  Tellings tellings;
  wire::IpvsConnection ending = connection(1);
  ending.lasting = false;
  wire::IpvsConnection mixed = connection(2);
  mixed.server.address = address("2001:db8::20");
  EXPECT_EQ(read(tellings, 0s, {ending, mixed, connection(3, "192.0.2.11")}), (std::vector<bool>{false, false, false}));
}

TEST(Tellings, TheSameClientWithAnotherServerIsAnotherOne) {
  Tellings tellings;
  wire::IpvsConnection other = connection(1);
  other.server.port = 81;
  EXPECT_EQ(read(tellings, 0s, {connection(1)}), (std::vector<bool>{true}));
  EXPECT_EQ(read(tellings, 1s, {other}), (std::vector<bool>{true}));
}

TEST(Tellings, WhatHasEndedIsForgotten) {
  Tellings tellings;
  read(tellings, 0s, {connection(1), connection(2)});
  EXPECT_EQ(tellings.size(), 2u);
  read(tellings, 1s, {connection(2)});
  EXPECT_EQ(tellings.size(), 1u);
}

TEST(Tellings, ReadingTakesTwoPercentOfACoreAtMost) {
  EXPECT_EQ(untilTelling(1ms), 250ms);
  EXPECT_EQ(untilTelling(100ms), 5s);
}

}  // namespace
}  // namespace aloft::ipvs
