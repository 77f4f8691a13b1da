#include "wire/filter.h"

namespace aloft::wire {
namespace {

// linux/bpf_common.h and linux/filter.h.
constexpr std::uint16_t kLoadByteAbsolute = 0x30;  // BPF_LD | BPF_B | BPF_ABS
constexpr std::uint16_t kLoadByteIndirect = 0x50;  // BPF_LD | BPF_B | BPF_IND
constexpr std::uint16_t kLoadImmediate = 0x00;     // BPF_LD | BPF_IMM
constexpr std::uint16_t kLoadXImmediate = 0x01;    // BPF_LDX | BPF_IMM
constexpr std::uint16_t kLoadXHeaderSize = 0xb1;   // BPF_LDX | BPF_B | BPF_MSH: 4 × (byte & 15)
constexpr std::uint16_t kStoreA = 0x02;            // BPF_ST
constexpr std::uint16_t kLoadMemory = 0x60;        // BPF_LD | BPF_MEM
constexpr std::uint16_t kAnd = 0x54;               // BPF_ALU | BPF_AND | BPF_K
constexpr std::uint16_t kShiftRight = 0x74;        // BPF_ALU | BPF_RSH | BPF_K
constexpr std::uint16_t kShiftRightX = 0x7c;       // BPF_ALU | BPF_RSH | BPF_X
constexpr std::uint16_t kCopyAToX = 0x07;          // BPF_MISC | BPF_TAX
constexpr std::uint16_t kJump = 0x05;              // BPF_JMP | BPF_JA
constexpr std::uint16_t kJumpEqual = 0x15;         // BPF_JMP | BPF_JEQ | BPF_K
constexpr std::uint16_t kJumpAnyBit = 0x45;        // BPF_JMP | BPF_JSET | BPF_K
constexpr std::uint16_t kReturn = 0x06;            // BPF_RET | BPF_K
/// Offsets from here count from the IP header, wherever the socket's data begin (SKF_NET_OFF).
constexpr std::uint32_t kNetworkHeader = static_cast<std::uint32_t>(-0x100000);

constexpr std::size_t kWords = 8;
constexpr std::uint32_t kWholePacket = 0xffffffff;

std::uint32_t word(const VirtualRouterSet& set, std::size_t index) {
  return static_cast<std::uint32_t>(((set >> (index * 32)) & VirtualRouterSet(0xffffffff)).to_ulong());
}

}  // namespace

VrrpFilter vrrpFilter(Family family, const VirtualRouterSet& wanted) {
  constexpr std::size_t kDrop = kVrrpFilterSize - 1;
  constexpr std::size_t kTest = kVrrpFilterSize - 4;
  VrrpFilter program{};
  std::size_t at = 0;
  const auto add = [&](std::uint16_t code, std::uint32_t operand = 0) { program[at++] = {code, 0, 0, operand}; };
  const auto skipTo = [&](std::size_t target) { return static_cast<std::uint8_t>(target - at - 1); };

  add(kLoadByteAbsolute, kNetworkHeader + (family == Family::IPv4 ? 8 : 7));
  program[at] = {kJumpEqual, 0, skipTo(kDrop), 255};
  ++at;
  // A raw IPv4 socket's data begin with the IP header, a raw IPv6 socket's with the message.
  if (family == Family::IPv4) {
    add(kLoadXHeaderSize, 0);
  } else {
    add(kLoadXImmediate, 0);
  }
  add(kLoadByteIndirect, 1);
  add(kStoreA, 0);
  add(kAnd, 31);
  add(kCopyAToX);
  add(kLoadMemory, 0);
  add(kShiftRight, 5);
  // A is the index of the word, X the number of the bit in it.
  for (std::uint32_t index = 0; index + 1 < kWords; ++index) {
    program[at] = {kJumpEqual, 0, 2, index};
    ++at;
    add(kLoadImmediate, word(wanted, index));
    add(kJump, static_cast<std::uint32_t>(kTest - at - 1));
  }
  add(kLoadImmediate, word(wanted, kWords - 1));
  add(kShiftRightX);
  program[at] = {kJumpAnyBit, 0, 1, 1};
  ++at;
  add(kReturn, kWholePacket);
  add(kReturn, 0);
  return program;
}

}  // namespace aloft::wire
