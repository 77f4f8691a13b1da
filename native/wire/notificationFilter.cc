#include "wire/notificationFilter.h"

#include <bit>

#include "wire/route.h"
#include "wire/rule.h"
#include "wire/trafficControl.h"

namespace aloft::wire {
namespace {

// linux/bpf_common.h.
constexpr std::uint16_t kLoadByte = 0x30;      // BPF_LD | BPF_B | BPF_ABS
constexpr std::uint16_t kLoadWord = 0x20;      // BPF_LD | BPF_W | BPF_ABS: in network order
constexpr std::uint16_t kJumpEqual = 0x15;     // BPF_JMP | BPF_JEQ | BPF_K
constexpr std::uint16_t kJumpNotBelow = 0x35;  // BPF_JMP | BPF_JGE | BPF_K
constexpr std::uint16_t kJumpAnyBit = 0x45;    // BPF_JMP | BPF_JSET | BPF_K
constexpr std::uint16_t kReturn = 0x06;        // BPF_RET | BPF_K
constexpr std::uint32_t kWhole = 0xffffffff;

constexpr bool kLittle = std::endian::native == std::endian::little;
// Bytes of struct nlmsghdr, whose numbers are in host order, and of struct rtmsg and struct tcmsg behind it.
constexpr std::uint32_t kTypeAt = kLittle ? 4 : 5;   // its lower byte
constexpr std::uint32_t kFlagsAt = kLittle ? 7 : 6;  // their upper byte
constexpr std::uint32_t kPortAt = 12;
constexpr std::uint32_t kProtocolAt = kNetlinkHeaderSize + 5;
constexpr std::uint32_t kParentAt = kNetlinkHeaderSize + 12;
/// The text of TCA_KIND, which the kernel puts first.
constexpr std::uint32_t kKindAt = kNetlinkHeaderSize + 20 + kAttributeHeaderSize;
constexpr std::uint32_t kBpf = 0x62706600;
constexpr std::uint32_t kReplaceBit = kNetlinkReplace >> 8;

constexpr std::uint32_t toNetwork(std::uint32_t host) {
  return kLittle ? host << 24 | (host & 0xff00) << 8 | (host >> 8 & 0xff00) | host >> 24 : host;
}

}  // namespace

NotificationFilter notificationFilter(const OwnPorts& own) {
  constexpr std::uint8_t kReplaced = 8, kProtocol = 10, kQdisc = 12, kFilter = 14, kPort = 16, kPass = 19, kDrop = 20;
  const auto to = [](std::uint8_t target, std::uint8_t from) { return static_cast<std::uint8_t>(target - from - 1); };
  return {{
      {kLoadByte, 0, 0, kTypeAt},
      {kJumpEqual, to(kReplaced, 1), 0, kNewRoute},
      {kJumpEqual, to(kProtocol, 2), 0, kDelRoute},
      {kJumpEqual, to(kPort, 3), 0, kDelRule},
      {kJumpEqual, to(kQdisc, 4), 0, kDelQdisc},
      {kJumpEqual, to(kFilter, 5), 0, kNewFilter},
      {kJumpEqual, to(kFilter, 6), 0, kDelFilter},
      {kJumpNotBelow, to(kDrop, 7), to(kPass, 7), kNewRoute},  // links and addresses have the numbers below
      // kReplaced
      {kLoadByte, 0, 0, kFlagsAt},
      {kJumpAnyBit, to(kPass, 9), to(kDrop, 9), kReplaceBit},
      // kProtocol
      {kLoadByte, 0, 0, kProtocolAt},
      {kJumpEqual, to(kPort, 11), to(kDrop, 11), kAloftProtocol},
      // kQdisc
      {kLoadWord, 0, 0, kParentAt},
      {kJumpEqual, to(kPort, 13), to(kDrop, 13), toNetwork(kClsactParent)},
      // kFilter
      {kLoadWord, 0, 0, kKindAt},
      {kJumpEqual, to(kPort, 15), to(kDrop, 15), kBpf},
      // kPort
      {kLoadWord, 0, 0, kPortAt},
      {kJumpEqual, to(kDrop, 17), 0, toNetwork(own.routes)},
      {kJumpEqual, to(kDrop, 18), to(kPass, 18), toNetwork(own.filters)},
      {kReturn, 0, 0, kWhole},
      {kReturn, 0, 0, 0},
  }};
}

}  // namespace aloft::wire
