// With the gate of the kernel; what its program would write into a slot the test writes.
#include "runtime/gateKeeper.h"

#include <gtest/gtest.h>

#include <cstring>

namespace aloft::runtime {
namespace {

using namespace std::chrono_literals;
using vrrp::TimePoint;

constexpr TimePoint kNow = TimePoint(1000s);

vrrp::Effect effect(std::uint32_t slot, TimePoint answerUntil, TimePoint acceptUntil) {
  vrrp::Effect out;
  out.kind = vrrp::Effect::Kind::SetGate;
  out.router = 70 + slot;
  out.slot = slot;
  out.answerUntil = answerUntil;
  out.acceptUntil = acceptUntil;
  return out;
}

class GateKeeperTest : public testing::Test {
 protected:
  void SetUp() override {
    auto gate = kernel::Gate::open();
    if (!gate.ok()) GTEST_SKIP() << "no gate here: " << gate.error().message();
    gate_ = std::move(gate.value());
    keeper_ = std::make_unique<GateKeeper>(gate_.get());
  }

  /// As the kernel's program: 192.0.2.10 by 02:00:00:00:00:22.
  void claim(std::uint32_t slot, TimePoint at) {
    const std::uint8_t mac[8] = {2, 0, 0, 0, 0, 0x22};
    const std::uint8_t address[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 10};
    std::uint64_t words[3];
    std::memcpy(&words[0], mac, 8);
    std::memcpy(&words[1], address, 16);
    kernel::GateSlot& out = gate_->slot(slot);
    out.conflictMac = words[0];
    out.conflictAddress[0] = words[1];
    out.conflictAddress[1] = words[2];
    out.conflictAt = static_cast<std::uint64_t>(at.time_since_epoch().count());
  }

  std::vector<vrrp::ConflictSeen> look(TimePoint now) {
    std::vector<vrrp::ConflictSeen> seen;
    keeper_->look(now, [&seen](const vrrp::ConflictSeen& conflict) { seen.push_back(conflict); });
    return seen;
  }

  void extend(TimePoint clock) {
    keeper_->extend(clock, [this](vrrp::RouterId router) { ranOut_.push_back(router); });
  }

  std::vector<vrrp::RouterId> ranOut_;
  std::unique_ptr<kernel::Gate> gate_;
  std::unique_ptr<GateKeeper> keeper_;
};

TEST_F(GateKeeperTest, WritesTimesAsTheKernelReadsThem) {
  keeper_->set(effect(3, kNow + 250ms, TimePoint::max()), kNow);
  EXPECT_EQ(gate_->slot(3).answerUntil.load(), 1000'250'000'000U);
  EXPECT_EQ(gate_->slot(3).acceptUntil.load(), UINT64_MAX);
  keeper_->set(effect(3, TimePoint{}, TimePoint{}), kNow);
  EXPECT_EQ(gate_->slot(3).answerUntil.load(), 0U);
  EXPECT_EQ(gate_->slot(3).acceptUntil.load(), 0U);
}

TEST_F(GateKeeperTest, GrantsMoreTimeOnlyWhenTheAdvertIsOut) {
  keeper_->set(effect(3, kNow + 300ms, kNow + 300ms), kNow);
  EXPECT_FALSE(keeper_->hasExtensions()) << "it was shut";
  keeper_->set(effect(3, kNow + 400ms, kNow + 400ms), kNow + 100ms);
  EXPECT_EQ(gate_->slot(3).answerUntil.load(), 1000'300'000'000U);
  ASSERT_TRUE(keeper_->hasExtensions());
  extend(kNow + 101ms);
  EXPECT_EQ(gate_->slot(3).answerUntil.load(), 1000'400'000'000U);
  EXPECT_EQ(gate_->slot(3).acceptUntil.load(), 1000'400'000'000U);
  EXPECT_TRUE(ranOut_.empty());
  EXPECT_FALSE(keeper_->hasExtensions());
}

TEST_F(GateKeeperTest, DoesNotOpenAgainWhatHasShutMeanwhile) {
  keeper_->set(effect(3, kNow + 300ms, kNow + 300ms), kNow);
  keeper_->set(effect(4, kNow + 900ms, kNow + 900ms), kNow);
  keeper_->set(effect(3, kNow + 400ms, kNow + 400ms), kNow + 100ms);
  keeper_->set(effect(4, kNow + 1s, kNow + 1s), kNow + 100ms);
  extend(kNow + 500ms);  // the process stood still before its adverts left
  EXPECT_EQ(gate_->slot(3).answerUntil.load(), 1000'300'000'000U);
  EXPECT_EQ(gate_->slot(4).answerUntil.load(), 1001'000'000'000U);
  EXPECT_EQ(ranOut_, std::vector<vrrp::RouterId>{73});
}

TEST_F(GateKeeperTest, ShuttingCallsAnExtensionOff) {
  keeper_->set(effect(3, kNow + 300ms, kNow + 300ms), kNow);
  keeper_->set(effect(3, kNow + 400ms, kNow + 400ms), kNow + 100ms);
  keeper_->set(effect(3, TimePoint{}, kNow + 1s), kNow + 100ms);
  extend(kNow + 101ms);
  EXPECT_EQ(gate_->slot(3).answerUntil.load(), 0U);
  EXPECT_EQ(gate_->slot(3).acceptUntil.load(), 1001'000'000'000U);
  EXPECT_TRUE(ranOut_.empty());
}

TEST_F(GateKeeperTest, TellsAClaimOnceWhileTheSlotIsOpen) {
  claim(3, kNow - 1s);
  keeper_->set(effect(3, kNow + 1s, kNow + 1s), kNow);
  EXPECT_TRUE(look(kNow + 10ms).empty()) << "it is from before";
  claim(3, kNow + 15ms);
  const auto seen = look(kNow + 20ms);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].router, 73U);
  EXPECT_EQ(wire::format(seen[0].address), "192.0.2.10");
  EXPECT_EQ(wire::format(seen[0].mac), "02:00:00:00:00:22");
  EXPECT_TRUE(look(kNow + 30ms).empty());
  claim(3, kNow + 31ms);
  EXPECT_EQ(look(kNow + 40ms).size(), 1U);
}

TEST_F(GateKeeperTest, LooksAtNoSlotThatIsShutButForAProbe) {
  keeper_->set(effect(3, kNow + 1s, kNow + 1s), kNow);
  keeper_->set(effect(4, kNow + 1s, kNow + 1s), kNow);
  keeper_->set(effect(3, TimePoint{}, TimePoint{}), kNow);
  claim(3, kNow + 1ms);
  claim(4, kNow + 1ms);
  const auto open = look(kNow + 10ms);
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].router, 74U);
  keeper_->probe(effect(3, {}, {}), kNow + 20ms);
  claim(3, kNow + 21ms);
  EXPECT_EQ(look(kNow + 30ms).size(), 1U);
}

TEST_F(GateKeeperTest, LooksSoonerWhileAnswersAreAwaited) {
  EXPECT_EQ(keeper_->nextLook(), TimePoint::max());
  keeper_->set(effect(3, kNow + 1s, kNow + 1s), kNow);
  look(kNow + 10ms);
  EXPECT_GT(keeper_->nextLook(), kNow + 500ms);
  keeper_->probe(effect(4, {}, {}), kNow + 10ms);
  EXPECT_LE(keeper_->nextLook(), kNow + 30ms);
  keeper_->set(effect(3, {}, {}), kNow);
  keeper_->set(effect(4, {}, {}), kNow);
  EXPECT_EQ(keeper_->nextLook(), TimePoint::max());
}

TEST_F(GateKeeperTest, LooksSoonForTheAnnouncementOfASuccessor) {
  vrrp::Effect lingers = effect(3, TimePoint{}, kNow + 1s);
  lingers.awaitsClaim = true;
  keeper_->set(effect(3, kNow + 300ms, kNow + 300ms), kNow);
  claim(3, kNow + 5ms);
  keeper_->set(lingers, kNow + 10ms);
  EXPECT_TRUE(look(kNow + 20ms).empty()) << "that was nobody's who has succeeded";
  EXPECT_LE(keeper_->nextLook(), kNow + 30ms);
  claim(3, kNow + 25ms);
  keeper_->set(lingers, kNow + 27ms);
  ASSERT_EQ(look(kNow + 30ms).size(), 1U) << "told once more how long to linger, it has forgotten nothing";
  keeper_->set(effect(3, {}, {}), kNow + 80ms);
  EXPECT_EQ(keeper_->nextLook(), TimePoint::max());
}

TEST_F(GateKeeperTest, WatchesAnOpenSlotOnceHoweverOftenItIsSet) {
  for (int i = 0; i < 3; ++i) keeper_->set(effect(3, TimePoint::max(), i % 2 == 0 ? TimePoint::max() : TimePoint{}), kNow);
  claim(3, kNow + 1ms);
  EXPECT_EQ(look(kNow + 10ms).size(), 1U);
  keeper_->set(effect(3, {}, {}), kNow + 20ms);
  EXPECT_EQ(keeper_->nextLook(), TimePoint::max());
}

TEST_F(GateKeeperTest, WatchesThoseThatAreLeftInWhateverOrderOthersAreShut) {
  for (const std::uint32_t slot : {3U, 4U, 5U}) keeper_->set(effect(slot, TimePoint::max(), TimePoint::max()), kNow);
  for (const std::uint32_t slot : {3U, 5U}) keeper_->set(effect(slot, {}, {}), kNow);
  claim(4, kNow + 1ms);
  const auto seen = look(kNow + 10ms);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].router, 74U);
}

TEST_F(GateKeeperTest, LeavesSlotsAloneThatDoNotExist) {
  keeper_->set(effect(kNoSlot, kNow, kNow), kNow);
  keeper_->probe(effect(kNoSlot, {}, {}), kNow);
  EXPECT_EQ(keeper_->nextLook(), TimePoint::max());
}

TEST(GateKeeper, DoesNothingWithoutAGate) {
  GateKeeper keeper(nullptr);
  EXPECT_FALSE(keeper.active());
  keeper.set(effect(3, kNow, kNow), kNow);
  keeper.probe(effect(3, {}, {}), kNow);
  EXPECT_EQ(keeper.nextLook(), TimePoint::max());
}

}  // namespace
}  // namespace aloft::runtime
