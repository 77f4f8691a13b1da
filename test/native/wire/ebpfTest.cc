#include "wire/ebpf.h"

#include <bit>
#include <cstring>

#include "support.h"

namespace aloft::wire {
namespace {

using R = EbpfRegister;
using Size = EbpfSize;
using Operation = EbpfOperation;
using Condition = EbpfCondition;

Bytes bytesOf(const std::vector<EbpfInstruction>& program) {
  Bytes bytes(program.size() * sizeof(EbpfInstruction));
  if (!bytes.empty()) std::memcpy(bytes.data(), program.data(), bytes.size());
  return bytes;
}

/// What `write` writes.
template <typename Write>
Bytes assembled(Write write) {
  EbpfAssembler assembler;
  write(assembler);
  const auto program = assembler.finish();
  if (!program) ADD_FAILURE() << "not assembled";
  return program ? bytesOf(*program) : Bytes{};
}

/// One instruction, its bytes by the tables of RFC 9669 §3 to §5 on a little-endian machine.
#define EXPECT_CODE(expected, instruction) EXPECT_EQ(assembled([](EbpfAssembler& a) { a.instruction; }), hex(expected)) << #instruction

class Ebpf : public testing::Test {
 protected:
  void SetUp() override {
    if constexpr (std::endian::native != std::endian::little) GTEST_SKIP() << "the golden bytes are little-endian";
  }
};

TEST_F(Ebpf, encodesArithmetic) {
  EXPECT_CODE("b700 0000 ffff ffff", set(R::R0, -1));
  EXPECT_CODE("1802 0000 0500 0000 0000 0000 0001 ff00", set64(R::R2, 0x00ff010000000005));
  EXPECT_CODE("bf61 0000 0000 0000", move(R::R1, R::R6));
  EXPECT_CODE("bc01 0000 0000 0000", move32(R::R1, R::R0));
  EXPECT_CODE("0703 0000 e0ff ffff", compute(Operation::Add, R::R3, -32));
  EXPECT_CODE("0f21 0000 0000 0000", compute(Operation::Add, R::R1, R::R2));
  EXPECT_CODE("1701 0000 0100 0000", compute(Operation::Subtract, R::R1, 1));
  EXPECT_CODE("4f21 0000 0000 0000", compute(Operation::Or, R::R1, R::R2));
  EXPECT_CODE("5701 0000 ffff 0000", compute(Operation::And, R::R1, 0xffff));
  EXPECT_CODE("6701 0000 0300 0000", compute(Operation::ShiftLeft, R::R1, 3));
  EXPECT_CODE("7702 0000 1000 0000", compute(Operation::ShiftRight, R::R2, 16));
  EXPECT_CODE("a701 0000 ffff 0000", compute(Operation::ExclusiveOr, R::R1, 0xffff));
  EXPECT_CODE("dc09 0000 1000 0000", swapToBigEndian(R::R9, 16));
}

TEST_F(Ebpf, encodesMemory) {
  EXPECT_CODE("6111 1000 0000 0000", load(Size::Word, R::R1, R::R1, 16));
  EXPECT_CODE("69a9 a4ff 0000 0000", load(Size::Half, R::R9, R::Frame, -92));
  EXPECT_CODE("71a1 a7ff 0000 0000", load(Size::Byte, R::R1, R::Frame, -89));
  EXPECT_CODE("7989 0800 0000 0000", load(Size::Double, R::R9, R::R8, 8));
  EXPECT_CODE("631a fcff 0000 0000", store(Size::Word, R::Frame, -4, R::R1));
  EXPECT_CODE("7b08 1000 0000 0000", store(Size::Double, R::R8, 16, R::R0));
  EXPECT_CODE("6a0a f0ff 0001 0000", storeValue(Size::Half, R::Frame, -16, 0x100));
  EXPECT_CODE("7a0a e8ff 0000 0000", storeValue(Size::Double, R::Frame, -24, 0));
  EXPECT_CODE("c318 3000 0000 0000", addAtomically(Size::Word, R::R8, 48, R::R1));
  EXPECT_CODE("db18 3000 0000 0000", addAtomically(Size::Double, R::R8, 48, R::R1));
}

TEST_F(Ebpf, encodesCallsAndMaps) {
  EXPECT_CODE("8500 0000 0500 0000", call(5));
  EXPECT_CODE("9500 0000 0000 0000", exit());
  EXPECT_CODE("1811 0000 0700 0000 0000 0000 0000 0000", loadMap(R::R1, 7));
}

TEST_F(Ebpf, jumpsForwardAndBackward) {
  const Bytes program = assembled([](EbpfAssembler& a) {
    const EbpfLabel start = a.label(), end = a.label();
    a.bind(start);
    a.jumpIf(Condition::Equal, R::R0, 0, end);
    a.jumpIf(Condition::Below, R::R0, R::R9, start);
    a.jumpIf(Condition::AnyBit, R::R1, 7, end);
    a.set64(R::R2, 1);  // two instructions
    a.jump(start);
    a.bind(end);
    a.exit();
  });
  EXPECT_EQ(program, hex("1500 0500 0000 0000"
                         "ad90 feff 0000 0000"
                         "4501 0300 0700 0000"
                         "1802 0000 0100 0000 0000 0000 0000 0000"
                         "0500 faff 0000 0000"
                         "9500 0000 0000 0000"));
}

TEST_F(Ebpf, encodesEveryCondition) {
  const Bytes program = assembled([](EbpfAssembler& a) {
    const EbpfLabel end = a.label();
    for (const Condition condition : {Condition::Equal, Condition::Above, Condition::AtLeast, Condition::AnyBit, Condition::NotEqual,
                                      Condition::Below, Condition::AtMost}) {
      a.jumpIf(condition, R::R1, 2, end);
    }
    a.bind(end);
  });
  EXPECT_EQ(program, hex("1501 0600 0200 0000 2501 0500 0200 0000 3501 0400 0200 0000 4501 0300 0200 0000"
                         "5501 0200 0200 0000 a501 0100 0200 0000 b501 0000 0200 0000"));
}

TEST_F(Ebpf, refusesWhatNamesNoPlace) {
  EbpfAssembler unbound;
  unbound.jump(unbound.label());
  EXPECT_FALSE(unbound.finish());

  EbpfAssembler twice;
  const EbpfLabel label = twice.label();
  twice.bind(label);
  twice.exit();
  twice.bind(label);
  EXPECT_FALSE(twice.finish());

  EbpfAssembler far;
  const EbpfLabel end = far.label();
  far.jump(end);
  for (int i = 0; i < 32767; ++i) far.exit();
  EbpfAssembler tooFar = far;
  far.bind(end);
  EXPECT_TRUE(far.finish());
  tooFar.exit();
  tooFar.bind(end);
  EXPECT_FALSE(tooFar.finish());

  EbpfAssembler offset;
  offset.load(Size::Byte, R::R1, R::R1, 32768);
  EXPECT_FALSE(offset.finish());
}

}  // namespace
}  // namespace aloft::wire
