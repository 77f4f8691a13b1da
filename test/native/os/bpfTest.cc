// Against the kernel.
#include "os/bpf.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace aloft::os {
namespace {

using R = wire::EbpfRegister;

struct Key {
  std::uint32_t first;
  std::uint16_t second;
  std::uint16_t zero;
};

using Hash = BpfHash<Key, std::uint64_t>;

class BpfTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto probe = createBpfHash({"probe", 4, 4, 1});
    if (!probe.ok() && probe.error().number == EPERM) GTEST_SKIP() << "bpf(2) needs CAP_BPF";
  }
};

std::vector<Key> keys(std::uint32_t begin, std::uint32_t end) {
  std::vector<Key> keys;
  for (std::uint32_t i = begin; i < end; ++i) keys.push_back({i, 7, 0});
  return keys;
}

TEST_F(BpfTest, AHashHasWhatWasSetAndNotRemoved) {
  auto hash = Hash::create("hash", 100);
  ASSERT_TRUE(hash.ok()) << hash.error().message();
  EXPECT_TRUE(hash.value().keys().value().empty());
  EXPECT_TRUE(hash.value().set(keys(0, 50), std::vector<std::uint64_t>(50, 1)).ok());
  EXPECT_TRUE(hash.value().set({50, 7, 0}, 1).ok());
  EXPECT_EQ(hash.value().keys().value().size(), 51U);
  EXPECT_TRUE(hash.value().remove(keys(10, 51)).ok());
  EXPECT_EQ(hash.value().keys().value().size(), 10U);
}

TEST_F(BpfTest, WhatIsMissingDoesNotKeepTheOthersFromBeingRemoved) {
  auto hash = Hash::create("hash", 100);
  ASSERT_TRUE(hash.ok());
  ASSERT_TRUE(hash.value().set(keys(0, 4), std::vector<std::uint64_t>(4)).ok());
  const std::vector<Key> some = {{9, 7, 0}, {0, 7, 0}, {9, 7, 0}, {9, 7, 0}, {1, 7, 0}, {2, 7, 0}, {9, 7, 0}};
  EXPECT_TRUE(hash.value().remove(some).ok());
  EXPECT_EQ(hash.value().keys().value().size(), 1U);
  EXPECT_TRUE(hash.value().remove({}).ok());
}

TEST_F(BpfTest, AFullHashSaysSo) {
  auto hash = Hash::create("hash", 10);
  ASSERT_TRUE(hash.ok());
  const Status status = hash.value().set(keys(0, 11), std::vector<std::uint64_t>(11));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().number, E2BIG);
  EXPECT_STREQ(status.error().operation, "update BPF map");
  EXPECT_TRUE(hash.value().set(keys(0, 10), std::vector<std::uint64_t>(10, 2)).ok()) << "what is there can be changed";
}

TEST_F(BpfTest, AnArrayIsMemoryOfProcessAndKernel) {
  auto array = BpfArray::create({"array", 0, 8, 1000});
  ASSERT_TRUE(array.ok()) << array.error().message();
  auto* const numbers = static_cast<std::uint64_t*>(array.value().data());
  EXPECT_EQ(numbers[0], 0U);
  EXPECT_EQ(numbers[999], 0U);
  const std::uint32_t last = 999;
  const std::uint64_t fromKernel = 42;
  ASSERT_TRUE(setInBpfMap(array.value().fd(), &last, &fromKernel, 1).ok());
  EXPECT_EQ(numbers[999], 42U);
}

TEST_F(BpfTest, LoadsAProgramAndKnowsItsNumber) {
  wire::EbpfAssembler assembler;
  assembler.set(R::R0, 0);
  assembler.exit();
  const auto program = loadBpfFilter("nothing", "Apache-2.0", *assembler.finish(), nullptr);
  ASSERT_TRUE(program.ok()) << program.error().message();
  const auto id = bpfProgramId(program.value().get());
  ASSERT_TRUE(id.ok()) << id.error().message();
  EXPECT_GT(id.value(), 0U);
}

TEST_F(BpfTest, ARefusedProgramComesWithTheVerifiersWords) {
  wire::EbpfAssembler assembler;
  assembler.move(R::R0, R::R5);
  assembler.exit();
  std::string log;
  const auto program = loadBpfFilter("wrong", "Apache-2.0", *assembler.finish(), &log);
  ASSERT_FALSE(program.ok());
  EXPECT_STREQ(program.error().operation, "load BPF program");
  EXPECT_NE(log.find("R5 !read_ok"), std::string::npos) << log;
}

TEST_F(BpfTest, NoProgramAtAllIsRefused) { EXPECT_FALSE(loadBpfFilter("none", "Apache-2.0", {}, nullptr).ok()); }

}  // namespace
}  // namespace aloft::os
