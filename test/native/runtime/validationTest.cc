#include "runtime/validation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace aloft::runtime {
namespace {

DesiredRouter good() { return {"vip/IPv4", "IPv4", "eth0", 51, 3, 254, 100, true, 0, "Auto", {"192.0.2.10/24"}}; }

TEST(Validate, TakesAGoodOneAndConvertsItsUnits) {
  DesiredRouter router = good();
  router.preemptDelayMs = 1500;
  router.checksum = "WithPseudoHeader";
  const auto result = validate({router});
  const auto* configs = std::get_if<std::vector<vrrp::RouterConfig>>(&result);
  ASSERT_NE(configs, nullptr);
  ASSERT_EQ(configs->size(), 1U);
  const vrrp::RouterConfig& config = configs->front();
  EXPECT_EQ(config.key, "vip/IPv4");
  EXPECT_EQ(config.virtualRouterId, 51);
  EXPECT_EQ(config.priority, 254);
  EXPECT_EQ(config.advertisementInterval, std::chrono::milliseconds(100));
  EXPECT_EQ(config.preemptDelay, std::chrono::milliseconds(1500));
  EXPECT_EQ(config.checksum, vrrp::ChecksumMode::WithPseudoHeader);
  EXPECT_EQ(wire::format(config.addresses.at(0)), "192.0.2.10/24");
}

TEST(Validate, TakesNone) { EXPECT_EQ(validate({}).index(), 0U); }

struct Bad {
  const char* path;
  std::function<void(DesiredRouter&)> spoil;
};

TEST(Validate, NamesTheFieldThatIsWrong) {
  const std::vector<Bad> cases = {
      {"routers[1].key", [](auto& r) { r.key = ""; }},
      {"routers[1].key", [](auto& r) { r.key = "vip/IPv4"; }},  // the other one's
      {"routers[1].family", [](auto& r) { r.family = "ipv4"; }},
      {"routers[1].interface", [](auto& r) { r.interface = ""; }},
      {"routers[1].interface", [](auto& r) { r.interface = "sixteencharacter"; }},
      {"routers[1].interface", [](auto& r) { r.interface = "../eth0"; }},
      {"routers[1].interface", [](auto& r) { r.interface = ".."; }},
      {"routers[1].interface", [](auto& r) { r.interface = "eth 0"; }},
      {"routers[1].virtualRouterID", [](auto& r) { r.virtualRouterID = 0; }},
      {"routers[1].virtualRouterID", [](auto& r) { r.virtualRouterID = 256; }},
      {"routers[1].virtualRouterID", [](auto& r) { r.virtualRouterID = 1.5; }},
      {"routers[1].virtualRouterID", [](auto& r) { r.virtualRouterID = std::nan(""); }},
      {"routers[1].virtualRouterID", [](auto& r) { r.virtualRouterID = 51; }},  // the other one's
      {"routers[1].version", [](auto& r) { r.version = 4; }},
      {"routers[1].version",
       [](auto& r) { r.version = 2, r.family = "IPv6", r.addresses = {"2001:db8::1/64"}, r.advertisementIntervalMs = 1000; }},
      {"routers[1].priority", [](auto& r) { r.priority = 0; }},
      {"routers[1].priority", [](auto& r) { r.priority = 256; }},
      {"routers[1].priority", [](auto& r) { r.priority = -INFINITY; }},
      {"routers[1].advertisementIntervalMs", [](auto& r) { r.advertisementIntervalMs = 5; }},
      {"routers[1].advertisementIntervalMs", [](auto& r) { r.advertisementIntervalMs = 15; }},
      {"routers[1].advertisementIntervalMs", [](auto& r) { r.advertisementIntervalMs = 40960; }},
      {"routers[1].advertisementIntervalMs", [](auto& r) { r.version = 2, r.advertisementIntervalMs = 1500; }},
      {"routers[1].advertisementIntervalMs", [](auto& r) { r.version = 2, r.advertisementIntervalMs = 256000; }},
      {"routers[1].preemptDelayMs", [](auto& r) { r.preemptDelayMs = -1; }},
      {"routers[1].preemptDelayMs", [](auto& r) { r.preemptDelayMs = 1e18; }},
      {"routers[1].checksum", [](auto& r) { r.checksum = "auto"; }},
      {"routers[1].addresses", [](auto& r) { r.addresses = {}; }},
      {"routers[1].addresses", [](auto& r) { r.addresses.assign(129, "192.0.2.11/24"); }},
      {"routers[1].addresses[1]",
       [](auto& r) {
         r.addresses = {"192.0.2.11/24", "192.0.2.12"};
       }},
      {"routers[1].addresses[0]", [](auto& r) { r.addresses = {"192.0.2.11/33"}; }},
      {"routers[1].addresses[0]", [](auto& r) { r.addresses = {"2001:db8::1/64"}; }},
      {"routers[1].addresses[0]", [](auto& r) { r.addresses = {"0.0.0.0/0"}; }},
      {"routers[1].addresses[0]", [](auto& r) { r.addresses = {"224.0.0.18/32"}; }},
      {"routers[1].addresses[0]", [](auto& r) { r.addresses = {"192.0.2.10/32"}; }},  // the other one's
      {"routers[1].addresses[1]",
       [](auto& r) {
         r.addresses = {"192.0.2.11/32", "192.0.2.11/24"};
       }},
  };
  for (const Bad& bad : cases) {
    DesiredRouter second = good();
    second.key = "second";
    second.virtualRouterID = 52;
    second.addresses = {"192.0.2.11/24"};
    ASSERT_EQ(validate({good(), second}).index(), 0U);
    bad.spoil(second);
    const auto result = validate({good(), second});
    const auto* problem = std::get_if<FieldProblem>(&result);
    ASSERT_NE(problem, nullptr) << bad.path << " case " << (&bad - cases.data());
    EXPECT_EQ(problem->path, bad.path) << problem->message;
    EXPECT_FALSE(problem->message.empty());
  }
}

TEST(Validate, WordsNumbersAsPeopleDo) {
  DesiredRouter router = good();
  router.advertisementIntervalMs = 105;
  const auto result = validate({router});
  EXPECT_EQ(std::get<FieldProblem>(result).message, "must be a multiple of 10 from 10 to 40950, not 105");
}

TEST(Validate, OneVridServesBothFamiliesAndSeveralInterfaces) {
  DesiredRouter v6 = good();
  v6.key = "vip/IPv6";
  v6.family = "IPv6";
  v6.addresses = {"2001:db8::10/64"};
  DesiredRouter elsewhere = good();
  elsewhere.key = "other";
  elsewhere.interface = "eth1";
  EXPECT_EQ(validate({good(), v6, elsewhere}).index(), 0U);
}

}  // namespace
}  // namespace aloft::runtime
