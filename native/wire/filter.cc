#include "wire/filter.h"

namespace aloft::wire {
namespace {

// linux/bpf_common.h and linux/filter.h.
constexpr std::uint16_t kLoadByteAbsolute = 0x30;  // BPF_LD | BPF_B | BPF_ABS
constexpr std::uint16_t kLoadWordAbsolute = 0x20;  // BPF_LD | BPF_W | BPF_ABS
constexpr std::uint16_t kLoadByteIndirect = 0x50;  // BPF_LD | BPF_B | BPF_IND
constexpr std::uint16_t kLoadLength = 0x80;        // BPF_LD | BPF_W | BPF_LEN
constexpr std::uint16_t kLoadImmediate = 0x00;     // BPF_LD | BPF_IMM
constexpr std::uint16_t kLoadXImmediate = 0x01;    // BPF_LDX | BPF_IMM
constexpr std::uint16_t kLoadXHeaderSize = 0xb1;   // BPF_LDX | BPF_B | BPF_MSH: 4 × (byte & 15)
constexpr std::uint16_t kStoreA = 0x02;            // BPF_ST
constexpr std::uint16_t kLoadMemory = 0x60;        // BPF_LD | BPF_MEM
constexpr std::uint16_t kSubtractX = 0x1c;         // BPF_ALU | BPF_SUB | BPF_X
constexpr std::uint16_t kAnd = 0x54;               // BPF_ALU | BPF_AND | BPF_K
constexpr std::uint16_t kShiftRight = 0x74;        // BPF_ALU | BPF_RSH | BPF_K
constexpr std::uint16_t kShiftRightX = 0x7c;       // BPF_ALU | BPF_RSH | BPF_X
constexpr std::uint16_t kCopyAToX = 0x07;          // BPF_MISC | BPF_TAX
constexpr std::uint16_t kJump = 0x05;              // BPF_JMP | BPF_JA
constexpr std::uint16_t kJumpEqual = 0x15;         // BPF_JMP | BPF_JEQ | BPF_K
constexpr std::uint16_t kJumpGreaterEqual = 0x35;  // BPF_JMP | BPF_JGE | BPF_K
constexpr std::uint16_t kJumpAnyBit = 0x45;        // BPF_JMP | BPF_JSET | BPF_K
constexpr std::uint16_t kReturn = 0x06;            // BPF_RET | BPF_K
/// Offsets from here count from the IP header, wherever the socket's data begin (SKF_NET_OFF).
constexpr std::uint32_t kNetworkHeader = static_cast<std::uint32_t>(-0x100000);
/// Loading from here gives a random number (SKF_AD_OFF + SKF_AD_RANDOM).
constexpr std::uint32_t kRandom = static_cast<std::uint32_t>(-0x1000) + 56;

constexpr std::size_t kWords = 8;
constexpr std::uint32_t kWholePacket = 0xffffffff;
constexpr std::uint32_t kHeaderSize = 8;
// Version and type, the first byte of a message.
constexpr std::uint8_t kVersion2Advert = 0x21;
constexpr std::uint8_t kVersion3Advert = 0x31;

std::uint32_t word(const VirtualRouterSet& set, std::size_t index) {
  return static_cast<std::uint32_t>(((set >> (index * 32)) & VirtualRouterSet(0xffffffff)).to_ulong());
}

/// Writes a program from its beginning; the last instructions, where rejected packets go, have fixed places.
class Writer {
 public:
  static constexpr std::size_t kPass = kVrrpFilterSize - 2;
  static constexpr std::size_t kDrop = kVrrpFilterSize - 1;
  static constexpr std::size_t kReject = kVrrpFilterSize - 5;

  std::size_t at() const { return at_; }
  void add(std::uint16_t code, std::uint32_t operand = 0) { program_[at_++] = {code, 0, 0, operand}; }
  /// Goes on when the comparison holds, else to `target`.
  void require(std::uint16_t code, std::uint32_t operand, std::size_t target = kReject) {
    program_[at_] = {code, 0, static_cast<std::uint8_t>(target - at_ - 1), operand};
    ++at_;
  }
  /// Goes to `target` when the comparison holds, else on.
  void leave(std::uint16_t code, std::uint32_t operand, std::size_t target) {
    program_[at_] = {code, static_cast<std::uint8_t>(target - at_ - 1), 0, operand};
    ++at_;
  }
  void jump(std::size_t target) { add(kJump, static_cast<std::uint32_t>(target - at_ - 1)); }
  const VrrpFilter& program() const { return program_; }

 private:
  VrrpFilter program_{};
  std::size_t at_ = 0;
};

/// As isTtlGood().
void writeTtlCheck(Writer& out, bool four, std::uint8_t leastUnicastTtl) {
  out.add(kLoadByteAbsolute, kNetworkHeader + (four ? 8 : 7));
  out.leave(kJumpEqual, kVrrpTtl, out.at() + 5);
  out.require(kJumpGreaterEqual, leastUnicastTtl);
  out.add(kLoadByteAbsolute, kNetworkHeader + (four ? 16 : 24));  // destination: 224.0.0.0/4, ff00::/8
  out.add(kAnd, four ? 0xf0 : 0xff);
  out.leave(kJumpEqual, four ? 0xe0 : 0xff, Writer::kReject);
}

void writeHeaderChecks(Writer& out, Family family, std::uint8_t leastUnicastTtl) {
  const bool four = family == Family::IPv4;
  writeTtlCheck(out, four, leastUnicastTtl);
  // A raw IPv4 socket's data begin with the IP header, a raw IPv6 socket's with the message.
  out.add(four ? kLoadXHeaderSize : kLoadXImmediate, 0);
  out.add(kLoadLength);
  out.add(kSubtractX);
  out.require(kJumpGreaterEqual, kHeaderSize);
  out.add(kLoadByteIndirect, 0);
  // Over IPv6 there is no version 2; the same comparison twice keeps the size constant.
  out.leave(kJumpEqual, four ? kVersion2Advert : kVersion3Advert, out.at() + 2);
  out.require(kJumpEqual, kVersion3Advert);
}

void writeRouterCheck(Writer& out, const VirtualRouterSet& wanted) {
  out.add(kLoadByteIndirect, 1);
  out.add(kStoreA, 0);
  out.add(kAnd, 31);
  out.add(kCopyAToX);
  out.add(kLoadMemory, 0);
  out.add(kShiftRight, 5);
  // A is the index of the word, X the number of the bit in it.
  const std::size_t test = out.at() + 3 * (kWords - 1) + 1;
  for (std::uint32_t index = 0; index + 1 < kWords; ++index) {
    out.require(kJumpEqual, index, out.at() + 3);
    out.add(kLoadImmediate, word(wanted, index));
    out.jump(test);
  }
  out.add(kLoadImmediate, word(wanted, kWords - 1));
  out.add(kShiftRightX);
  out.leave(kJumpAnyBit, 1, Writer::kPass);
}

}  // namespace

VrrpFilter vrrpFilter(Family family, const VirtualRouterSet& wanted, const FilterOptions& options) {
  Writer out;
  writeHeaderChecks(out, family, options.leastUnicastTtl);
  writeRouterCheck(out, options.unknownToo ? ~VirtualRouterSet() : wanted);
  out.add(kLoadWordAbsolute, kRandom);  // Writer::kReject
  out.add(kAnd, kFilterSample - 1);
  out.require(kJumpEqual, 0, Writer::kDrop);
  out.add(kReturn, kWholePacket);  // Writer::kPass
  out.add(kReturn, 0);
  return out.program();
}

bool failsVrrpFilter(const IpAddress& destination, std::uint8_t ttl, std::span<const std::uint8_t> message, std::uint8_t leastUnicastTtl) {
  if (!isTtlGood(destination, ttl, leastUnicastTtl) || message.size() < kHeaderSize) return true;
  return message[0] != kVersion3Advert && !(destination.family == Family::IPv4 && message[0] == kVersion2Advert);
}

}  // namespace aloft::wire
