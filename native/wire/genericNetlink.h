#pragma once
// Generic netlink (linux/genetlink.h): one protocol of netlink for many parts of the kernel, each a family with a name. Families get their
// numbers when they are loaded, so a number is asked for by name. Pure, no allocation.
//
//   message  [netlink header, its type the family's number | command u8 | version u8 | 0 u16 | attributes …]

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "wire/netlink.h"

namespace aloft::wire {

inline constexpr std::size_t kGenericHeaderSize = 4;             // sizeof(struct genlmsghdr)
inline constexpr std::uint16_t kGenericControllerFamily = 0x10;  // GENL_ID_CTRL

/// Opens a message, as NetlinkBuilder::begin() does. `flags` are beside NLM_F_REQUEST.
void beginGeneric(NetlinkBuilder& builder, std::uint16_t family, std::uint8_t command, std::uint8_t version, std::uint16_t flags,
                  std::uint32_t sequence);

struct GenericMessage {
  std::uint8_t command = 0;
  std::uint8_t version = 0;
  std::span<const std::uint8_t> attributes;
};

/// Nothing for other families, for results and for malformed messages.
std::optional<GenericMessage> parseGeneric(const NetlinkMessage& message, std::uint16_t family);

/// Asks for a family: parseGenericFamily() reads the answer, ENOENT says that there is none of that name. Acknowledged. False when the
/// message does not fit into the builder's buffer.
bool buildFamilyRequest(NetlinkBuilder& builder, std::string_view name, std::uint32_t sequence);

struct GenericFamily {
  std::uint16_t number = 0;
  std::string_view name;  ///< points into the message
};

std::optional<GenericFamily> parseGenericFamily(const NetlinkMessage& message);

}  // namespace aloft::wire
