#include "wire/notificationFilter.h"

#include <bit>

#include "wire/route.h"
#include "wire/rule.h"

namespace aloft::wire {
namespace {

// linux/bpf_common.h.
constexpr std::uint16_t kLoadByte = 0x30;    // BPF_LD | BPF_B | BPF_ABS
constexpr std::uint16_t kLoadWord = 0x20;    // BPF_LD | BPF_W | BPF_ABS: in network order
constexpr std::uint16_t kJumpEqual = 0x15;   // BPF_JMP | BPF_JEQ | BPF_K
constexpr std::uint16_t kJumpAnyBit = 0x45;  // BPF_JMP | BPF_JSET | BPF_K
constexpr std::uint16_t kReturn = 0x06;      // BPF_RET | BPF_K
constexpr std::uint32_t kWhole = 0xffffffff;

constexpr bool kLittle = std::endian::native == std::endian::little;
// Bytes of struct nlmsghdr, whose numbers are in host order, and of struct rtmsg behind it.
constexpr std::uint32_t kTypeAt = kLittle ? 4 : 5;   // its lower byte
constexpr std::uint32_t kFlagsAt = kLittle ? 7 : 6;  // their upper byte
constexpr std::uint32_t kPortAt = 12;
constexpr std::uint32_t kProtocolAt = kNetlinkHeaderSize + 5;
constexpr std::uint32_t kReplaceBit = kNetlinkReplace >> 8;

constexpr std::uint32_t toNetwork(std::uint32_t host) {
  return kLittle ? host << 24 | (host & 0xff00) << 8 | (host >> 8 & 0xff00) | host >> 24 : host;
}

}  // namespace

NotificationFilter notificationFilter(std::uint32_t ownPort) {
  constexpr std::uint8_t kPass = 11, kDrop = 12;
  const auto to = [](std::uint8_t target, std::uint8_t from) { return static_cast<std::uint8_t>(target - from - 1); };
  return {{
      {kLoadByte, 0, 0, kTypeAt},
      {kJumpEqual, to(5, 1), 0, kNewRoute},
      {kJumpEqual, to(7, 2), 0, kDelRoute},
      {kJumpEqual, to(9, 3), 0, kDelRule},
      {kJumpEqual, to(kDrop, 4), to(kPass, 4), kNewRule},
      // 5: RTM_NEWROUTE
      {kLoadByte, 0, 0, kFlagsAt},
      {kJumpAnyBit, to(kPass, 6), to(kDrop, 6), kReplaceBit},
      // 7: RTM_DELROUTE
      {kLoadByte, 0, 0, kProtocolAt},
      {kJumpEqual, 0, to(kDrop, 8), kAloftProtocol},
      // 9: of these and RTM_DELRULE, those of others
      {kLoadWord, 0, 0, kPortAt},
      {kJumpEqual, to(kDrop, 10), to(kPass, 10), toNetwork(ownPort)},
      {kReturn, 0, 0, kWhole},
      {kReturn, 0, 0, 0},
  }};
}

}  // namespace aloft::wire
