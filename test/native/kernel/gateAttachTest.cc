// Where the gate's filters stand, who else has filters there, and what becomes of all when gates and processes come and go.
#include <thread>

#include "gateForeign.h"
#include "kernel/gateFilters.h"

namespace aloft::kernel {
namespace {

using wire::Direction;
using wire::IpAddress;
using wire::MacAddress;

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

TEST_F(GateAttachTest, SaysWhetherItHadToBeRestored) {
  const auto restored = [this] {
    const auto result = gate_->restore(host_->index);
    EXPECT_TRUE(result.ok());
    return result.value();
  };
  EXPECT_FALSE(restored()) << "it was never attached";
  EXPECT_FALSE(hasClsact());
  attach();
  EXPECT_FALSE(restored());
  for (const char* removal : {"tc filter del dev host ingress", "tc filter del dev host egress", "tc qdisc del dev host clsact"}) {
    ASSERT_TRUE(shell(removal));
    EXPECT_TRUE(restored()) << removal;
    EXPECT_EQ(filters(Direction::Ingress).size(), 1U);
    EXPECT_EQ(filters(Direction::Egress).size(), 1U);
    EXPECT_FALSE(restored());
  }
  const ForeignProgram foreign(-1);
  put(foreign, Direction::Ingress, 1, 0xa1);
  EXPECT_TRUE(restored()) << "replaced by a program of somebody else";
  EXPECT_EQ(filters(Direction::Ingress).size(), 2U) << "which stays";
}

TEST_F(GateAttachTest, LeavesTheGateOfASuccessorAlone) {
  attach();
  const auto next = successor(0);
  const auto standing = filters(Direction::Ingress);
  const auto restored = gate_->restore(host_->index);
  ASSERT_TRUE(restored.ok());
  EXPECT_FALSE(restored.value());
  ASSERT_EQ(filters(Direction::Ingress).size(), 1U);
  EXPECT_EQ(filters(Direction::Ingress)[0].program, standing[0].program);
}

/// Of one priority the last one is asked first, and a program that accepts a packet itself keeps it from all others.
TEST_F(GateAttachTest, ComesFirstAgainWhenOthersCameBeforeIt) {
  ASSERT_TRUE(addAddresses());
  assign();
  attach();
  const ForeignProgram incoming(0), outgoing(0);
  put(incoming, Direction::Ingress, 1, 1);
  put(outgoing, Direction::Egress, 1, 1);
  EXPECT_TRUE(answers(*lan_, vip4_)) << "that one keeps the packets";
  for (int i = 0; i < 2; ++i) {
    const auto restored = gate_->restore(host_->index);
    ASSERT_TRUE(restored.ok());
    EXPECT_EQ(restored.value(), i == 0);
    for (const Direction direction : {Direction::Ingress, Direction::Egress}) {
      const auto standing = filters(direction);
      ASSERT_EQ(standing.size(), 2U);
      EXPECT_TRUE(isGateFilter(standing[0]));
    }
  }
  EXPECT_TRUE(keepsSilent(*lan_, vip4_));
  ASSERT_TRUE(gate_->detachAll().ok());
  EXPECT_EQ(filters(Direction::Ingress).size(), 1U);
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
  const Filter own = filter(7, 3, wire::kAnyProtocol, "bpf", "aloft_gate");
  EXPECT_EQ(place({own, filter(7, 1, wire::kAnyProtocol, "bpf", "x"), filter(8, 1, 0x0800, "u32", "")}), at(7, 3)) << "where it stands";
  EXPECT_EQ(place({filter(1, 1, 0x0800, "u32", ""), own}), at(7, 3)) << "nothing that it could come before";
  EXPECT_EQ(place({filter(7, 1, wire::kAnyProtocol, "bpf", "x"), own}), at(1, 0xa1)) << "first again";
  EXPECT_EQ(place({filter(1, 1, wire::kAnyProtocol, "bpf", "x"), filter(1, 0xa1, wire::kAnyProtocol, "bpf", "aloft_gate")}), at(1, 0xa2));
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
