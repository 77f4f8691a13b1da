// Where the gate's filters stand, who else has filters there, and what becomes of all when gates, links and processes come and go.
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <thread>

#include "gateBed.h"
#include "kernel/gateFilters.h"
#include "os/bpf.h"
#include "os/tcx.h"

namespace aloft::kernel {
namespace {

using wire::Direction;
using wire::IpAddress;
using wire::MacAddress;

/// A program of somebody else: counts what it sees in a map and returns `verdict`.
class ForeignProgram {
 public:
  explicit ForeignProgram(int verdict) : counter_(std::move(os::BpfArray::create({"foreign", 0, 8, 1}).value())) {
    using R = wire::EbpfRegister;
    using Size = wire::EbpfSize;
    wire::EbpfAssembler a;
    const auto done = a.label();
    a.storeValue(Size::Word, R::Frame, -4, 0);
    a.loadMap(R::R1, counter_.fd());
    a.move(R::R2, R::Frame);
    a.compute(wire::EbpfOperation::Add, R::R2, -4);
    a.call(1);  // map_lookup_elem
    a.jumpIf(wire::EbpfCondition::Equal, R::R0, 0, done);
    a.set(R::R1, 1);
    a.addAtomically(Size::Double, R::R0, 0, R::R1);
    a.bind(done);
    a.set(R::R0, verdict);
    a.exit();
    program_ = std::move(os::loadBpfFilter("foreign", "Apache-2.0", *a.finish(), nullptr).value());
  }

  int fd() const { return program_.get(); }
  std::uint64_t seen() const { return static_cast<std::atomic<std::uint64_t>*>(counter_.data())->load(); }

 private:
  os::BpfArray counter_;
  os::Fd program_;
};

class GateAttachTest : public GateTest {
 protected:
  void put(const ForeignProgram& program, Direction direction, std::uint16_t priority, std::uint32_t handle) {
    auto client = FilterClient::open();
    ASSERT_TRUE(client.ok());
    const os::Status clsact = client.value().addClsact(host_->index);
    ASSERT_TRUE(clsact.ok() || clsact.error().number == EEXIST);
    const os::Status status = client.value().put({host_->index, direction, priority, handle}, program.fd(), "foreign");
    ASSERT_TRUE(status.ok()) << status.error().message();
  }
  /// Another process's gate, as it would be when that process has set its slot and then ended.
  std::unique_ptr<Gate> successor(std::uint64_t until) {
    auto gate = Gate::open();
    EXPECT_TRUE(gate.ok());
    for (const IpAddress& vip : vips_) EXPECT_TRUE(gate.value()->assign(host_->index, vip, kSlot, false).ok());
    set(gate.value()->slot(kSlot), until);
    EXPECT_TRUE(gate.value()->attach({host_->index, {host_->mac}, {}}).ok());
    return std::move(gate.value());
  }
};

TEST_F(GateAttachTest, IsAttachedOnceHoweverOftenItIsTold) {
  attach();
  const auto first = filters(Direction::Ingress);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].place, (wire::FilterPlace{host_->index, Direction::Ingress, 1, 0xa1}));
  attach();
  EXPECT_EQ(filters(Direction::Ingress).size(), 1U);
  EXPECT_EQ(filters(Direction::Ingress)[0].program, first[0].program);
  EXPECT_EQ(filters(Direction::Egress).size(), 1U);
}

TEST_F(GateAttachTest, ComesBackWhereOthersRemovedIt) {
  ASSERT_TRUE(addAddresses());
  assign();
  attach();
  ASSERT_TRUE(shell("tc filter del dev host ingress"));
  EXPECT_TRUE(keepsSilent(*lan_, vip4_)) << "the kernel's answer does not leave";
  EXPECT_TRUE(filters(Direction::Ingress).empty());
  attach();
  EXPECT_EQ(filters(Direction::Ingress).size(), 1U);
  EXPECT_TRUE(keepsSilent(*lan_, vip4_));
  ASSERT_TRUE(shell("tc qdisc del dev host clsact"));
  EXPECT_TRUE(answers(*lan_, vip4_));
  attach();
  EXPECT_TRUE(keepsSilent(*lan_, vip4_));
}

TEST_F(GateAttachTest, OutlivesTheGateAndIsReplacedByTheNextOne) {
  ASSERT_TRUE(addAddresses());
  assign();
  attach();
  set(slot(), kForEver);
  const std::uint32_t former = filters(Direction::Ingress)[0].program;
  gate_.reset();
  EXPECT_TRUE(answers(*lan_, vip4_)) << "open for ever, with nobody there";
  const auto next = successor(0);
  ASSERT_EQ(filters(Direction::Ingress).size(), 1U);
  ASSERT_EQ(filters(Direction::Egress).size(), 1U);
  EXPECT_NE(filters(Direction::Ingress)[0].program, former);
  EXPECT_TRUE(keepsSilent(*lan_, vip4_));
}

/// Of each of many gates that replace each other every answer must be the one that all of them would give.
TEST_F(GateAttachTest, ThereIsNoMomentBetweenOneGateAndTheNext) {
  ASSERT_TRUE(addAddresses());
  gate_.reset();
  for (const bool open : {true, false}) {
    std::unique_ptr<Gate> gate = successor(open ? kForEver : 0);
    std::atomic<bool> done = false;
    std::thread replacing([&] {
      for (int i = 0; i < 40; ++i) gate = successor(open ? kForEver : 0);
      done = true;
    });
    std::size_t asked = 0, answered = 0;
    for (; !done; ++asked) answered += ask(*lan_, vip4_, open ? kSoon : std::chrono::milliseconds(1)) != MacAddress{} ? 1 : 0;
    replacing.join();
    EXPECT_GT(asked, 40U);
    EXPECT_EQ(answered, open ? asked : 0);
  }
}

TEST_F(GateAttachTest, OthersFiltersGoOn) {
  ASSERT_TRUE(addAddresses());
  const ForeignProgram incoming(-1), outgoing(-1);
  put(incoming, Direction::Ingress, 1, 1);
  put(outgoing, Direction::Egress, 1, 1);
  assign();
  attach();
  EXPECT_EQ(filters(Direction::Ingress).size(), 2U);
  EXPECT_EQ(filters(Direction::Ingress)[0].name, "aloft_gate") << "who comes last of one priority is asked first";
  EXPECT_TRUE(keepsSilent(*lan_, vip4_));
  set(slot(), kForEver);
  const std::uint64_t before = incoming.seen(), outgoingBefore = outgoing.seen();
  EXPECT_TRUE(answers(*lan_, vip4_));
  EXPECT_GT(incoming.seen(), before);
  EXPECT_GT(outgoing.seen(), outgoingBefore);
  ASSERT_TRUE(gate_->detachAll().ok());
  ASSERT_EQ(filters(Direction::Ingress).size(), 1U);
  EXPECT_EQ(filters(Direction::Ingress)[0].name, "foreign");
  EXPECT_EQ(filters(Direction::Egress).size(), 1U);
  const std::uint64_t after = incoming.seen();
  EXPECT_TRUE(answers(*lan_, vip4_));
  EXPECT_GT(incoming.seen(), after);
}

TEST_F(GateAttachTest, StandsBehindFiltersOfAnotherKind) {
  ASSERT_TRUE(shell("tc qdisc add dev host clsact && tc filter add dev host ingress prio 1 protocol ip u32 match u32 0 0 flowid 1:1"));
  attach();
  const auto standing = filters(Direction::Ingress);
  EXPECT_TRUE(std::any_of(standing.begin(), standing.end(), [](const Filter& f) { return isGateFilter(f) && f.place.priority == 2; }));
  ASSERT_TRUE(gate_->detachAll().ok());
  EXPECT_TRUE(shell("tc filter show dev host ingress | grep -q u32"));
  EXPECT_TRUE(hasClsact());
}

TEST_F(GateAttachTest, LeavesNothingBehindWhenItIsDetached) {
  ASSERT_TRUE(addAddresses());
  assign();
  attach();
  EXPECT_TRUE(keepsSilent(*lan_, vip4_));
  ASSERT_TRUE(gate_->detach(host_->index).ok());
  EXPECT_FALSE(hasClsact());
  EXPECT_TRUE(answers(*lan_, vip4_));
  attach();
  EXPECT_TRUE(answers(*lan_, vip4_)) << "the addresses are forgotten";
  EXPECT_TRUE(gate_->detachAll().ok());
  EXPECT_TRUE(gate_->detachAll().ok());
  EXPECT_FALSE(hasClsact());
}

TEST_F(GateAttachTest, KeepsTheQdiscThatItFound) {
  ASSERT_TRUE(shell("tc qdisc add dev host clsact"));
  attach();
  ASSERT_TRUE(gate_->detachAll().ok());
  EXPECT_TRUE(hasClsact());
}

TEST_F(GateAttachTest, RefusesALinkWithTheQdiscIngress) {
  ASSERT_TRUE(shell("tc qdisc add dev host ingress"));
  const os::Status status = gate_->attach({host_->index, {host_->mac}, {}});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message(), "add qdisc clsact to a link with qdisc ingress: File exists");
  EXPECT_TRUE(filters(Direction::Ingress).empty());
  EXPECT_TRUE(filters(Direction::Egress).empty());
}

/// Who made the qdisc is known also to those who come after.
TEST_F(GateAttachTest, KeepsTheQdiscThatOthersUseSince) {
  attach();
  const ForeignProgram foreign(-1);
  put(foreign, Direction::Egress, 5, 1);
  gate_ = successor(0);
  ASSERT_TRUE(gate_->detachAll().ok());
  EXPECT_TRUE(hasClsact());
  EXPECT_EQ(filters(Direction::Egress).size(), 1U);
  EXPECT_TRUE(filters(Direction::Ingress).empty());
}

TEST_F(GateAttachTest, AStartWithoutAGateRemovesWhatAPredecessorLeft) {
  ASSERT_TRUE(addAddresses());
  assign();
  attach();
  gate_.reset();
  EXPECT_TRUE(keepsSilent(*lan_, vip4_));
  EXPECT_TRUE(Gate::removeLeftovers(host_->index).ok());
  EXPECT_TRUE(answers(*lan_, vip4_));
  EXPECT_FALSE(hasClsact());
  EXPECT_TRUE(Gate::removeLeftovers(host_->index).ok());
  EXPECT_TRUE(Gate::removeLeftovers(4711).ok()) << "there is no such link";
}

TEST_F(GateAttachTest, ALinkThatWasMadeAgainHasItsOwnGate) {
  ASSERT_TRUE(addAddresses());
  assign();
  attach();
  const std::uint32_t former = host_->index;
  ASSERT_TRUE(shell("ip link del host"));
  const os::Status gone = gate_->attach({former, {host_->mac}, {}});
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.error().number, ENODEV) << gone.error().message();
  EXPECT_TRUE(gate_->detach(former).ok());
  ASSERT_TRUE(plug() && addAddresses());
  host_.emplace("host");
  lan_.emplace("lan");
  ASSERT_NE(host_->index, former);
  EXPECT_TRUE(answers(*lan_, vip4_));
  assign();
  attach();
  EXPECT_TRUE(keepsSilent(*lan_, vip4_));
  set(slot(), kForEver);
  EXPECT_EQ(ask(*lan_, vip4_, kSoon), host_->mac);
}

TEST_F(GateAttachTest, ALinkOfAVirtualMacIsDumbWhileItsSlotIsShut) {
  ASSERT_TRUE(
      shell("ip link add link host name vrrp7 address 00:00:5e:00:01:07 type macvlan mode private && ip addr add 192.0.2.10/32 dev vrrp7 "
            "&& sysctl -qw net.ipv4.conf.host.arp_ignore=1 net.ipv4.conf.vrrp7.arp_ignore=1"));
  const MacAddress virtualMac = {0, 0, 0x5e, 0, 1, 7};
  const std::uint32_t index = if_nametoindex("vrrp7");
  ASSERT_TRUE(gate_->assign(index, vip4_, kSlot, false).ok());
  ASSERT_TRUE(gate_->attach({index, {virtualMac}, kSlot}).ok());
  ASSERT_TRUE(shell("ip link set vrrp7 up"));
  const auto speaks = [&](std::chrono::milliseconds patience) {
    return !lan_->receive(patience, [&](const Frame& frame) { return std::equal(virtualMac.begin(), virtualMac.end(), frame.begin() + 6); })
                .empty();
  };
  EXPECT_FALSE(speaks(std::chrono::milliseconds(300))) << "IPv6 of the link itself would speak of its MAC";
  const LinkPort port("vrrp7");
  const auto garp = wire::encodeGratuitousArp(virtualMac, ip("192.0.2.99"));
  EXPECT_FALSE(port.send(garp));
  set(slot(), kForEver);
  EXPECT_TRUE(port.send(garp));
  EXPECT_TRUE(speaks(kSoon));
  EXPECT_EQ(ask(*lan_, vip4_, kSoon), virtualMac);
  set(slot(), 0);
  EXPECT_TRUE(keepsSilent(*lan_, vip4_));
  EXPECT_FALSE(port.send(garp));
  ASSERT_TRUE(gate_->attach({index, {virtualMac}, {}}).ok());
  EXPECT_TRUE(port.send(garp)) << "attached without a slot";
}

/// The address is on a device on top of the cable's end, under the same MAC; `wrap` makes a frame of that device one of the cable.
class GateUpperTest : public GateAttachTest {
 protected:
  void expectGateOn(const char* name, const std::function<Frame(Frame)>& wrap) {
    ASSERT_TRUE(shell(std::string("ip link set ") + name + " up && ip addr add 192.0.2.10/24 dev " + name));
    const std::uint32_t index = if_nametoindex(name);
    const MacAddress mac = LinkPort(name).mac;
    ASSERT_TRUE(gate_->attach({index, {mac}, {}}).ok());
    attach();  // to the cable's end too: of its own addresses it has none
    const Frame request = wrap(question(vip4_));
    const auto reply = [&](std::chrono::milliseconds patience) {
      lan_->forget();
      EXPECT_TRUE(lan_->send(request));
      return lan_->receive(patience, [&](const Frame& frame) { return frame.size() < 100 && frame[frame.size() - 1] == 100; });
    };
    const auto answer = wire::encodeArpReply(mac, *wire::decodeArp(question(vip4_)));
    const Frame expected = wrap({answer.begin(), answer.end()});
    ASSERT_TRUE(eventually(kSoon, [&] { return reply(kSilence) == expected; })) << "without a slot";
    for (const bool byProgram : {false, true}) {
      ASSERT_TRUE(gate_->assign(index, vip4_, kSlot, byProgram).ok());
      EXPECT_TRUE(reply(kSilence).empty());
      set(slot(), kForEver);
      EXPECT_EQ(reply(kSoon), expected) << (byProgram ? "the program's" : "the kernel's");
      set(slot(), 0);
    }
    EXPECT_TRUE(reply(kSilence).empty());
  }
};

TEST_F(GateUpperTest, ABridgeHasAGateOfItsOwn) {
  ASSERT_TRUE(shell("ip link add br0 type bridge && ip addr flush dev host && ip link set host master br0"));
  expectGateOn("br0", [](Frame frame) { return frame; });
}

TEST_F(GateUpperTest, AVlanHasAGateOfItsOwn) {
  if (!shell("ip link add link host name host.5 type vlan id 5 2>/dev/null")) GTEST_SKIP() << "no VLAN devices here";
  ASSERT_TRUE(shell("ip addr flush dev host"));
  expectGateOn("host.5", [](Frame frame) {
    frame.insert(frame.begin() + 12, {0x81, 0x00, 0x00, 0x05});
    return frame;
  });
}

TEST_F(GateUpperTest, ABondHasAGateOfItsOwn) {
  if (!shell("ip link add bond0 type bond mode active-backup miimon 100 2>/dev/null")) GTEST_SKIP() << "no bonds here";
  ASSERT_TRUE(shell("ip addr flush dev host && ip link set host down && ip link set host master bond0 && ip link set host up"));
  expectGateOn("bond0", [](Frame frame) { return frame; });
}

TEST_F(GateAttachTest, TakesManyAddressesAndSaysWhenItIsFull) {
  std::vector<GateAddress> addresses;
  for (std::uint32_t i = 0; i < Gate::kMaxAddresses; ++i) {
    addresses.push_back(
        {host_->index, {wire::Family::IPv4, {10, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}}, 1, false});
  }
  ASSERT_TRUE(gate_->assign(addresses).ok());
  ASSERT_TRUE(gate_->assign(addresses).ok()) << "reassigned";
  const os::Status full = gate_->assign(host_->index, vip4_, 1, false);
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().number, E2BIG);
  ASSERT_TRUE(gate_->unassign(std::span(addresses).first(10)).ok());
  ASSERT_TRUE(gate_->unassign(std::span(addresses).first(20)).ok()) << "some are gone already";
  EXPECT_TRUE(gate_->assign(host_->index, vip4_, 1, false).ok());
}

TEST_F(GateAttachTest, RefusesWhatMakesNoSense) {
  EXPECT_FALSE(gate_->assign(host_->index, vip4_, Gate::kSlots, false).ok());
  EXPECT_FALSE(gate_->attach({host_->index, {}, {}}).ok());
  EXPECT_FALSE(gate_->attach({host_->index, {host_->mac}, Gate::kSlots}).ok());
  EXPECT_TRUE(filters(Direction::Ingress).empty());
}

/// What a pod has that was given these capabilities and no others.
std::string withCapabilities(std::uint64_t kept, const std::function<std::string()>& body) {
  int pipes[2];
  if (pipe(pipes) != 0) return "pipe";
  const pid_t child = fork();
  if (child == 0) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct data[2] = {{static_cast<std::uint32_t>(kept), static_cast<std::uint32_t>(kept), 0},
                                            {static_cast<std::uint32_t>(kept >> 32), static_cast<std::uint32_t>(kept >> 32), 0}};
    const std::string said = syscall(SYS_capset, &header, data) == 0 ? body() : "capset failed";
    _exit(write(pipes[1], said.data(), said.size()) == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  close(pipes[1]);
  std::string said(512, '\0');
  said.resize(static_cast<std::size_t>(std::max<ssize_t>(read(pipes[0], said.data(), said.size()), 0)));
  close(pipes[0]);
  waitpid(child, nullptr, 0);
  return said;
}

TEST_F(GateAttachTest, NeedsNoMoreThanTheCapabilitiesOfBpfAndNet) {
  const auto tryAll = [&]() -> std::string {
    auto gate = Gate::open();
    if (!gate.ok()) return gate.error().message();
    if (const os::Status status = gate.value()->assign(host_->index, vip4_, kSlot, true); !status.ok()) return status.error().message();
    if (const os::Status status = gate.value()->attach({host_->index, {host_->mac}, {}}); !status.ok()) return status.error().message();
    if (const os::Status status = gate.value()->detachAll(); !status.ok()) return status.error().message();
    return "all went well";
  };
  constexpr std::uint64_t kBpf = 1ULL << 39, kNetAdmin = 1ULL << CAP_NET_ADMIN;
  EXPECT_EQ(withCapabilities(kBpf | kNetAdmin, tryAll), "all went well");
  // Where unprivileged programs are permitted maps are too, but no programs for traffic control.
  EXPECT_NE(withCapabilities(kNetAdmin, tryAll).find(": Operation not permitted"), std::string::npos);
  EXPECT_EQ(withCapabilities(kBpf, tryAll), "load BPF program: Operation not permitted");
}

/// A reload like kube-proxy's holds nftables' and RTNL's locks for long. The gate knows neither.
TEST_F(GateAttachTest, ArmsAndShutsAtOnceBesideALargeReloadOfNftables) {
  ASSERT_TRUE(addAddresses());
  assign();
  attach();
  if (!shell("nft list ruleset >/dev/null 2>&1")) GTEST_SKIP() << "no nftables here";
  const std::string file = testing::TempDir() + "aloft-gate-" + std::to_string(getpid()) + ".nft";
  std::ofstream rules(file);
  rules << "add table ip t\ndelete table ip t\ntable ip t {\nchain c {\n";
  for (int i = 1; i <= 20000; ++i) rules << "ip daddr 10.0." << i / 256 << "." << i % 256 << " tcp dport " << i << " counter accept\n";
  rules << "}\n}\n";
  rules.close();
  std::atomic<bool> enough = false;
  std::atomic<int> reloads = 0;
  std::thread reloading([&] {
    while (!enough && shell("nft -f " + file)) ++reloads;
  });
  std::uint64_t slowest = 0;
  int rounds = 0;
  for (const std::uint64_t end = now() + 3'000'000'000; now() < end || reloads < 2; ++rounds) {
    const bool open = rounds % 2 == 0;
    const std::uint64_t before = now();
    set(slot(), open ? now() + 1'000'000'000 : 0);
    slowest = std::max(slowest, now() - before);
    ASSERT_EQ(ask(*lan_, vip4_, open ? kSoon : std::chrono::milliseconds(3)) != MacAddress{}, open) << "round " << rounds;
    if (now() > end + 30'000'000'000) break;
  }
  enough = true;
  reloading.join();
  std::remove(file.c_str());
  EXPECT_GE(reloads, 2);
  EXPECT_GT(rounds, 100);
  RecordProperty("slowestStoreUs", static_cast<int>(slowest / 1000));
  RecordProperty("reloads", reloads);
}

/// Beside programs of tcx that accept packets themselves, so that no filter ever sees these: as Cilium's do.
class GateTcxTest : public GateAttachTest {
 protected:
  void SetUp() override {
    GateAttachTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_TRUE(addAddresses());
    assign();
    for (const auto& [direction, program] : {std::pair(Direction::Ingress, &incoming_), std::pair(Direction::Egress, &outgoing_)}) {
      const os::Status status = os::attachTcxFirst(host_->index, direction, program->fd());
      if (!status.ok()) GTEST_SKIP() << "tcx needs Linux 6.6: " << status.error().message();
    }
  }
  std::vector<std::uint32_t> programs(Direction direction) const { return os::tcxPrograms(host_->index, direction).ids; }
  static std::uint32_t idOf(const ForeignProgram& program) { return os::bpfProgramId(program.fd()).value(); }
  void detachForeign() {
    for (const auto& [direction, program] : {std::pair(Direction::Ingress, &incoming_), std::pair(Direction::Egress, &outgoing_)}) {
      const os::TcxPrograms standing = os::tcxPrograms(host_->index, direction);
      const auto it = std::find(standing.ids.begin(), standing.ids.end(), idOf(*program));
      ASSERT_TRUE(os::detachTcx(host_->index, direction, standing, static_cast<std::size_t>(it - standing.ids.begin())).ok());
    }
  }

  const ForeignProgram incoming_{0}, outgoing_{0};
};

TEST_F(GateTcxTest, ComesBeforeProgramsThatKeepPacketsFromFilters) {
  attach();
  EXPECT_EQ(programs(Direction::Ingress), (std::vector{filters(Direction::Ingress)[0].program, idOf(incoming_)}));
  EXPECT_EQ(programs(Direction::Egress), (std::vector{filters(Direction::Egress)[0].program, idOf(outgoing_)}));
  for (const IpAddress& vip : vips_) EXPECT_TRUE(keepsSilent(*lan_, vip));
  EXPECT_FALSE(host_->send(wire::encodeGratuitousArp(host_->mac, vip4_)));
  set(slot(), kForEver);
  const std::uint64_t before = incoming_.seen(), outgoingBefore = outgoing_.seen();
  for (const IpAddress& vip : vips_) EXPECT_TRUE(answers(*lan_, vip));
  EXPECT_GT(incoming_.seen(), before);
  EXPECT_GT(outgoing_.seen(), outgoingBefore);
  const auto standing = programs(Direction::Ingress);
  attach();
  EXPECT_EQ(programs(Direction::Ingress), standing);
}

TEST_F(GateTcxTest, ReplacesAPredecessor) {
  attach();
  const std::uint32_t former = programs(Direction::Ingress)[0];
  gate_ = successor(0);
  const auto standing = programs(Direction::Ingress);
  ASSERT_EQ(standing.size(), 2U);
  EXPECT_NE(standing[0], former);
  EXPECT_EQ(standing[0], filters(Direction::Ingress)[0].program);
  EXPECT_EQ(programs(Direction::Egress).size(), 2U);
  attach();
  EXPECT_EQ(filters(Direction::Ingress)[0].name, "aloft_gate+clsact") << "nothing further is left to be known";
}

/// One process ended between its two steps: its filter stands already, and in tcx is still the program of the one before.
TEST_F(GateTcxTest, KnowsWhatAPredecessorHadNoTimeToRemove) {
  attach();
  const std::uint32_t first = programs(Direction::Ingress)[0];
  const ForeignProgram second(-1);
  auto client = FilterClient::open();
  ASSERT_TRUE(client.ok());
  const std::uint32_t further[] = {first};
  ASSERT_TRUE(client.value().put(filters(Direction::Ingress)[0].place, second.fd(), gateFilterName(true, further)).ok());
  gate_.reset();
  ASSERT_EQ(programs(Direction::Ingress)[0], first);
  gate_ = successor(kForEver);
  EXPECT_EQ(programs(Direction::Ingress), (std::vector{filters(Direction::Ingress)[0].program, idOf(incoming_)}));
  EXPECT_TRUE(answers(*lan_, vip4_));
}

TEST_F(GateTcxTest, ComesBeforeWhoCameLaterWhenItIsAttachedAgain) {
  attach();
  const ForeignProgram later(0);
  ASSERT_TRUE(os::attachTcxFirst(host_->index, Direction::Ingress, later.fd()).ok());
  ASSERT_TRUE(os::attachTcxFirst(host_->index, Direction::Egress, later.fd()).ok());
  EXPECT_TRUE(answers(*lan_, vip4_)) << "that one keeps the packets";
  attach();
  EXPECT_TRUE(keepsSilent(*lan_, vip4_));
  EXPECT_EQ(programs(Direction::Ingress), (std::vector{filters(Direction::Ingress)[0].program, idOf(later), idOf(incoming_)}));
}

TEST_F(GateTcxTest, IsNotThereWithoutOthers) {
  attach();
  detachForeign();
  attach();
  EXPECT_TRUE(programs(Direction::Ingress).empty());
  EXPECT_TRUE(programs(Direction::Egress).empty());
  EXPECT_TRUE(keepsSilent(*lan_, vip4_));
}

TEST_F(GateTcxTest, LeavesWithTheFilters) {
  attach();
  ASSERT_TRUE(gate_->detachAll().ok());
  EXPECT_EQ(programs(Direction::Ingress), std::vector{idOf(incoming_)});
  EXPECT_EQ(programs(Direction::Egress), std::vector{idOf(outgoing_)});
  EXPECT_TRUE(answers(*lan_, vip4_));
  assign();
  attach();
  EXPECT_TRUE(keepsSilent(*lan_, vip4_));
  gate_.reset();
  ASSERT_TRUE(Gate::removeLeftovers(host_->index).ok());
  EXPECT_EQ(programs(Direction::Ingress), std::vector{idOf(incoming_)});
  EXPECT_TRUE(answers(*lan_, vip4_));
  EXPECT_FALSE(hasClsact());
}

TEST_F(GateTcxTest, NeedsNoMoreCapabilitiesForThat) {
  attach();
  constexpr std::uint64_t kBpf = 1ULL << 39, kNetAdmin = 1ULL << CAP_NET_ADMIN;
  EXPECT_EQ(withCapabilities(kBpf | kNetAdmin,
                             [&]() -> std::string {
                               auto gate = Gate::open();
                               if (!gate.ok()) return gate.error().message();
                               const os::Status status = gate.value()->attach({host_->index, {host_->mac}, {}});
                               return status.ok() ? "" : status.error().message();
                             }),
            "");
  EXPECT_EQ(programs(Direction::Ingress).size(), 2U);
  EXPECT_EQ(withCapabilities(kBpf | kNetAdmin,
                             [&]() -> std::string {
                               const os::Status status = Gate::removeLeftovers(host_->index);
                               return status.ok() ? "" : status.error().message();
                             }),
            "");
  EXPECT_EQ(programs(Direction::Ingress).size(), 1U);
}

TEST(GatePlace, IsTheFirstWhereItCanStand) {
  const auto place = [](std::vector<Filter> standing) { return gatePlace(3, Direction::Ingress, standing); };
  const auto filter = [](std::uint16_t priority, std::uint32_t handle, std::uint16_t protocol, const char* kind, const char* name) {
    return Filter{{3, Direction::Ingress, priority, handle}, protocol, kind, name, 9};
  };
  const auto at = [](std::uint16_t priority, std::uint32_t handle) { return wire::FilterPlace{3, Direction::Ingress, priority, handle}; };
  EXPECT_EQ(place({}), at(1, 0xa1));
  EXPECT_EQ(place({filter(1, 1, wire::kAnyProtocol, "bpf", "cil_from_netdev")}), at(1, 0xa1)) << "beside another of the kind";
  EXPECT_EQ(place({filter(1, 0xa1, wire::kAnyProtocol, "bpf", "other")}), at(1, 0xa2));
  EXPECT_EQ(place({filter(1, 1, 0x0800, "bpf", "other")}), at(2, 0xa1));
  EXPECT_EQ(place({filter(1, 1, wire::kAnyProtocol, "flower", ""), filter(2, 1, 0x0800, "u32", "")}), at(3, 0xa1));
  EXPECT_EQ(place({filter(1, 1, wire::kAnyProtocol, "bpf", "x"), filter(7, 3, wire::kAnyProtocol, "bpf", "aloft_gate")}), at(7, 3));
  EXPECT_EQ(place({filter(7, 3, wire::kAnyProtocol, "flower", "aloft_gate")}), at(1, 0xa1)) << "not ours";
}

TEST(GatePrograms, AreThoseThatTheGatesFiltersHaveAndName) {
  const auto filter = [](const char* kind, std::string name, std::uint32_t program) {
    return Filter{{}, wire::kAnyProtocol, kind, name, program};
  };
  const std::uint32_t further[] = {4, 4294967295};
  EXPECT_EQ(gateFilterName(true, further), "aloft_gate+clsact/4/4294967295");
  EXPECT_EQ(gateFilterName(false, {}), "aloft_gate");
  EXPECT_EQ(gatePrograms(std::vector{filter("bpf", gateFilterName(true, further), 3), filter("bpf", "other/9", 8), filter("u32", "", 0)}),
            (std::set<std::uint32_t>{3, 4, 4294967295}));
  EXPECT_EQ(gatePrograms(std::vector{filter("bpf", "aloft_gate/x/99999999999/7/", 3)}), (std::set<std::uint32_t>{3, 7}));
}

}  // namespace
}  // namespace aloft::kernel
