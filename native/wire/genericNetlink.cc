#include "wire/genericNetlink.h"

#include <array>

namespace aloft::wire {
namespace {

constexpr std::uint8_t kNewFamily = 1;          // CTRL_CMD_NEWFAMILY
constexpr std::uint8_t kGetFamily = 3;          // CTRL_CMD_GETFAMILY
constexpr std::uint8_t kControllerVersion = 1;  // before version 2 there was no dump of policies, which is not asked for
constexpr std::uint16_t kFamilyNumber = 1;      // CTRL_ATTR_FAMILY_ID
constexpr std::uint16_t kFamilyName = 2;        // CTRL_ATTR_FAMILY_NAME

}  // namespace

void beginGeneric(NetlinkBuilder& builder, std::uint16_t family, std::uint8_t command, std::uint8_t version, std::uint16_t flags,
                  std::uint32_t sequence) {
  builder.begin(family, kNetlinkRequest | flags, sequence);
  const std::array<std::uint8_t, kGenericHeaderSize> header = {command, version};
  builder.header(header);
}

std::optional<GenericMessage> parseGeneric(const NetlinkMessage& message, std::uint16_t family) {
  if (message.type != family || message.payload.size() < kGenericHeaderSize) return std::nullopt;
  return GenericMessage{message.payload[0], message.payload[1], message.payload.subspan(kGenericHeaderSize)};
}

bool buildFamilyRequest(NetlinkBuilder& builder, std::string_view name, std::uint32_t sequence) {
  beginGeneric(builder, kGenericControllerFamily, kGetFamily, kControllerVersion, kNetlinkAck, sequence);
  builder.text(kFamilyName, name);
  return builder.end();
}

std::optional<GenericFamily> parseGenericFamily(const NetlinkMessage& message) {
  const auto generic = parseGeneric(message, kGenericControllerFamily);
  if (!generic || generic->command != kNewFamily) return std::nullopt;
  GenericFamily family;
  NetlinkAttributes attributes(generic->attributes);
  for (NetlinkAttribute attribute; attributes.next(attribute);) {
    if (attribute.type == kFamilyNumber) family.number = attribute.number<std::uint16_t>().value_or(0);
    if (attribute.type == kFamilyName) family.name = attribute.text();
  }
  // Numbers of families are above the message types that all of netlink shares.
  if (family.number < kGenericControllerFamily || family.name.empty()) return std::nullopt;
  return family;
}

}  // namespace aloft::wire
