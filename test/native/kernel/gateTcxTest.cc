// The gate among programs of tcx.
#include "gateForeign.h"
#include "kernel/gateFilters.h"
#include "os/tcx.h"

namespace aloft::kernel {
namespace {

using wire::Direction;
using wire::IpAddress;
using wire::MacAddress;

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
  EXPECT_EQ(filters(Direction::Ingress)[0].name, "aloft_gate+clsact/" + std::to_string(former)) << "known, should it have stayed";
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

TEST_F(GateTcxTest, ComesBeforeWhoCameLaterWhenItIsRestored) {
  attach();
  const ForeignProgram later(0);
  ASSERT_TRUE(os::attachTcxFirst(host_->index, Direction::Ingress, later.fd()).ok());
  ASSERT_TRUE(os::attachTcxFirst(host_->index, Direction::Egress, later.fd()).ok());
  EXPECT_TRUE(answers(*lan_, vip4_)) << "that one keeps the packets";
  EXPECT_TRUE(gate_->isOvertaken(host_->index));
  const auto restored = gate_->restore(host_->index);
  EXPECT_TRUE(restored.ok() && restored.value());
  EXPECT_FALSE(gate_->isOvertaken(host_->index));
  EXPECT_TRUE(keepsSilent(*lan_, vip4_));
  EXPECT_EQ(programs(Direction::Ingress), (std::vector{filters(Direction::Ingress)[0].program, idOf(later), idOf(incoming_)}));
}

TEST_F(GateTcxTest, SeesWhenItIsOvertakenInOneDirection) {
  EXPECT_FALSE(gate_->isOvertaken(host_->index)) << "it is not attached";
  attach();
  EXPECT_FALSE(gate_->isOvertaken(host_->index));
  const ForeignProgram later(0);
  ASSERT_TRUE(os::attachTcxFirst(host_->index, Direction::Egress, later.fd()).ok());
  EXPECT_TRUE(gate_->isOvertaken(host_->index));
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
  EXPECT_EQ(withCapabilities(kCapBpf | kCapNetAdmin,
                             [&]() -> std::string {
                               auto gate = Gate::open();
                               if (!gate.ok()) return gate.error().message();
                               const os::Status status = gate.value()->attach({host_->index, {host_->mac}, {}});
                               return status.ok() ? "" : status.error().message();
                             }),
            "");
  EXPECT_EQ(programs(Direction::Ingress).size(), 2U);
  EXPECT_EQ(withCapabilities(kCapBpf | kCapNetAdmin,
                             [&]() -> std::string {
                               const os::Status status = Gate::removeLeftovers(host_->index);
                               return status.ok() ? "" : status.error().message();
                             }),
            "");
  EXPECT_EQ(programs(Direction::Ingress).size(), 1U);
}

}  // namespace
}  // namespace aloft::kernel
