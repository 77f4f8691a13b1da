// Against the kernel, in a network namespace of the test's own.
#include "kernel/routeClient.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

#include "kernel/routeMonitor.h"

namespace aloft::kernel {
namespace {

using Kind = AddressOperation::Kind;

wire::IpPrefix prefix(const char* text) {
  wire::IpPrefix out;
  EXPECT_TRUE(wire::parseIpPrefix(text, out)) << text;
  return out;
}

class RouteClientTest : public testing::Test {
 protected:
  void SetUp() override {
    if (unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "a network namespace of its own needs CAP_SYS_ADMIN";
    ASSERT_EQ(std::system("ip link set lo up && ip link add al0 type veth peer name al1 && ip link set al0 up && ip link set al1 up "
                          "&& until ip link show dev al0 | grep -q 'state UP'; do sleep 0.01; done"),
              0);
    auto opened = RouteClient::open();
    ASSERT_TRUE(opened.ok());
    client_ = std::make_unique<RouteClient>(std::move(opened.value()));
    al0_ = dump().find("al0")->index;
  }

  LinkTable dump() {
    auto table = client_->dump();
    EXPECT_TRUE(table.ok());
    return std::move(table.value().links);
  }

  AddressOutcome perform(const AddressOperation& operation) {
    AddressOutcome outcome;
    EXPECT_TRUE(client_->execute({&operation, 1}, {&outcome, 1}).ok());
    return outcome;
  }

  std::unique_ptr<RouteClient> client_;
  std::uint32_t al0_ = 0;
};

TEST_F(RouteClientTest, DumpsLinksWithTheirKindAndState) {
  const LinkTable table = dump();
  ASSERT_NE(table.find("lo"), nullptr);
  EXPECT_TRUE(table.find("lo")->loopback);
  EXPECT_EQ(table.find("al0")->kind, "veth");
  EXPECT_TRUE(table.find("al0")->up);
  EXPECT_NE(table.find("lo")->find(prefix("127.0.0.1/8")), nullptr);
}

/// As on a node where pods come and go: the kernel interrupts dumps that are longer than one datagram.
TEST_F(RouteClientTest, DumpsAllThatStandsWhileOtherAddressesComeAndGo) {
  const std::uint32_t lo = dump().find("lo")->index;
  std::vector<wire::IpPrefix> standing;
  for (std::uint8_t i = 0; i < 250; ++i) {
    for (std::uint8_t k = 0; k < 8; ++k) standing.push_back({{wire::Family::IPv4, {10, k, 0, i}}, 32});
  }
  for (const wire::IpPrefix& address : standing) ASSERT_EQ(perform({Kind::Add, lo, address}).error, 0);

  std::atomic<bool> enough = false;
  std::thread churn([&] {
    auto other = RouteClient::open();
    const wire::IpPrefix guest = prefix("10.99.0.1/32");
    const AddressOperation comeAndGo[] = {{Kind::Add, lo, guest}, {Kind::Remove, lo, guest}};
    AddressOutcome outcomes[2];
    while (!enough && other.ok() && other.value().execute(comeAndGo, outcomes).ok()) {
    }
  });
  bool interrupted = false;
  for (int round = 0; round < 40 && !interrupted; ++round) {
    auto dumped = client_->dump();
    ASSERT_TRUE(dumped.ok()) << dumped.error().message();
    interrupted = !dumped.value().complete;
    const Link* link = dumped.value().links.find(lo);
    ASSERT_NE(link, nullptr);
    for (const wire::IpPrefix& address : standing) ASSERT_NE(link->find(address), nullptr) << wire::format(address);
  }
  enough = true;
  churn.join();
  EXPECT_TRUE(interrupted) << "nothing was tried";
}

TEST_F(RouteClientTest, AddsWithOurMarkAndRemoves) {
  for (const char* text : {"192.0.2.10/24", "2001:db8::10/64"}) {
    EXPECT_EQ(perform({Kind::Add, al0_, prefix(text)}).error, 0) << text;
    const LinkTable table = dump();
    const Address* address = table.find(al0_)->find(prefix(text));
    ASSERT_NE(address, nullptr) << text;
    EXPECT_TRUE(address->isMarked()) << text;
    EXPECT_FALSE(address->isTentative()) << text;
    EXPECT_EQ(perform({Kind::Remove, al0_, prefix(text)}).error, 0) << text;
    EXPECT_EQ(dump().find(al0_)->find(prefix(text)), nullptr) << text;
  }
}

TEST_F(RouteClientTest, AddingAndRemovingTwiceIsNoError) {
  EXPECT_FALSE(perform({Kind::Add, al0_, prefix("192.0.2.10/24")}).existed);
  const AddressOutcome again = perform({Kind::Add, al0_, prefix("192.0.2.10/24")});
  EXPECT_EQ(again.error, 0);
  EXPECT_TRUE(again.existed);
  EXPECT_EQ(perform({Kind::Remove, al0_, prefix("192.0.2.10/24")}).error, 0);
  EXPECT_EQ(perform({Kind::Remove, al0_, prefix("192.0.2.10/24")}).error, 0);
}

TEST_F(RouteClientTest, AMissingInterfaceFailsToAddAndHasNothingToRemove) {
  constexpr std::uint32_t kNowhere = 4711;
  EXPECT_EQ(perform({Kind::Add, kNowhere, prefix("192.0.2.10/24")}).error, ENODEV);
  EXPECT_EQ(perform({Kind::Remove, kNowhere, prefix("192.0.2.10/24")}).error, 0);
}

TEST_F(RouteClientTest, EachOperationOfABatchHasItsOwnOutcome) {
  std::vector<AddressOperation> operations;
  for (int i = 1; i <= 64; ++i) operations.push_back({Kind::Add, al0_, prefix(("10.1.0." + std::to_string(i) + "/32").c_str())});
  operations[20].ifindex = 4711;
  std::vector<AddressOutcome> outcomes(operations.size());
  ASSERT_TRUE(client_->execute(operations, outcomes).ok());
  for (std::size_t i = 0; i < outcomes.size(); ++i) EXPECT_EQ(outcomes[i].error, i == 20 ? ENODEV : 0) << i;
  EXPECT_EQ(dump().find(al0_)->addresses.size(), 63U + 1U);  // and the link-local one
}

TEST_F(RouteClientTest, TheMonitorTellsWhatHappenedSinceItWasOpened) {
  auto monitor = RouteMonitor::open();
  ASSERT_TRUE(monitor.ok());
  LinkTable table = dump();
  const RouteMonitor::Listener listener = {[&](const wire::LinkMessage& message) { table.apply(message); },
                                           [&](const wire::AddressMessage& message) { table.apply(message); }};
  perform({Kind::Add, al0_, prefix("192.0.2.10/24")});
  ASSERT_EQ(std::system("ip link set al1 down"), 0);
  EXPECT_TRUE(monitor.value().drain(listener));
  EXPECT_NE(table.find(al0_)->find(prefix("192.0.2.10/24")), nullptr);
  EXPECT_FALSE(table.find(al0_)->up);
  ASSERT_EQ(std::system("ip link del al0"), 0);
  EXPECT_TRUE(monitor.value().drain(listener));
  EXPECT_EQ(table.find("al0"), nullptr);
}

TEST(Interpret, WhatIsAsWantedAlreadyIsASuccess) {
  EXPECT_EQ(interpret(Kind::Add, 0).error, 0);
  EXPECT_TRUE(interpret(Kind::Add, EEXIST).existed);
  EXPECT_EQ(interpret(Kind::Add, EEXIST).error, 0);
  EXPECT_EQ(interpret(Kind::Add, EADDRNOTAVAIL).error, EADDRNOTAVAIL);
  EXPECT_EQ(interpret(Kind::Add, ENODEV).error, ENODEV);
  EXPECT_EQ(interpret(Kind::Remove, EADDRNOTAVAIL).error, 0);
  EXPECT_EQ(interpret(Kind::Remove, ENODEV).error, 0);
  EXPECT_EQ(interpret(Kind::Remove, EPERM).error, EPERM);
}

}  // namespace
}  // namespace aloft::kernel
