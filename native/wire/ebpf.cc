#include "wire/ebpf.h"

#include <bit>
#include <limits>

namespace aloft::wire {
namespace {

using Register = EbpfRegister;

// Instruction classes and modifiers, RFC 9669 §3 to §5.
constexpr std::uint8_t kLoadImmediate = 0x00;  // LD
constexpr std::uint8_t kLoad = 0x01;           // LDX
constexpr std::uint8_t kStoreValue = 0x02;     // ST
constexpr std::uint8_t kStore = 0x03;          // STX
constexpr std::uint8_t kAlu32 = 0x04;
constexpr std::uint8_t kJump = 0x05;
constexpr std::uint8_t kAlu64 = 0x07;
constexpr std::uint8_t kMemory = 0x60;  // MEM
constexpr std::uint8_t kAtomic = 0xc0;  // ATOMIC; with the immediate 0 an ADD
constexpr std::uint8_t kFromRegister = 0x08;
constexpr std::uint8_t kMove = 0xb0;
constexpr std::uint8_t kByteSwap = 0xd0;  // with kFromRegister: to big endian
constexpr std::uint8_t kCall = 0x80;
constexpr std::uint8_t kExit = 0x90;

/// src_reg of a wide immediate that is a file descriptor of a map.
constexpr Register kMapDescriptor = Register::R1;

template <typename Enum>
constexpr std::uint8_t bits(Enum value) {
  return static_cast<std::uint8_t>(value);
}

constexpr bool fits(std::ptrdiff_t offset) {
  using Limits = std::numeric_limits<std::int16_t>;
  return offset >= Limits::min() && offset <= Limits::max();
}

constexpr std::uint8_t pack(Register destination, Register source) {
  const int low = std::endian::native == std::endian::little ? bits(destination) : bits(source);
  const int high = std::endian::native == std::endian::little ? bits(source) : bits(destination);
  return static_cast<std::uint8_t>(high << 4 | low);
}

}  // namespace

EbpfLabel EbpfAssembler::label() {
  labels_.push_back(kUnbound);
  return {labels_.size() - 1};
}

void EbpfAssembler::bind(EbpfLabel label) {
  if (labels_[label.id] != kUnbound) broken_ = true;
  labels_[label.id] = program_.size();
}

void EbpfAssembler::emit(std::uint8_t code, Register destination, Register source, int offset, std::int32_t immediate) {
  if (!fits(offset)) broken_ = true;
  program_.push_back({code, pack(destination, source), static_cast<std::int16_t>(offset), immediate});
}

void EbpfAssembler::emitWide(Register destination, Register source, std::uint64_t value) {
  emit(kLoadImmediate | bits(Size::Double), destination, source, 0, static_cast<std::int32_t>(value));
  emit(0, Register::R0, Register::R0, 0, static_cast<std::int32_t>(value >> 32));
}

void EbpfAssembler::set(Register destination, std::int32_t value) { emit(kAlu64 | kMove, destination, Register::R0, 0, value); }

void EbpfAssembler::set64(Register destination, std::uint64_t value) { emitWide(destination, Register::R0, value); }

void EbpfAssembler::loadMap(Register destination, int fd) { emitWide(destination, kMapDescriptor, static_cast<std::uint32_t>(fd)); }

void EbpfAssembler::move(Register destination, Register source) { emit(kAlu64 | kMove | kFromRegister, destination, source, 0, 0); }

void EbpfAssembler::move32(Register destination, Register source) { emit(kAlu32 | kMove | kFromRegister, destination, source, 0, 0); }

void EbpfAssembler::compute(EbpfOperation operation, Register destination, std::int32_t value) {
  emit(kAlu64 | bits(operation), destination, Register::R0, 0, value);
}

void EbpfAssembler::compute(EbpfOperation operation, Register destination, Register source) {
  emit(kAlu64 | bits(operation) | kFromRegister, destination, source, 0, 0);
}

void EbpfAssembler::swapToBigEndian(Register destination, std::int32_t width) {
  emit(kAlu32 | kByteSwap | kFromRegister, destination, Register::R0, 0, width);
}

void EbpfAssembler::load(Size size, Register destination, Register base, int offset) {
  emit(kLoad | kMemory | bits(size), destination, base, offset, 0);
}

void EbpfAssembler::store(Size size, Register base, int offset, Register source) {
  emit(kStore | kMemory | bits(size), base, source, offset, 0);
}

void EbpfAssembler::storeValue(Size size, Register base, int offset, std::int32_t value) {
  emit(kStoreValue | kMemory | bits(size), base, Register::R0, offset, value);
}

void EbpfAssembler::addAtomically(Size size, Register base, int offset, Register source) {
  emit(kStore | kAtomic | bits(size), base, source, offset, 0);
}

void EbpfAssembler::jump(EbpfLabel target) {
  jumps_.push_back({program_.size(), target.id});
  emit(kJump, Register::R0, Register::R0, 0, 0);
}

void EbpfAssembler::jumpIf(EbpfCondition condition, Register left, std::int32_t right, EbpfLabel target) {
  jumps_.push_back({program_.size(), target.id});
  emit(kJump | bits(condition), left, Register::R0, 0, right);
}

void EbpfAssembler::jumpIf(EbpfCondition condition, Register left, Register right, EbpfLabel target) {
  jumps_.push_back({program_.size(), target.id});
  emit(kJump | bits(condition) | kFromRegister, left, right, 0, 0);
}

void EbpfAssembler::call(std::int32_t helper) { emit(kJump | kCall, Register::R0, Register::R0, 0, helper); }

void EbpfAssembler::exit() { emit(kJump | kExit, Register::R0, Register::R0, 0, 0); }

std::optional<std::vector<EbpfInstruction>> EbpfAssembler::finish() const {
  if (broken_) return std::nullopt;
  std::vector<EbpfInstruction> program = program_;
  for (const Jump& jump : jumps_) {
    const std::size_t target = labels_[jump.label];
    if (target == kUnbound) return std::nullopt;
    // Counted from the instruction behind the jump.
    const auto distance = static_cast<std::ptrdiff_t>(target) - static_cast<std::ptrdiff_t>(jump.at) - 1;
    if (!fits(distance)) return std::nullopt;
    program[jump.at].offset = static_cast<std::int16_t>(distance);
  }
  return program;
}

}  // namespace aloft::wire
