// How much the gate takes, how little it needs, and what cannot hold it up.
#include <cstdio>
#include <fstream>
#include <thread>

#include "gateForeign.h"

namespace aloft::kernel {
namespace {

using wire::Direction;
using wire::IpAddress;
using wire::MacAddress;

using GateLimitsTest = GateAttachTest;

TEST_F(GateLimitsTest, TakesManyAddressesAndSaysWhenItIsFull) {
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

TEST_F(GateLimitsTest, RefusesWhatMakesNoSense) {
  EXPECT_FALSE(gate_->assign(host_->index, vip4_, Gate::kSlots, false).ok());
  EXPECT_FALSE(gate_->attach({host_->index, {}, {}}).ok());
  EXPECT_FALSE(gate_->attach({host_->index, {host_->mac}, Gate::kSlots}).ok());
  EXPECT_TRUE(filters(Direction::Ingress).empty());
}

TEST_F(GateLimitsTest, NeedsNoMoreThanTheCapabilitiesOfBpfAndNet) {
  const auto tryAll = [&]() -> std::string {
    auto gate = Gate::open();
    if (!gate.ok()) return gate.error().message();
    if (const os::Status status = gate.value()->assign(host_->index, vip4_, kSlot, true); !status.ok()) return status.error().message();
    if (const os::Status status = gate.value()->attach({host_->index, {host_->mac}, {}}); !status.ok()) return status.error().message();
    if (const os::Status status = gate.value()->detachAll(); !status.ok()) return status.error().message();
    return "all went well";
  };
  EXPECT_EQ(withCapabilities(kCapBpf | kCapNetAdmin, tryAll), "all went well");
  // Where unprivileged programs are permitted maps are too, but no programs for traffic control.
  EXPECT_NE(withCapabilities(kCapNetAdmin, tryAll).find(": Operation not permitted"), std::string::npos);
  EXPECT_EQ(withCapabilities(kCapBpf, tryAll), "load BPF program: Operation not permitted");
}

/// A reload like kube-proxy's holds nftables' and RTNL's locks for long. The gate knows neither.
TEST_F(GateLimitsTest, ArmsAndShutsAtOnceBesideALargeReloadOfNftables) {
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

}  // namespace
}  // namespace aloft::kernel
