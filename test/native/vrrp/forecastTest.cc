#include "vrrp/forecast.h"

#include <gtest/gtest.h>

namespace aloft::vrrp {
namespace {

using namespace std::chrono_literals;

constexpr Duration kInterval = 100ms;

wire::IpAddress address(std::uint8_t last) {
  wire::IpAddress result;
  result.family = wire::Family::IPv4;
  result.bytes = {192, 0, 2, last};
  return result;
}

Candidate candidate(std::uint8_t number, std::uint8_t priority) {
  Candidate result;
  result.config.key = "web/IPv4";
  result.config.interface = "eth" + std::to_string(number);
  result.config.priority = priority;
  result.config.advertisementInterval = kInterval;
  result.config.addresses = {{{address(100), 24}, "", true}};
  result.address = address(number);
  return result;
}

// RFC 9568 §6.1: Active_Down_Interval is three intervals and Skew_Time, ((256 - priority) * interval) / 256.
constexpr Duration kActiveDown244 = 3 * kInterval + kInterval * 12 / 256;

void expectAbout(Duration actual, Duration wanted) {
  EXPECT_GE(actual, wanted);
  EXPECT_LE(actual, wanted + 10us);
}

TEST(Forecast, TheBestBackupFollowsAfterItsActiveDownInterval) {
  const Forecast forecast = forecastLoss(std::vector{candidate(1, 254), candidate(2, 234), candidate(3, 244)}, 0, Loss::Silence);
  EXPECT_EQ(forecast.successor, 2u);
  expectAbout(forecast.takeover, kActiveDown244);
}

TEST(Forecast, AfterAResignationItTakesSkewTimeAlone) {
  const Forecast forecast = forecastLoss(std::vector{candidate(1, 254), candidate(2, 244)}, 0, Loss::Resignation);
  EXPECT_EQ(forecast.successor, 1u);
  expectAbout(forecast.takeover, kInterval * 12 / 256);
}

TEST(Forecast, NobodyFollowsTheOnlyOne) { EXPECT_FALSE(forecastLoss(std::vector{candidate(1, 254)}, 0, Loss::Silence).successor); }

TEST(Forecast, TheActiveOneNeedNotBeTheBest) {
  auto candidates = std::vector{candidate(1, 244), candidate(2, 254)};
  for (auto& [config, address] : candidates) config.preempt = false;
  const Forecast forecast = forecastLoss(candidates, 0, Loss::Silence);
  EXPECT_EQ(forecast.successor, 1u);
  expectAbout(forecast.takeover, 3 * kInterval + kInterval * 2 / 256);
}

TEST(Forecast, EqualPrioritiesAreDecidedByTheGreaterAddress) {
  EXPECT_EQ(forecastLoss(std::vector{candidate(1, 254), candidate(2, 100), candidate(3, 100)}, 0, Loss::Silence).successor, 2u);
}

TEST(Forecast, OtherNodesConfigurationsCount) {
  auto candidates = std::vector{candidate(1, 254), candidate(2, 244)};
  for (auto& [config, address] : candidates) config.downTimerAdverts = 5;
  expectAbout(forecastLoss(candidates, 0, Loss::Silence).takeover, 5 * kInterval + kInterval * 12 / 256);
}

TEST(Forecast, UnicastPeersAnswerToo) {
  auto candidates = std::vector{candidate(1, 254), candidate(2, 244)};
  candidates[0].config.unicastPeers = {address(2)};
  candidates[1].config.unicastPeers = {address(1)};
  const Forecast forecast = forecastLoss(candidates, 0, Loss::Silence);
  EXPECT_EQ(forecast.successor, 1u);
  expectAbout(forecast.takeover, kActiveDown244);
}

}  // namespace
}  // namespace aloft::vrrp
