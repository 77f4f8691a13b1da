// Whole cores on the real kernel: two namespaces, one cable. Made for ThreadSanitizer and AddressSanitizer as well, so no tight timing.
#include "runtime/core.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "namespaces.h"

namespace aloft::runtime {
namespace {

using namespace std::chrono_literals;
using vrrp::State;

wire::IpPrefix prefix(const std::string& text) {
  wire::IpPrefix out;
  EXPECT_TRUE(wire::parseIpPrefix(text, out)) << text;
  return out;
}

vrrp::RouterConfig router(std::uint8_t priority, std::vector<std::string> addresses = {"10.9.0.10/24"}) {
  vrrp::RouterConfig config;
  config.family = prefix(addresses.front()).address.family;
  config.key = config.family == wire::Family::IPv4 ? "vip/IPv4" : "vip/IPv6";
  config.interface = "eth0";
  config.virtualRouterId = 51;
  config.priority = priority;
  config.advertisementInterval = 50ms;
  for (const std::string& text : addresses) config.addresses.push_back({prefix(text), "", true});
  return config;
}

/// As validate() makes it of what a caller asks for.
Configuration configuration(const std::vector<vrrp::RouterConfig>& routers) {
  Configuration out;
  for (const vrrp::RouterConfig& config : routers) {
    RouterConfiguration router{config, {}, {}};
    for (const vrrp::RouterAddress& address : config.addresses) {
      kernel::AddressEntry entry;
      entry.prefix = address.prefix;
      entry.interface = config.interface;
      router.entries.addresses.push_back(entry);
    }
    out.routers.push_back(std::move(router));
  }
  return out;
}

bool within(std::chrono::milliseconds limit, const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

class CoreTest : public testing::Test {
 protected:
  void SetUp() override {
    near_ = test::newNamespace();
    if (!near_.valid()) GTEST_SKIP() << "a network namespace of its own needs CAP_SYS_ADMIN";
    far_ = test::newNamespace();
    test::enter(near_);
    test::shell("ip link add eth0 type veth peer name eth0 netns " + test::pathOf(far_));
    prepare(near_, 1);
    prepare(far_, 2);
    // The kernel tells of the carrier a little later.
    for (const os::Fd* space : {&near_, &far_}) {
      test::enter(*space);
      test::shell("until ip link show dev eth0 | grep -q 'state UP'; do sleep 0.01; done");
    }
  }

  static void prepare(const os::Fd& space, int host) {
    test::enter(space);
    const std::string n = std::to_string(host);
    test::shell("sysctl -q -w net.ipv6.conf.eth0.accept_dad=0; ip link set lo up; ip link set eth0 up; ip addr add 10.9.0." + n +
                "/24 dev eth0");
  }

  static std::unique_ptr<Core> start(const os::Fd& space, std::vector<JournalEntry> journal = {}) {
    test::enter(space);
    CoreOptions options;
    options.heldAddresses = std::move(journal);
    options.realTime = true;
    options.notify = [] {};
    auto core = Core::start(std::move(options));
    EXPECT_TRUE(core.ok());
    return std::move(core.value());
  }

  static State stateOf(Core& core, std::size_t index = 0) {
    const Snapshot snapshot = core.snapshot();
    return snapshot.routers.size() > index ? snapshot.routers[index].record.state : State::Init;
  }
  static bool becomes(Core& core, State state) {
    return within(10s, [&] { return stateOf(core) == state; });
  }
  static bool stands(const os::Fd& space, const std::string& address) {
    test::enter(space);
    return test::shellSucceeds("ip addr show dev eth0 | grep -qF 'inet " + address + " ' || ip addr show dev eth0 | grep -qF 'inet6 " +
                               address + " '");
  }
  static bool comesToStand(const os::Fd& space, const std::string& address, bool wanted = true) {
    return within(10s, [&] { return stands(space, address) == wanted; });
  }

  /// As a core that was killed leaves it: with our mark.
  static void leaveBehind(const os::Fd& space, const std::string& address) {
    test::enter(space);
    auto client = kernel::RouteClient::open();
    ASSERT_TRUE(client.ok());
    auto links = client.value().dump();
    ASSERT_TRUE(links.ok());
    const kernel::PlacedAddress placed{{links.value().links.find("eth0")->index, prefix(address)}, {}};
    const kernel::Operation add = kernel::AddressOperation{kernel::AddressOperation::Kind::Add, placed};
    kernel::Outcome outcome;
    ASSERT_TRUE(client.value().execute({&add, 1}, {&outcome, 1}).ok());
    ASSERT_EQ(outcome.error, 0);
  }

  os::Fd near_;
  os::Fd far_;
};

TEST_F(CoreTest, TwoElectOneThatHoldsTheAddressesOfBothFamilies) {
  const auto near = start(near_);
  const auto far = start(far_);
  const auto both = [](std::uint8_t priority) { return std::vector{router(priority), router(priority, {"2001:db8::10/64"})}; };
  ASSERT_TRUE(near->apply(configuration(both(200))).ok());
  ASSERT_TRUE(far->apply(configuration(both(100))).ok());
  for (const std::size_t family : {0U, 1U}) {
    EXPECT_TRUE(within(10s, [&] { return stateOf(*near, family) == State::Master && stateOf(*far, family) == State::Backup; })) << family;
  }
  EXPECT_TRUE(comesToStand(near_, "10.9.0.10/24"));
  EXPECT_TRUE(comesToStand(near_, "2001:db8::10/64"));
  EXPECT_FALSE(stands(far_, "10.9.0.10/24"));
  const Snapshot snapshot = near->snapshot();
  EXPECT_EQ(snapshot.routers[0].key, "vip/IPv4");
  EXPECT_EQ(snapshot.routers[0].addressesHeld, std::vector{prefix("10.9.0.10/24")});
  EXPECT_EQ(snapshot.routers[0].message, "");
  for (const kernel::Link& link : snapshot.links) EXPECT_EQ(link.find(prefix("10.9.0.10/24")), nullptr);
}

TEST_F(CoreTest, StopResignsRemovesAndIsTakenOver) {
  const auto near = start(near_);
  const auto far = start(far_);
  ASSERT_TRUE(near->apply(configuration({router(200)})).ok());
  ASSERT_TRUE(becomes(*near, State::Master));
  ASSERT_TRUE(far->apply(configuration({router(100)})).ok());
  ASSERT_TRUE(within(10s, [&] { return far->snapshot().routers.at(0).record.counters.advertsReceived > 0; }));
  EXPECT_TRUE(near->stop(false).ok());
  EXPECT_FALSE(stands(near_, "10.9.0.10/24"));
  ASSERT_TRUE(becomes(*far, State::Master));
  const Snapshot snapshot = far->snapshot();
  EXPECT_EQ(snapshot.routers[0].record.reason, vrrp::Reason::PeerResigned);
  EXPECT_EQ(snapshot.routers[0].record.counters.priorityZeroReceived, 1U);
}

TEST_F(CoreTest, ARouterThatIsNoLongerDesiredResignsAndTheOthersGoOn) {
  const auto near = start(near_);
  vrrp::RouterConfig other = router(200, {"10.9.0.20/24"});
  other.key = "other/IPv4";
  other.virtualRouterId = 52;
  ASSERT_TRUE(near->apply(configuration({router(200), other})).ok());
  ASSERT_TRUE(within(10s, [&] { return stateOf(*near, 0) == State::Master && stateOf(*near, 1) == State::Master; }));
  ASSERT_TRUE(comesToStand(near_, "10.9.0.10/24"));
  ASSERT_TRUE(near->apply(configuration({other})).ok());
  EXPECT_TRUE(comesToStand(near_, "10.9.0.10/24", false));
  const Snapshot snapshot = near->snapshot();
  ASSERT_EQ(snapshot.routers.size(), 1U);
  EXPECT_EQ(snapshot.routers[0].key, "other/IPv4");
  EXPECT_EQ(snapshot.routers[0].record.transitions, 2U);
  EXPECT_TRUE(stands(near_, "10.9.0.20/24"));
}

TEST_F(CoreTest, EventsNameTheRouterAlsoOfOneThatLeft) {
  const auto near = start(near_);
  ASSERT_TRUE(near->apply(configuration({router(200)})).ok());
  ASSERT_TRUE(becomes(*near, State::Master));
  ASSERT_TRUE(near->apply(configuration({})).ok());
  std::vector<std::string> seen;
  ASSERT_TRUE(within(10s, [&] {
    for (const CoreEvent& event : near->takeEvents()) {
      if (event.kind == CoreEvent::Kind::StateChanged) seen.push_back(event.key + " " + vrrp::name(event.change.to));
    }
    return seen.size() >= 3;
  }));
  EXPECT_EQ(seen, (std::vector<std::string>{"vip/IPv4 BACKUP", "vip/IPv4 MASTER", "vip/IPv4 INIT"}));
}

TEST_F(CoreTest, AnotherListOfAddressesChangesOnlyTheDifference) {
  const auto near = start(near_);
  ASSERT_TRUE(near->apply(configuration({router(200, {"10.9.0.10/24", "10.9.0.11/24"})})).ok());
  ASSERT_TRUE(comesToStand(near_, "10.9.0.11/24"));
  ASSERT_TRUE(near->apply(configuration({router(200, {"10.9.0.11/24", "10.9.0.12/24"})})).ok());
  EXPECT_TRUE(comesToStand(near_, "10.9.0.12/24"));
  EXPECT_TRUE(comesToStand(near_, "10.9.0.10/24", false));
  EXPECT_TRUE(stands(near_, "10.9.0.11/24"));
  EXPECT_EQ(near->snapshot().routers[0].record.transitions, 2U);
}

TEST_F(CoreTest, LosingTheCarrierIsAFaultAndItsReturnHealsIt) {
  const auto near = start(near_);
  ASSERT_TRUE(near->apply(configuration({router(200)})).ok());
  ASSERT_TRUE(becomes(*near, State::Master));
  [[maybe_unused]] const auto earlier = near->takeEvents();
  test::enter(far_);
  test::shell("ip link set eth0 down");
  ASSERT_TRUE(becomes(*near, State::Fault));
  for (const CoreEvent& event : near->takeEvents()) {
    if (event.kind == CoreEvent::Kind::StateChanged) {
      EXPECT_EQ(event.key, "vip/IPv4");
    }
  }
  EXPECT_EQ(near->snapshot().routers[0].message, "interface eth0 is down or has no carrier");
  EXPECT_TRUE(comesToStand(near_, "10.9.0.10/24", false));
  test::enter(far_);
  test::shell("ip link set eth0 up");
  EXPECT_TRUE(becomes(*near, State::Master));
  EXPECT_TRUE(comesToStand(near_, "10.9.0.10/24"));
}

TEST_F(CoreTest, AnInterfaceThatAppearsLaterAndOneThatIsMadeAnewAreUsed) {
  test::enter(near_);
  test::shell("ip link del eth0");
  const auto near = start(near_);
  ASSERT_TRUE(near->apply(configuration({router(200)})).ok());
  ASSERT_TRUE(becomes(*near, State::Fault));
  EXPECT_EQ(near->snapshot().routers[0].message, "interface eth0 does not exist");
  for (int round = 0; round < 2; ++round) {
    test::enter(near_);
    test::shell("ip link add eth0 type veth peer name cable; ip link set cable up; ip link set eth0 up; ip addr add 10.9.0.1/24 dev eth0");
    EXPECT_TRUE(becomes(*near, State::Master)) << round;
    EXPECT_TRUE(comesToStand(near_, "10.9.0.10/24")) << round;
    test::enter(near_);
    test::shell("ip link del eth0");
    EXPECT_TRUE(becomes(*near, State::Fault)) << round;
  }
}

TEST_F(CoreTest, WhatSomebodyElseRemovedComesBack) {
  const auto near = start(near_);
  ASSERT_TRUE(near->apply(configuration({router(200)})).ok());
  ASSERT_TRUE(comesToStand(near_, "10.9.0.10/24"));
  test::enter(near_);
  test::shell("ip addr del 10.9.0.10/24 dev eth0");
  EXPECT_TRUE(comesToStand(near_, "10.9.0.10/24"));
}

TEST_F(CoreTest, AnAddressOfTheAdministratorIsReportedAndNeverRemoved) {
  test::enter(near_);
  test::shell("ip addr add 10.9.0.10/24 dev eth0");
  // Even when a journal claims it: the mark decides.
  const auto near = start(near_, {{"eth0", prefix("10.9.0.10/24")}, {"eth0", prefix("10.9.0.1/24")}});
  ASSERT_TRUE(near->apply(configuration({router(200)})).ok());
  ASSERT_TRUE(becomes(*near, State::Master));
  ASSERT_TRUE(within(10s, [&] { return !near->snapshot().routers.at(0).message.empty(); }));
  const RouterSnapshot snapshot = near->snapshot().routers.at(0);
  EXPECT_EQ(snapshot.message, "10.9.0.10/24 stands on eth0 already, set by somebody else: it will not be removed");
  EXPECT_TRUE(snapshot.addressesHeld.empty());
  EXPECT_TRUE(near->stop(false).ok());
  EXPECT_TRUE(stands(near_, "10.9.0.10/24"));
  EXPECT_TRUE(stands(near_, "10.9.0.1/24"));
}

TEST_F(CoreTest, ResidueStandsUntilTheFirstApplyAndIsThenAdoptedOrRemoved) {
  {
    const auto dead = start(near_);
    ASSERT_TRUE(dead->apply(configuration({router(200, {"10.9.0.10/24", "10.9.0.11/24"})})).ok());
    ASSERT_TRUE(comesToStand(near_, "10.9.0.11/24"));
    ASSERT_TRUE(dead->stop(true).ok());
  }
  ASSERT_TRUE(stands(near_, "10.9.0.10/24"));
  const auto near = start(near_, {{"eth0", prefix("10.9.0.10/24")}, {"eth0", prefix("10.9.0.11/24")}});
  std::this_thread::sleep_for(100ms);
  EXPECT_TRUE(stands(near_, "10.9.0.10/24"));
  EXPECT_TRUE(stands(near_, "10.9.0.11/24"));
  vrrp::RouterConfig slow = router(200);
  slow.advertisementInterval = 1s;
  ASSERT_TRUE(near->apply(configuration({slow})).ok());
  EXPECT_TRUE(comesToStand(near_, "10.9.0.11/24", false));  // belongs to none
  EXPECT_EQ(stateOf(*near), State::Backup);
  EXPECT_TRUE(stands(near_, "10.9.0.10/24"));  // nobody else is heard
  EXPECT_EQ(near->snapshot().routers.at(0).addressesHeld, std::vector{prefix("10.9.0.10/24")});
}

TEST_F(CoreTest, ResidueGoesWhenAnotherRouterIsHeard) {
  {
    const auto dead = start(near_);
    ASSERT_TRUE(dead->apply(configuration({router(200)})).ok());
    ASSERT_TRUE(comesToStand(near_, "10.9.0.10/24"));
    ASSERT_TRUE(dead->stop(true).ok());
  }
  const auto far = start(far_);
  ASSERT_TRUE(far->apply(configuration({router(250)})).ok());
  ASSERT_TRUE(becomes(*far, State::Master));
  const auto near = start(near_, {{"eth0", prefix("10.9.0.10/24")}});
  ASSERT_TRUE(near->apply(configuration({router(200)})).ok());
  EXPECT_TRUE(comesToStand(near_, "10.9.0.10/24", false));
  EXPECT_EQ(stateOf(*near), State::Backup);
}

TEST_F(CoreTest, StopBeforeApplyTouchesNothing) {
  leaveBehind(near_, "10.9.0.10/24");
  const auto near = start(near_, {{"eth0", prefix("10.9.0.10/24")}});
  EXPECT_TRUE(near->stop(false).ok());
  EXPECT_TRUE(stands(near_, "10.9.0.10/24"));
}

TEST_F(CoreTest, AnEmptyApplyRemovesResidue) {
  leaveBehind(near_, "10.9.0.10/24");
  leaveBehind(near_, "10.9.0.11/24");
  const auto near = start(near_, {{"eth0", prefix("10.9.0.10/24")}});
  ASSERT_TRUE(near->apply(configuration({})).ok());
  EXPECT_TRUE(comesToStand(near_, "10.9.0.10/24", false));
  EXPECT_TRUE(stands(near_, "10.9.0.11/24"));  // marked, but another agent's: it is not in our journal
}

TEST_F(CoreTest, AfterStopItAnswersAndTakesNothing) {
  const auto near = start(near_);
  ASSERT_TRUE(near->apply(configuration({router(200)})).ok());
  ASSERT_TRUE(becomes(*near, State::Master));
  EXPECT_TRUE(near->stop(false).ok());
  EXPECT_TRUE(near->stop(true).ok());
  const os::Status applied = near->apply(configuration({router(200)}));
  ASSERT_FALSE(applied.ok());
  EXPECT_EQ(applied.error().number, ESHUTDOWN);
  EXPECT_EQ(near->snapshot().routers.at(0).record.state, State::Init);
  EXPECT_EQ(near->snapshot().routers.at(0).record.reason, vrrp::Reason::Stopped);
}

TEST_F(CoreTest, ManyAppliesSnapshotsAndStopsFromSeveralThreadsAreSafe) {
  const auto near = start(near_);
  const auto far = start(far_);
  ASSERT_TRUE(far->apply(configuration({router(100)})).ok());
  for (int round = 0; round < 200; ++round) {
    std::vector<vrrp::RouterConfig> routers;
    for (int i = 0; i <= round % 5; ++i) {
      vrrp::RouterConfig config = router(200, {"10.9.1." + std::to_string(i + 1) + "/24"});
      config.key = "vip" + std::to_string(i);
      config.virtualRouterId = static_cast<std::uint8_t>(51 + i);
      config.priority = round % 3 == 0 ? 255 : 200;
      routers.push_back(config);
    }
    ASSERT_TRUE(near->apply(configuration(routers)).ok());
    [[maybe_unused]] const Snapshot snapshot = near->snapshot();
    [[maybe_unused]] const auto events = near->takeEvents();
  }
  std::thread first([&] { EXPECT_TRUE(near->stop(false).ok()); });
  std::thread second([&] { EXPECT_TRUE(near->stop(false).ok()); });
  while (near->apply(configuration({})).ok()) {
  }
  [[maybe_unused]] const Snapshot snapshot = near->snapshot();
  first.join();
  second.join();
  test::enter(near_);
  EXPECT_FALSE(test::shellSucceeds("ip addr show dev eth0 | grep -q 10.9.1."));
}

}  // namespace
}  // namespace aloft::runtime
