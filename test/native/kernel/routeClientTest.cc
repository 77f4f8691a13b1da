// Against the kernel, in a network namespace of the test's own.
#include "kernel/routeClient.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "text.h"

namespace aloft::kernel {
namespace {

using test::ip;
using test::prefix;
using Kind = AddressOperation::Kind;

AddressOperation operationOn(std::uint32_t ifindex, Kind kind, const char* text) { return {kind, {{ifindex, prefix(text)}, {}}}; }

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

  Outcome perform(const Operation& operation) {
    Outcome outcome;
    EXPECT_TRUE(client_->execute({&operation, 1}, {&outcome, 1}).ok());
    return outcome;
  }
  Outcome add(const char* text) { return perform(operationOn(al0_, Kind::Add, text)); }
  Outcome remove(const char* text) { return perform(operationOn(al0_, Kind::Remove, text)); }

  /// With what a caller does about an IPv6 address: it waits until the kernel has it.
  void replace(const PlacedAddress& former, const PlacedAddress& next) {
    const Outcome outcome = perform(AddressOperation{Kind::Replace, next, former});
    ASSERT_EQ(outcome.error, 0);
    ASSERT_EQ(outcome.standIn, next.place.prefix.address.family == wire::Family::IPv6);
    if (!outcome.standIn) return;
    const std::string text = wire::format(next.place.prefix.address);
    while (!shell("ip -6 route show table local dev al0 | grep -q 'local " + text + " '")) std::this_thread::yield();
    ASSERT_EQ(perform(RouteOperation{false, hostRoute(next.place.prefix.address)}).error, 0);
  }

  std::vector<wire::Route> ourRoutes() {
    auto dumped = client_->dumpRoutes();
    EXPECT_TRUE(dumped.ok() && dumped.value().complete);
    return dumped.value().routes;
  }
  std::vector<wire::Rule> ourRules() {
    auto dumped = client_->dumpRoutes();
    EXPECT_TRUE(dumped.ok() && dumped.value().complete);
    return dumped.value().rules;
  }
  static bool shell(const std::string& script) { return std::system(script.c_str()) == 0; }

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
  for (const wire::IpPrefix& address : standing) ASSERT_EQ(perform(AddressOperation{Kind::Add, {{lo, address}, {}}}).error, 0);

  std::atomic<bool> enough = false;
  std::thread churn([&] {
    auto other = RouteClient::open();
    const Operation comeAndGo[] = {operationOn(lo, Kind::Add, "10.99.0.1/32"), operationOn(lo, Kind::Remove, "10.99.0.1/32")};
    Outcome outcomes[2];
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
    EXPECT_EQ(add(text).error, 0) << text;
    const LinkTable table = dump();
    const Address* address = table.find(al0_)->find(prefix(text));
    ASSERT_NE(address, nullptr) << text;
    EXPECT_TRUE(address->isMarked()) << text;
    EXPECT_FALSE(address->isTentative()) << text;
    EXPECT_EQ(remove(text).error, 0) << text;
    EXPECT_EQ(dump().find(al0_)->find(prefix(text)), nullptr) << text;
  }
}

TEST_F(RouteClientTest, AddingAndRemovingTwiceIsNoError) {
  EXPECT_FALSE(add("192.0.2.10/24").existed);
  const Outcome again = add("192.0.2.10/24");
  EXPECT_EQ(again.error, 0);
  EXPECT_TRUE(again.existed);
  EXPECT_EQ(remove("192.0.2.10/24").error, 0);
  EXPECT_EQ(remove("192.0.2.10/24").error, 0);
}

TEST_F(RouteClientTest, AMissingInterfaceFailsToAddAndHasNothingToRemove) {
  constexpr std::uint32_t kNowhere = 4711;
  EXPECT_EQ(perform(operationOn(kNowhere, Kind::Add, "192.0.2.10/24")).error, ENODEV);
  EXPECT_EQ(perform(operationOn(kNowhere, Kind::Remove, "192.0.2.10/24")).error, 0);
}

TEST_F(RouteClientTest, EachOperationOfABatchHasItsOwnOutcome) {
  std::vector<Operation> operations;
  for (int i = 1; i <= 64; ++i) {
    operations.push_back(operationOn(i == 21 ? 4711 : al0_, Kind::Add, ("10.1.0." + std::to_string(i) + "/32").c_str()));
  }
  std::vector<Outcome> outcomes(operations.size());
  ASSERT_TRUE(client_->execute(operations, outcomes).ok());
  for (std::size_t i = 0; i < outcomes.size(); ++i) EXPECT_EQ(outcomes[i].error, i == 20 ? ENODEV : 0) << i;
  EXPECT_EQ(dump().find(al0_)->addresses.size(), 63U + 1U);  // and the link-local one
}

TEST_F(RouteClientTest, AnAddressHasTheFormThatWasAskedFor) {
  AddressForm form;
  form.label = "al0:vip";
  form.scope = wire::kScopeLink;
  form.broadcast = ip("192.0.2.255");
  form.withoutRoute = true;
  EXPECT_EQ(perform(AddressOperation{Kind::Add, {{al0_, prefix("192.0.2.10/24")}, form}}).error, 0);
  const LinkTable table = dump();
  const Address* address = table.find(al0_)->find(prefix("192.0.2.10/24"));
  ASSERT_NE(address, nullptr);
  EXPECT_EQ(address->label, "al0:vip");
  EXPECT_EQ(address->scope, wire::kScopeLink);
  EXPECT_EQ(address->broadcast, ip("192.0.2.255"));
  EXPECT_FALSE(shell("ip route show | grep -q 192.0.2.0/24"));
}

TEST_F(RouteClientTest, AHostRouteMakesAnAddressTheHostsOwn) {
  for (const char* text : {"192.0.2.10/24", "2001:db8::10/64"}) {
    PlacedAddress address{{al0_, prefix(text)}, {}};
    address.form.hostRoute = true;
    EXPECT_EQ(perform(AddressOperation{Kind::Add, address}).error, 0) << text;
    EXPECT_EQ(dump().find(al0_)->find(prefix(text)), nullptr) << text;
    ASSERT_EQ(ourRoutes().size(), 1U) << text;
    EXPECT_TRUE(wire::matches(hostRoute(address.place.prefix.address), ourRoutes()[0])) << text;
    EXPECT_TRUE(shell("ip route get " + wire::format(address.place.prefix.address) + " | grep -q '^local'")) << text;
    EXPECT_TRUE(perform(AddressOperation{Kind::Add, address}).existed) << text;
    EXPECT_EQ(perform(AddressOperation{Kind::Remove, address}).error, 0) << text;
    EXPECT_EQ(perform(AddressOperation{Kind::Remove, address}).error, 0) << text;
    EXPECT_TRUE(ourRoutes().empty()) << text;
  }
}

/// Counts how often an address of the host is none while it is replaced again and again.
class Watcher {
 public:
  explicit Watcher(const char* text) : address_(ip(text)), thread_([this] { watch(); }) {
    while (tries_ == 0) std::this_thread::yield();
  }
  int tries() const { return tries_; }
  std::pair<int, int> stop() {
    enough_ = true;
    thread_.join();
    return {tries_, failures_};
  }

 private:
  // An IPv4 address can be bound to, an IPv6 one be spoken to by the host itself.
  void watch() {
    const bool v4 = address_.family == wire::Family::IPv4;
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    const int listener = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    bind(listener, reinterpret_cast<const sockaddr*>(&six), sizeof six);
    socklen_t size = sizeof six;
    getsockname(listener, reinterpret_cast<sockaddr*>(&six), &size);
    while (!enough_) {
      failures_ += (v4 ? bound() : spokenTo(listener, six)) ? 0 : 1;
      ++tries_;
    }
    close(listener);
  }
  bool bound() const {
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    std::memcpy(&name.sin_addr, address_.bytes.data(), 4);
    const bool well = bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
    close(fd);
    return well;
  }
  bool spokenTo(int listener, sockaddr_in6 name) const {
    const int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    std::memcpy(&name.sin6_addr, address_.bytes.data(), 16);
    char byte = 0;
    const bool well =
        sendto(fd, &byte, 1, 0, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 1 && recv(listener, &byte, 1, 0) == 1;
    close(fd);
    return well;
  }

  wire::IpAddress address_;
  std::atomic<int> tries_ = 0;
  std::atomic<int> failures_ = 0;
  std::atomic<bool> enough_ = false;
  std::thread thread_;
};

TEST_F(RouteClientTest, ReplacesAnAddressWithoutAGap) {
  AddressForm labelled;
  labelled.label = "al0:vip";
  const std::pair<PlacedAddress, PlacedAddress> table[] = {
      {{{al0_, prefix("192.0.2.10/24")}, {}}, {{al0_, prefix("192.0.2.10/24")}, labelled}},
      {{{al0_, prefix("192.0.2.10/24")}, {}}, {{al0_, prefix("192.0.2.10/32")}, {}}},
      {{{al0_, prefix("2001:db8::10/64")}, {}}, {{al0_, prefix("2001:db8::10/128")}, {}}},
  };
  for (const auto& [first, second] : table) {
    const std::string text = wire::format(first.place.prefix.address);
    ASSERT_EQ(perform(AddressOperation{Kind::Add, first}).error, 0);
    Watcher watcher(text.c_str());
    for (int round = 0; round < 50 || watcher.tries() < 500; ++round) {
      replace(first, second);
      replace(second, first);
    }
    const auto [tries, failures] = watcher.stop();
    EXPECT_EQ(failures, 0) << text << " of " << tries;
    EXPECT_TRUE(ourRoutes().empty()) << text;
    const LinkTable after = dump();
    ASSERT_NE(after.find(al0_)->find(first.place.prefix), nullptr);
    EXPECT_EQ(after.find(al0_)->find(first.place.prefix)->label, "");
    EXPECT_EQ(perform(AddressOperation{Kind::Remove, first}).error, 0);
  }
}

TEST_F(RouteClientTest, MakesAHostRouteAnAddressAndBack) {
  PlacedAddress plain{{al0_, prefix("192.0.2.10/32")}, {}};
  PlacedAddress route = plain;
  route.form.hostRoute = true;
  ASSERT_EQ(perform(AddressOperation{Kind::Add, route}).error, 0);
  ASSERT_EQ(perform(AddressOperation{Kind::Replace, plain, route}).error, 0);
  EXPECT_TRUE(ourRoutes().empty());
  EXPECT_NE(dump().find(al0_)->find(plain.place.prefix), nullptr);
  ASSERT_EQ(perform(AddressOperation{Kind::Replace, route, plain}).error, 0);
  EXPECT_EQ(ourRoutes().size(), 1U);
  EXPECT_EQ(dump().find(al0_)->find(plain.place.prefix), nullptr);
}

TEST_F(RouteClientTest, KeepsTheAddressesThatWouldFallWithTheirPrimaryOne) {
  ASSERT_TRUE(shell("sysctl -q -w net.ipv4.conf.all.promote_secondaries=0 net.ipv4.conf.al0.promote_secondaries=0"));
  AddressOperation operation = operationOn(al0_, Kind::Remove, "192.0.2.10/24");
  for (const bool keep : {false, true}) {
    ASSERT_EQ(add("192.0.2.10/24").error, 0);
    ASSERT_TRUE(shell("ip addr add 192.0.2.1/24 dev al0"));
    ASSERT_TRUE(dump().find(al0_)->find(prefix("192.0.2.1/24"))->isSecondary());
    operation.keepSecondaries = keep;
    ASSERT_EQ(perform(operation).error, 0);
    EXPECT_EQ(dump().find(al0_)->find(prefix("192.0.2.1/24")) != nullptr, keep);
    EXPECT_TRUE(shell("test $(cat /proc/sys/net/ipv4/conf/al0/promote_secondaries) = 0"));
  }
}

TEST_F(RouteClientTest, SetsRoutesAndRulesOfEveryKindWithOurMarkAndRemovesThem) {
  ASSERT_TRUE(shell("ip addr add 192.0.2.1/24 dev al0; ip addr add 2001:db8::1/64 nodad dev al0"));
  std::vector<wire::Route> routes;
  const auto route = [&](const char* destination, std::vector<wire::RouteHop> hops) -> wire::Route& {
    wire::Route& added = routes.emplace_back();
    added.destination = prefix(destination);
    added.hops = std::move(hops);
    if (added.destination.address.family == wire::Family::IPv6) added.metric = wire::kDefaultMetric6;
    return added;
  };
  route("198.51.100.0/24", {{al0_, ip("192.0.2.254"), 1, false}}).source = ip("192.0.2.1");
  route("198.51.101.0/24", {{al0_, ip("192.0.2.253"), 2, false}, {al0_, ip("192.0.2.254"), 1, false}}).mtu = 1300;
  route("198.51.102.0/24", {}).type = wire::kRouteBlackhole;
  route("198.51.103.0/24", {}).type = wire::kRouteUnreachable;
  route("198.51.104.0/24", {{al0_, ip("203.0.113.1"), 1, true}}).table = 1000;
  route("198.51.105.0/24", {{al0_, ip("2001:db8::fe"), 1, false}}).metric = 7;
  route("198.51.106.0/24", {{al0_, {}, 1, false}}).scope = wire::kScopeLink;
  route("2001:db8:1::/48", {{al0_, ip("2001:db8::fe"), 1, false}}).mtu = 1400;
  route("2001:db8:2::/48", {{al0_, ip("2001:db8::fe"), 1, false}, {al0_, ip("2001:db8::fd"), 3, false}});
  route("2001:db8:3::/48", {}).type = wire::kRouteProhibit;
  std::vector<wire::Rule> rules(2);
  rules[0].from = prefix("192.0.2.10/32");
  rules[0].table = 1000;
  rules[1].family = wire::Family::IPv6;
  rules[1].to = prefix("2001:db8:9::/48");
  rules[1].action = wire::kRuleUnreachable;
  rules[1].priority = 77;

  std::vector<Operation> operations;
  for (const wire::Route& one : routes) operations.push_back(RouteOperation{true, one});
  for (wire::Rule& one : rules) {
    one.protocol = wire::kAloftProtocol;
    operations.push_back(RuleOperation{true, one});
  }
  std::vector<Outcome> outcomes(operations.size());
  ASSERT_TRUE(client_->execute(operations, outcomes).ok());
  for (std::size_t i = 0; i < outcomes.size(); ++i) EXPECT_EQ(outcomes[i].error, 0) << describe(operations[i], dump());

  const auto found = ourRoutes();
  EXPECT_EQ(found.size(), routes.size());
  for (const wire::Route& wanted : routes) {
    EXPECT_TRUE(std::any_of(found.begin(), found.end(), [&](const auto& entry) { return wire::matches(wanted, entry); }))
        << describe(wanted, dump());
  }
  const auto foundRules = ourRules();
  EXPECT_EQ(foundRules.size(), rules.size());
  for (const wire::Rule& wanted : rules) {
    EXPECT_TRUE(std::any_of(foundRules.begin(), foundRules.end(), [&](const auto& entry) { return wire::matches(wanted, entry); }))
        << describe(wanted);
  }

  for (Operation& operation : operations) {
    if (auto* one = std::get_if<RouteOperation>(&operation)) one->add = false;
    if (auto* one = std::get_if<RuleOperation>(&operation)) one->add = false;
  }
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(client_->execute(operations, outcomes).ok());
    for (std::size_t i = 0; i < outcomes.size(); ++i) EXPECT_EQ(outcomes[i].error, 0) << round << " " << describe(operations[i], dump());
  }
  EXPECT_TRUE(ourRoutes().empty());
  EXPECT_TRUE(ourRules().empty());
}

TEST_F(RouteClientTest, NeverTakesTheRouteOrRuleOfAnother) {
  ASSERT_TRUE(shell("ip route add 198.51.100.0/24 dev al0 metric 5 proto static; ip rule add from 192.0.2.10 table 100 priority 50"));
  wire::Route route;
  route.destination = prefix("198.51.100.0/24");
  route.metric = 5;
  route.scope = wire::kScopeLink;
  route.hops = {{al0_, {}, 1, false}};
  EXPECT_TRUE(perform(RouteOperation{true, route}).existed);
  EXPECT_EQ(perform(RouteOperation{false, route}).error, 0);
  EXPECT_TRUE(shell("ip route show 198.51.100.0/24 | grep -q 'proto static'"));
  wire::Rule rule;
  rule.protocol = wire::kAloftProtocol;
  rule.from = prefix("192.0.2.10/32");
  rule.table = 100;
  rule.priority = 50;
  EXPECT_FALSE(perform(RuleOperation{true, rule}).existed) << "a second one, ours";
  EXPECT_TRUE(perform(RuleOperation{true, rule}).existed);
  EXPECT_EQ(perform(RuleOperation{false, rule}).error, 0);
  EXPECT_EQ(perform(RuleOperation{false, rule}).error, 0);
  EXPECT_TRUE(shell("ip rule show | grep -q 'from 192.0.2.10'"));
}

TEST_F(RouteClientTest, TellsOnlyTheOperationThatDidNotFitIntoTheRequest) {
  wire::Route enormous;
  enormous.destination = prefix("198.51.100.0/24");
  enormous.hops.assign(9000, {al0_, {}, 1, false});
  const Operation operations[] = {operationOn(al0_, Kind::Add, "192.0.2.10/24"), RouteOperation{true, enormous},
                                  operationOn(al0_, Kind::Add, "192.0.2.11/24")};
  Outcome outcomes[3];
  ASSERT_TRUE(client_->execute(operations, outcomes).ok());
  EXPECT_EQ(outcomes[0].error, 0);
  EXPECT_EQ(outcomes[1].error, EMSGSIZE);
  EXPECT_EQ(outcomes[2].error, 0);
}

TEST_F(RouteClientTest, MakesAMacvlanThatIsMarkedQuietAndDown) {
  const MacvlanRequest request{"v4-51-al0", "aloft: a mark", al0_, {0, 0, 0x5e, 0, 1, 51}};
  ASSERT_TRUE(client_->addMacvlan(request).ok());
  const LinkTable table = dump();
  const Link* link = table.find("v4-51-al0");
  ASSERT_NE(link, nullptr);
  EXPECT_EQ(link->kind, "macvlan");
  EXPECT_EQ(link->alias, request.alias);
  EXPECT_EQ(link->parent, al0_);
  EXPECT_EQ(link->mac, request.mac);
  EXPECT_FALSE(link->raised);
  EXPECT_TRUE(shell("ip -d link show v4-51-al0 | grep -q 'macvlan mode bridge.*addrgenmode none'"));
  EXPECT_TRUE(shell("test $(cat /proc/sys/net/ipv4/conf/v4-51-al0/arp_ignore) = 1"));
  EXPECT_TRUE(shell("test $(cat /proc/sys/net/ipv4/conf/v4-51-al0/rp_filter) = 2"));

  const os::Status again = client_->addMacvlan(request);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().number, EEXIST);
  EXPECT_NE(dump().find("v4-51-al0"), nullptr) << "one that was there before is not taken away";

  EXPECT_EQ(perform(LinkOperation{true, link->index}).error, 0);
  EXPECT_TRUE(dump().find("v4-51-al0")->raised);
  EXPECT_TRUE(dump().find("v4-51-al0")->addresses.empty()) << "not even a link-local address";
  EXPECT_EQ(perform(LinkOperation{false, link->index}).error, 0);
  EXPECT_TRUE(client_->removeLink(link->index).ok());
  EXPECT_TRUE(client_->removeLink(link->index).ok());
  EXPECT_EQ(dump().find("v4-51-al0"), nullptr);
}

}  // namespace
}  // namespace aloft::kernel
