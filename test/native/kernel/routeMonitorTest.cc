// Against the kernel, in a network namespace of the test's own.
#include "kernel/routeMonitor.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "kernel/filterClient.h"
#include "kernel/routeClient.h"
#include "text.h"

namespace aloft::kernel {
namespace {

using test::prefix;
using Kind = AddressOperation::Kind;

class RouteMonitorTest : public testing::Test {
 protected:
  void SetUp() override {
    if (unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "a network namespace of its own needs CAP_SYS_ADMIN";
    shell(
        "ip link set lo up && ip link add al0 type veth peer name al1 && ip link set al0 up && ip link set al1 up "
        "&& until ip link show dev al0 | grep -q 'state UP'; do sleep 0.01; done");
    auto client = RouteClient::open();
    ASSERT_TRUE(client.ok());
    client_ = std::make_unique<RouteClient>(std::move(client.value()));
    auto filters = FilterClient::open();
    ASSERT_TRUE(filters.ok());
    filters_ = std::make_unique<FilterClient>(std::move(filters.value()));
    auto monitor = RouteMonitor::open(client_->port(), filters_->port().value());
    ASSERT_TRUE(monitor.ok());
    monitor_ = std::make_unique<RouteMonitor>(std::move(monitor.value()));
    table_ = client_->dump().value().links;
    drain();
  }

  static void shell(const std::string& script) { ASSERT_EQ(std::system(script.c_str()), 0) << script; }

  void drain() {
    told_.clear();
    EXPECT_TRUE(monitor_->drain(
        {[this](const wire::LinkMessage& message) { table_.apply(message); },
         [this](const wire::AddressMessage& message) { table_.apply(message); },
         [this](const wire::RouteMessage& message) {
           told_.push_back((message.removed ? "gone: " : "replaced: ") + describe(message.route, table_));
         },
         [this](const wire::RuleMessage& message) { told_.push_back((message.removed ? "gone: " : "new: ") + describe(message.rule)); },
         [this](std::uint32_t ifindex) { told_.push_back("filters of " + table_.find(ifindex)->name); }}));
  }
  void perform(const Operation& operation) {
    Outcome outcome;
    ASSERT_TRUE(client_->execute({&operation, 1}, {&outcome, 1}).ok());
    ASSERT_EQ(outcome.error, 0);
  }

  std::unique_ptr<RouteClient> client_;
  std::unique_ptr<FilterClient> filters_;
  std::unique_ptr<RouteMonitor> monitor_;
  LinkTable table_;
  std::vector<std::string> told_;
};

TEST_F(RouteMonitorTest, TellsWhatHappenedToLinksAndAddressesSinceItWasOpened) {
  const std::uint32_t al0 = table_.find("al0")->index;
  perform(AddressOperation{Kind::Add, {{al0, prefix("192.0.2.10/24")}, {}}});
  shell("ip link set al1 down");
  drain();
  EXPECT_NE(table_.find(al0)->find(prefix("192.0.2.10/24")), nullptr);
  EXPECT_FALSE(table_.find(al0)->up);
  shell("ip link del al0");
  drain();
  EXPECT_EQ(table_.find("al0"), nullptr);
}

TEST_F(RouteMonitorTest, TellsWhenOthersRemoveOurRoutesAndRules) {
  for (const char* destination : {"198.51.100.0/24", "2001:db8:1::/48"}) {
    wire::Route route;
    route.destination = prefix(destination);
    route.type = wire::kRouteBlackhole;
    if (route.destination.address.family == wire::Family::IPv6) route.metric = wire::kDefaultMetric6;
    perform(RouteOperation{true, route});
  }
  wire::Rule rule;
  rule.protocol = wire::kAloftProtocol;
  rule.from = prefix("192.0.2.10/32");
  rule.priority = 500;
  rule.table = 100;
  perform(RuleOperation{true, rule});
  drain();
  EXPECT_TRUE(told_.empty()) << "what we set ourselves";
  shell("ip route del blackhole 198.51.100.0/24; ip -6 route del 2001:db8:1::/48; ip rule del from 192.0.2.10 priority 500");
  drain();
  EXPECT_EQ(told_, (std::vector<std::string>{"gone: route blackhole 198.51.100.0/24", "gone: route blackhole 2001:db8:1::/48 metric 1024",
                                             "gone: rule 500 from 192.0.2.10/32 lookup 100"}));
}

TEST_F(RouteMonitorTest, TellsWhenAnotherReplacesARoute) {
  wire::Route route;
  route.destination = prefix("198.51.100.0/24");
  route.type = wire::kRouteBlackhole;
  perform(RouteOperation{true, route});
  shell("ip route replace unreachable 198.51.100.0/24 proto static");
  drain();
  EXPECT_EQ(told_, std::vector<std::string>{"replaced: route unreachable 198.51.100.0/24"});
}

TEST_F(RouteMonitorTest, HearsNothingOfWhatWeRemoveAndOfForeignRoutesAndNewRules) {
  wire::Route route;
  route.destination = prefix("198.51.100.0/24");
  route.type = wire::kRouteBlackhole;
  perform(RouteOperation{true, route});
  perform(RouteOperation{false, route});
  wire::Rule rule;
  rule.protocol = wire::kAloftProtocol;
  rule.priority = 500;
  rule.table = 100;
  perform(RuleOperation{true, rule});
  perform(RuleOperation{false, rule});
  shell("ip route add blackhole 203.0.113.0/24; ip route del blackhole 203.0.113.0/24; ip rule add from 192.0.2.1 table 7");
  drain();
  EXPECT_TRUE(told_.empty()) << told_[0];
}

/// A program of classic BPF, which needs no compiler: "accept".
constexpr char kBpf[] = " bpf bytecode '1,6 0 0 0' ";

TEST_F(RouteMonitorTest, TellsWhenOthersWereAtTheFilters) {
  const std::string filter = std::string("dev al0 ingress prio 1 handle 7") + kBpf;
  const std::vector<std::pair<std::string, std::size_t>> changes = {
      {"tc qdisc add dev al0 clsact", 0},
      {"tc filter add " + filter, 1},
      {"tc filter replace " + filter, 1},
      {"tc filter del dev al0 ingress prio 1 handle 7 bpf", 1},
      {"tc filter add " + filter + "; tc filter del dev al0 ingress prio 1", 2},
      {"tc filter add " + filter + "; tc filter del dev al0 ingress", 2},
      {"tc qdisc del dev al0 clsact", 1},
      {"tc qdisc add dev al0 ingress; tc qdisc del dev al0 ingress", 1},
  };
  for (const auto& [change, times] : changes) {
    shell(change);
    drain();
    EXPECT_EQ(told_, std::vector<std::string>(times, "filters of al0")) << change;
  }
}

TEST_F(RouteMonitorTest, HearsNothingOfOurOwnFiltersAndOfThoseThatCannotConcernThem) {
  const std::uint32_t al0 = table_.find("al0")->index;
  ASSERT_TRUE(filters_->addClsact(al0).ok());
  ASSERT_TRUE(filters_->removeClsact(al0).ok());
  shell(
      "tc qdisc add dev al0 clsact; tc filter add dev al0 ingress prio 1 protocol ip u32 match u32 0 0 flowid 1:1; "
      "tc filter del dev al0 ingress prio 1; tc qdisc replace dev al0 root pfifo; tc qdisc del dev al0 root");
  drain();
  EXPECT_TRUE(told_.empty()) << told_[0];
}

TEST_F(RouteMonitorTest, HearsNothingOfFiltersWithoutAGate) {
  auto monitor = RouteMonitor::open(client_->port(), {});
  ASSERT_TRUE(monitor.ok());
  monitor_ = std::make_unique<RouteMonitor>(std::move(monitor.value()));
  shell("tc qdisc add dev al0 clsact; tc qdisc del dev al0 clsact");
  drain();
  EXPECT_TRUE(told_.empty()) << told_[0];
}

/// The queue must not fill with what is none of ours: 20,000 notifications of some 200 bytes are more than it holds.
TEST_F(RouteMonitorTest, IsNotFloodedByForeignRoutes) {
  shell(
      "for i in $(seq 1 5000); do echo route add blackhole 10.$((i / 250)).$((i % 250)).0/24; done > /tmp/aloft-flood-$$; "
      "for k in 1 2; do ip -batch /tmp/aloft-flood-$$ && ip route flush type blackhole; done; rm /tmp/aloft-flood-$$");
  drain();
  EXPECT_TRUE(told_.empty());
}

/// As a switch in software has them.
TEST_F(RouteMonitorTest, IsNotFloodedByForeignFilters) {
  shell(
      "tc qdisc add dev al0 clsact; for i in $(seq 1 20000); do "
      "echo filter add dev al0 ingress prio 1 protocol ip u32 match ip dst 10.$((i / 250)).$((i % 250)).0/24 flowid 1:1; "
      "done > /tmp/aloft-flood-$$; tc -batch /tmp/aloft-flood-$$; rm /tmp/aloft-flood-$$");
  drain();
  EXPECT_TRUE(told_.empty());
}

}  // namespace
}  // namespace aloft::kernel
