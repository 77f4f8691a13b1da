#pragma once
// The actuator on the real kernel, in a network namespace of the test's own; the test plays the vrrp thread.

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <thread>

#include "namespaces.h"
#include "runtime/actuator.h"

namespace aloft::runtime {

using namespace std::chrono_literals;

inline constexpr vrrp::RouterId kRouter = 7;

inline wire::IpAddress ip(const std::string& text) {
  wire::IpAddress out;
  EXPECT_TRUE(wire::parseIpAddress(text, out)) << text;
  return out;
}
inline wire::IpPrefix prefix(const std::string& text) {
  wire::IpPrefix out;
  EXPECT_TRUE(wire::parseIpPrefix(text, out)) << text;
  return out;
}

inline bool within(std::chrono::milliseconds limit, const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

inline bool shows(const std::string& command, const std::string& pattern) {
  return test::shellSucceeds(command + " | grep -qE '" + pattern + "'");
}

inline kernel::AddressEntry address(const std::string& text, const char* interface = "eth0") {
  return {prefix(text), interface, "", {}, {}};
}

class ActuatorTest : public testing::Test {
 protected:
  void SetUp() override {
    space_ = test::newNamespace();
    if (!space_.valid()) GTEST_SKIP() << "a network namespace of its own needs CAP_SYS_ADMIN";
    test::shell(
        "ip link set lo up; ip link add eth0 type veth peer name cable; sysctl -q -w net.ipv6.conf.eth0.accept_dad=0; "
        "ip link set cable up; ip link set eth0 up; ip addr add 192.0.2.1/24 dev eth0; ip addr add 2001:db8::1/64 nodad dev eth0; "
        "until ip link show dev eth0 | grep -q 'state UP'; do sleep 0.01; done");
  }
  void TearDown() override { stop(); }

  void start(std::vector<JournalEntry> journal = {}, kernel::Gate* gate = nullptr) {
    auto channels = Channels::open();
    ASSERT_TRUE(channels.ok());
    channels_ = std::move(channels.value());
    auto actuator = Actuator::create(
        *channels_, std::move(journal), [] {}, gate);
    ASSERT_TRUE(actuator.ok());
    actuator_ = std::move(actuator.value());
    ASSERT_TRUE(actuator_->start(false).ok());
  }
  /// `keep`: as after a kill, nothing is removed.
  void stop(bool keep = false) {
    if (!actuator_) return;
    Order last{Order::Kind::Finished};
    last.keepAddresses = keep;
    order(last);
    EXPECT_TRUE(actuator_->join().ok());
    actuator_.reset();
    channels_.reset();
  }

  static Assignment assignment(kernel::Entries entries, vrrp::RouterId router = kRouter) {
    Assignment assignment;
    assignment.router = router;
    assignment.interface = "eth0";
    assignment.virtualRouterId = 51;
    assignment.entries = std::move(entries);
    return assignment;
  }
  void assign(Assignments assignments) {
    actuator_->assign(++generation_, std::move(assignments));
    ASSERT_TRUE(within(
        5s, [this] { return take([this](const Report& r) { return r.kind == Report::Kind::Ready && r.generation == generation_; }); }));
    Order configured{Order::Kind::Configured};
    configured.generation = generation_;
    order(configured);
  }
  void assign(kernel::Entries entries) {
    Assignments assignments;
    assignments.routers = {assignment(std::move(entries))};
    assign(std::move(assignments));
  }

  void order(const Order& order) {
    ASSERT_TRUE(channels_->orders.push(order));
    channels_->actuatorWake.notify();
  }
  /// Returns what the actuator answered.
  vrrp::Actuated ask(Order::Kind kind, vrrp::RouterId router = kRouter) {
    Order ordered{kind};
    ordered.router = router;
    order(ordered);
    return awaitAnswer(router);
  }
  vrrp::Actuated awaitAnswer(vrrp::RouterId router = kRouter) {
    vrrp::Actuated answer;
    EXPECT_TRUE(within(5s, [&] {
      return take([&](const Report& report) {
        if (report.kind != Report::Kind::Actuated || report.actuated.router != router) return false;
        answer = report.actuated;
        return true;
      });
    }));
    return answer;
  }
  bool take(const std::function<bool(const Report&)>& wanted) {
    for (Report report; channels_->reports.pop(report);) {
      delete report.sockets;
      if (wanted(report)) return true;
    }
    return false;
  }
  std::string message() { return actuator_->holdings()[kRouter].message; }

  os::Fd space_;
  std::unique_ptr<Channels> channels_;
  std::unique_ptr<Actuator> actuator_;
  Generation generation_ = 0;
};

}  // namespace aloft::runtime
