#pragma once
// An assembler for eBPF (RFC 9669): a program of the kernel as data, written down instruction by instruction, with labels. Pure.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace aloft::wire {

/// Laid out as the kernel's `struct bpf_insn`.
struct EbpfInstruction {
  std::uint8_t code = 0;
  std::uint8_t registers = 0;  ///< destination and source, four bits each; which half is which depends on the byte order
  std::int16_t offset = 0;
  std::int32_t immediate = 0;
  friend bool operator==(const EbpfInstruction&, const EbpfInstruction&) = default;
};

/// R0: result. R1–R5: arguments, lost in a call. R6–R9: kept. Frame: the end of the stack, read-only.
enum class EbpfRegister : std::uint8_t { R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, Frame };

enum class EbpfSize : std::uint8_t { Word = 0x00, Half = 0x08, Byte = 0x10, Double = 0x18 };

enum class EbpfOperation : std::uint8_t {
  Add = 0x00,
  Subtract = 0x10,
  Or = 0x40,
  And = 0x50,
  ShiftLeft = 0x60,
  ShiftRight = 0x70,
  ExclusiveOr = 0xa0,
};

/// Comparisons are unsigned.
enum class EbpfCondition : std::uint8_t {
  Equal = 0x10,
  Above = 0x20,
  AtLeast = 0x30,
  AnyBit = 0x40,
  NotEqual = 0x50,
  Below = 0xa0,
  AtMost = 0xb0
};

/// A place in a program; may be jumped to before it is bound.
struct EbpfLabel {
  std::size_t id = 0;
};

class EbpfAssembler {
 public:
  using Register = EbpfRegister;
  using Size = EbpfSize;

  EbpfLabel label();
  /// The next instruction is what `label` names. Once for each label.
  void bind(EbpfLabel label);

  // Arithmetic on 64 bits; immediates are sign-extended.
  void set(Register destination, std::int32_t value);
  void set64(Register destination, std::uint64_t value);
  void move(Register destination, Register source);
  /// Clears the upper half.
  void move32(Register destination, Register source);
  void compute(EbpfOperation operation, Register destination, std::int32_t value);
  void compute(EbpfOperation operation, Register destination, Register source);
  /// Between host and network order, in both directions; `bits`: 16, 32 or 64. The bits above are cleared.
  void swapToBigEndian(Register destination, std::int32_t bits);

  void load(Size size, Register destination, Register base, int offset);
  void store(Size size, Register base, int offset, Register source);
  void storeValue(Size size, Register base, int offset, std::int32_t value);
  /// Adds to memory atomically, without the former value. Word or Double.
  void addAtomically(Size size, Register base, int offset, Register source);

  void jump(EbpfLabel target);
  void jumpIf(EbpfCondition condition, Register left, std::int32_t right, EbpfLabel target);
  void jumpIf(EbpfCondition condition, Register left, Register right, EbpfLabel target);
  /// A helper of the kernel by its number (enum bpf_func_id).
  void call(std::int32_t helper);
  void exit();
  /// The map behind a file descriptor of the process that loads the program.
  void loadMap(Register destination, int fd);

  /// The program. Nothing when a label was not bound, was bound twice, or is too far from a jump, or an offset does not fit.
  std::optional<std::vector<EbpfInstruction>> finish() const;

 private:
  struct Jump {
    std::size_t at;
    std::size_t label;
  };
  static constexpr std::size_t kUnbound = SIZE_MAX;

  void emit(std::uint8_t code, Register destination, Register source, int offset, std::int32_t immediate);
  void emitWide(Register destination, Register source, std::uint64_t value);

  std::vector<EbpfInstruction> program_;
  std::vector<std::size_t> labels_;  ///< instruction of each
  std::vector<Jump> jumps_;
  bool broken_ = false;  ///< whatever comes, there is no program
};

}  // namespace aloft::wire
