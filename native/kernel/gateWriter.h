#pragma once
// What the gate's programs are put together from. Throughout: R6 is the packet (struct __sk_buff), R7 the value of the address or link that
// was found last, R8 the slot, R9 is free. Packet offsets count from the Ethernet header.

#include <array>
#include <bit>
#include <cstdint>
#include <span>

#include "kernel/gateProgram.h"
#include "wire/ebpf.h"

namespace aloft::kernel {

// Offsets in packets.
inline constexpr int kEthernetSourceAt = 6;
inline constexpr int kNetworkAt = 14;
inline constexpr int kArpSenderMacAt = kNetworkAt + 8;
inline constexpr int kArpSenderAt = kNetworkAt + 14;
inline constexpr int kArpTargetAt = kNetworkAt + 24;
inline constexpr int kIcmp6At = kNetworkAt + 40;
inline constexpr int kIcmp6TargetAt = kIcmp6At + 8;
inline constexpr int kIcmp6OptionAt = kIcmp6At + 24;

inline constexpr std::uint8_t kIcmp6 = 58;
inline constexpr std::uint8_t kNdiscHopLimit = 255;
inline constexpr std::uint8_t kSolicitation = 135;
inline constexpr std::uint8_t kAdvertisement = 136;
inline constexpr int kMessageSize = 24;
inline constexpr int kOptionSize = 8;

/// Where things are on the stack, counted down from its end. Numbers of eight bytes are aligned to eight, and smaller ones are not: without
/// CAP_PERFMON a verifier may refuse to write a part of eight bytes at whose beginning a register or a constant was put (Linux 6.1.176).
namespace frame {
inline constexpr int kSlotIndex = -4;
inline constexpr int kArpSender = -12;
inline constexpr int kChecksum = -20;
inline constexpr int kFromNowhere = -28;  // whether an NS comes from the unspecified address
inline constexpr int kKey = -52;          // GateAddressKey
inline constexpr int kKeyAddress = kKey + 4;
inline constexpr int kMacKey = -68;  // GateMacKey
inline constexpr int kMac = kMacKey + 4;
inline constexpr int kPseudoTail = -80;  // rest of the pseudo-header of IPv6, right behind the addresses
inline constexpr int kHeader = -120;     // ARP header, or IPv6 header
inline constexpr int kSource = kHeader + 8;
inline constexpr int kDestination = kHeader + 24;
inline constexpr int kMessage = -208;  // ICMPv6 message with options
inline constexpr int kTarget = kMessage + 8;
inline constexpr int kMaxMessage = kHeader - kMessage;
inline constexpr int kScratch = -224;
}  // namespace frame

/// The number that these bytes are when they are loaded from memory.
template <typename Number>
constexpr Number inMemory(std::array<std::uint8_t, sizeof(Number)> bytes) {
  return std::bit_cast<Number>(bytes);
}

struct GateWriter : wire::EbpfAssembler {
  using Label = wire::EbpfLabel;
  using Operation = wire::EbpfOperation;
  using Condition = wire::EbpfCondition;

  explicit GateWriter(const GateMaps& maps) : maps(maps), pass(label()), drop(label()) {}

  /// The verdicts; last of all.
  void end();

  /// `destination` = the address of the stack's `at`.
  void pointTo(Register destination, int at);
  void loadFrame(Size size, Register destination, int at) { load(size, destination, Register::Frame, at); }
  void storeFrame(Size size, int at, Register source) { store(size, Register::Frame, at, source); }
  void setFrame(Size size, int at, int value) { storeValue(size, Register::Frame, at, value); }

  /// Copies packet bytes to the stack. They need not be in the packet's linear part.
  void loadPacket(int from, int to, int size, Label tooShort);
  /// Overwrites packet bytes with those that `source` (R1–R5 excepted: R7 or the frame) points to. R0: 0 or an error.
  void storePacket(int to, Register base, int from, int size, int flags);

  /// The key's address = the packet's four or sixteen bytes.
  void keyOfIPv4(int from, Label tooShort);
  void keyOfIPv6(int from, Label tooShort);
  /// The key's address = sixteen bytes of the stack.
  void keyOfFrame(int from);
  /// R0 = the value of a key on the stack, or 0.
  void look(int map, int key);
  /// R7 = the value of the key's address.
  void findAddress(Label missing);
  /// R8 = the slot of R7.
  void findSlot(Label missing);
  /// Goes on when the slot is shut. Loses R9.
  void whenOpen(int deadline, Label open);
  /// Adds one to a counter of the slot.
  void count(int counter);
  /// The slot of R7 decides: open passes; shut counts and drops.
  void obey(int deadline, int counter, Label open);

  /// R1 = `R0`, a sum of 32 bits, folded to 16.
  void fold();

  const GateMaps maps;
  const Label pass;
  const Label drop;
};

/// Ends in a verdict; to be jumped to with the key's address set, R7 its value, and a request in the packet.
void writeArpAnswer(GateWriter& writer);
/// As before with an NS in the packet, its IPv6 header at frame::kHeader and its target at frame::kTarget.
void writeNeighborAnswer(GateWriter& writer);

}  // namespace aloft::kernel
