// The gate comes back where others removed it, or set something before it.
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/socket.h>

#include <filesystem>

#include "actuatorBed.h"
#include "os/bpf.h"
#include "os/multicastSocket.h"
#include "os/tcx.h"
#include "wire/ebpf.h"

namespace aloft::runtime {
namespace {

using wire::Direction;

constexpr std::uint32_t kSlot = 5;

class ActuatorGateTest : public ActuatorTest {
 protected:
  void SetUp() override {
    ActuatorTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    auto gate = kernel::Gate::open();
    if (!gate.ok()) GTEST_SKIP() << gate.error().message();
    gate_ = std::move(gate.value());
    start({}, gate_.get());
    Assignments assignments;
    kernel::Entries entries;
    entries.addresses = {address("192.0.2.10/24")};
    assignments.routers = {assignment(std::move(entries))};
    assignments.routers[0].gated = true;
    assignments.routers[0].gateSlot = kSlot;
    assign(std::move(assignments));
    ASSERT_TRUE(within(1s, stands));
  }
  void TearDown() override {
    ActuatorTest::TearDown();
    gate_.reset();
  }

  static bool stands() {
    return shows("tc filter show dev eth0 ingress", "aloft_gate") && shows("tc filter show dev eth0 egress", "aloft_gate");
  }
  std::size_t told(CoreEvent::Kind kind) {
    std::size_t count = 0;
    for (const CoreEvent& event : actuator_->takeEvents()) {
      count += event.kind == kind ? 1 : 0;
      EXPECT_EQ(event.interface, event.kind == CoreEvent::Kind::GateRestored ? "eth0" : "");
    }
    return count;
  }

  std::unique_ptr<kernel::Gate> gate_;
};

TEST_F(ActuatorGateTest, IsBackAtOnceWhereSomebodyRemovedIt) {
  EXPECT_EQ(told(CoreEvent::Kind::GateRestored), 0U);
  for (const char* removal : {"tc qdisc del dev eth0 clsact", "tc filter del dev eth0 ingress", "tc filter del dev eth0 egress prio 1"}) {
    test::shell(removal);
    EXPECT_TRUE(within(500ms, stands)) << removal;
  }
  EXPECT_EQ(told(CoreEvent::Kind::GateRestored), 1U) << "once in a minute";
  EXPECT_EQ(actuator_->gateProblem(), "");
}

/// As who resets a qdisc does. Were the gate back in between, the second step would fail.
TEST_F(ActuatorGateTest, LetsWhoRemovedTheQdiscAddItAgain) {
  test::shell("tc qdisc del dev eth0 clsact; tc qdisc add dev eth0 clsact");
  EXPECT_TRUE(within(500ms, stands));
  stop();
  EXPECT_TRUE(shows("tc qdisc show dev eth0", "clsact")) << "it is theirs now";
}

TEST_F(ActuatorGateTest, IsPutBackTenTimesASecondAtMost) {
  std::size_t removed = 0;
  const auto end = std::chrono::steady_clock::now() + 1s;
  while (std::chrono::steady_clock::now() < end) removed += test::shellSucceeds("tc qdisc del dev eth0 clsact 2>/dev/null") ? 1 : 0;
  EXPECT_GE(removed, 4U);
  EXPECT_LE(removed, 11U);
  EXPECT_TRUE(within(500ms, stands));
}

TEST_F(ActuatorGateTest, SaysOnceWhyItCannotComeBackAndTriesAgain) {
  test::shell("tc qdisc del dev eth0 clsact; tc qdisc add dev eth0 ingress");
  const std::string problem = "attach the gate to eth0: add qdisc clsact to a link with qdisc ingress: File exists";
  EXPECT_TRUE(within(500ms, [&] { return actuator_->gateProblem() == problem; })) << actuator_->gateProblem();
  std::this_thread::sleep_for(1200ms);
  EXPECT_EQ(told(CoreEvent::Kind::OperationFailed), 1U);
  test::shell("tc qdisc del dev eth0 ingress");
  EXPECT_TRUE(within(1500ms, stands));
  EXPECT_TRUE(within(100ms, [&] { return actuator_->gateProblem().empty(); })) << actuator_->gateProblem();
}

TEST_F(ActuatorGateTest, ComesBeforeAProgramOfTcxWithinASecond) {
  wire::EbpfAssembler accept;
  accept.set(wire::EbpfRegister::R0, 0);
  accept.exit();
  const auto program = os::loadBpfFilter("accept", "Apache-2.0", *accept.finish(), nullptr);
  ASSERT_TRUE(program.ok());
  const std::uint32_t eth0 = kernel::RouteClient::open().value().dump().value().links.find("eth0")->index;
  for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
    const os::Status attached = os::attachTcxFirst(eth0, direction, program.value().get());
    if (!attached.ok()) GTEST_SKIP() << "tcx needs Linux 6.6: " << attached.error().message();
  }
  const std::uint32_t foreign = os::bpfProgramId(program.value().get()).value();
  for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
    EXPECT_TRUE(within(1500ms, [&] {
      const auto ids = os::tcxPrograms(eth0, direction).ids;
      return ids.size() == 2 && ids[1] == foreign;
    }));
  }
  EXPECT_TRUE(within(500ms, [this] { return told(CoreEvent::Kind::GateRestored) == 1; }));
}

/// The socket by which this process hears of links.
int monitorSocket() {
  for (int fd = 0; fd < 1024; ++fd) {
    sockaddr_nl name{};
    socklen_t size = sizeof name;
    const bool named = getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) == 0;
    if (named && name.nl_family == AF_NETLINK && (name.nl_groups & RTMGRP_LINK) != 0) return fd;
  }
  return -1;
}

/// Puts all threads of the process, and what they start, on one processor while it lives.
class OneProcessor {
 public:
  OneProcessor() {
    EXPECT_EQ(sched_getaffinity(0, sizeof all_, &all_), 0);
    int first = 0;
    while (!CPU_ISSET(first, &all_)) ++first;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    pin(one);
  }
  ~OneProcessor() { pin(all_); }

 private:
  static void pin(const cpu_set_t& set) {
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task"))
      EXPECT_EQ(sched_setaffinity(std::stoi(task.path().filename()), sizeof set, &set), 0);
  }
  cpu_set_t all_;
};

TEST_F(ActuatorGateTest, LooksEverywhereWhenNotificationsWereLost) {
  if (!test::shellSucceeds("chrt -f 1 true 2>/dev/null")) GTEST_SKIP() << "real time needs CAP_SYS_NICE";
  test::shell("ip link add busy type veth peer name other");
  const int monitor = monitorSocket();
  ASSERT_GE(monitor, 0);
  // It hears of links and addresses only, whose numbers are below 24, and holds hardly any.
  const wire::FilterInstruction onlyLinks[] = {{0x30, 0, 0, 4}, {0x35, 1, 0, 24}, {0x06, 0, 0, 0xffffffff}, {0x06, 0, 0, 0}};
  ASSERT_TRUE(os::attachFilter(monitor, onlyLinks).ok());
  const int least = 0;
  ASSERT_EQ(setsockopt(monitor, SOL_SOCKET, SO_RCVBUF, &least, sizeof least), 0);
  test::shell("tc qdisc del dev eth0 clsact");
  EXPECT_FALSE(within(300ms, stands)) << "nobody told";
  const OneProcessor pinned;  // where the actuator does not read while this runs
  EXPECT_TRUE(within(5s, [] {
    // While somebody else has the kernel's lock the actuator may read all the same: then once more.
    test::shell(
        "for change in add del; do for i in $(seq 1 50); do echo addr $change 10.0.0.$i/32 dev busy; done; done | chrt -f 1 ip -batch -");
    return within(200ms, stands);
  }));
}

}  // namespace
}  // namespace aloft::runtime
