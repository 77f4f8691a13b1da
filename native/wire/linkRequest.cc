#include "wire/linkRequest.h"

#include <array>

#include "wire/rtnetlink.h"
#include "wire/rtnetlinkFields.h"

namespace aloft::wire {
namespace {

constexpr std::size_t kHeaderSize = 16;  // struct ifinfomsg

// Attributes.
constexpr std::uint16_t kMac = 1;                 // IFLA_ADDRESS
constexpr std::uint16_t kName = 3;                // IFLA_IFNAME
constexpr std::uint16_t kParent = 5;              // IFLA_LINK
constexpr std::uint16_t kInfo = 18;               // IFLA_LINKINFO
constexpr std::uint16_t kInfoKind = 1;            // IFLA_INFO_KIND
constexpr std::uint16_t kInfoData = 2;            // IFLA_INFO_DATA
constexpr std::uint16_t kMode = 1;                // IFLA_MACVLAN_MODE
constexpr std::uint16_t kAlias = 20;              // IFLA_IFALIAS
constexpr std::uint16_t kFamilies = 26;           // IFLA_AF_SPEC
constexpr std::uint16_t kSettings = 1;            // IFLA_INET_CONF
constexpr std::uint16_t kAddressGeneration = 8;   // IFLA_INET6_ADDR_GEN_MODE
constexpr std::uint8_t kNoAddressGeneration = 1;  // IN6_ADDR_GEN_MODE_NONE

constexpr std::uint16_t kAcknowledged = kNetlinkRequest | kNetlinkAck;

std::array<std::uint8_t, kHeaderSize> headerOf(std::uint32_t index, std::uint32_t flags = 0, std::uint32_t change = 0) {
  std::array<std::uint8_t, kHeaderSize> header{};
  storeNumber(header, 4, index);
  storeNumber(header, 8, flags);
  storeNumber(header, 12, change);
  return header;
}

void beginChange(NetlinkBuilder& builder, std::uint32_t index, std::uint32_t sequence) {
  builder.begin(kNewLink, kAcknowledged, sequence);
  builder.header(headerOf(index));
}

bool endConfigure(NetlinkBuilder& builder, std::span<const LinkSettingValue> settings) {
  const std::size_t families = builder.beginNested(kFamilies);
  const std::size_t family = builder.beginNested(kAfInet);
  const std::size_t values = builder.beginNested(kSettings);
  for (const LinkSettingValue& setting : settings) builder.number(static_cast<std::uint16_t>(setting.setting), setting.value);
  builder.endNested(values);
  builder.endNested(family);
  builder.endNested(families);
  return builder.end();
}

}  // namespace

bool buildAddMacvlan(NetlinkBuilder& builder, std::string_view name, std::uint32_t parent, const MacAddress& mac, MacvlanMode mode,
                     std::uint32_t sequence) {
  builder.begin(kNewLink, kAcknowledged | kNetlinkCreate | kNetlinkExclusive, sequence);
  builder.header(headerOf(0));
  builder.attribute(kMac, mac);
  builder.number(kParent, parent);
  builder.text(kName, name);
  const std::size_t info = builder.beginNested(kInfo);
  builder.text(kInfoKind, "macvlan");
  const std::size_t data = builder.beginNested(kInfoData);
  builder.number(kMode, static_cast<std::uint32_t>(mode));
  builder.endNested(data);
  builder.endNested(info);
  return builder.end();
}

bool buildMarkLink(NetlinkBuilder& builder, std::string_view name, std::string_view alias, std::uint32_t sequence) {
  beginChange(builder, 0, sequence);
  builder.text(kName, name);
  // Without a zero at its end: the kernel would keep it as part of the alias.
  builder.attribute(kAlias, std::span(reinterpret_cast<const std::uint8_t*>(alias.data()), alias.size()));
  return builder.end();
}

bool buildWithoutOwnAddress(NetlinkBuilder& builder, std::string_view name, std::uint32_t sequence) {
  beginChange(builder, 0, sequence);
  builder.text(kName, name);
  const std::size_t families = builder.beginNested(kFamilies);
  const std::size_t family = builder.beginNested(kAfInet6);
  builder.number(kAddressGeneration, kNoAddressGeneration);
  builder.endNested(family);
  builder.endNested(families);
  return builder.end();
}

bool buildConfigureLink(NetlinkBuilder& builder, std::uint32_t index, std::span<const LinkSettingValue> settings, std::uint32_t sequence) {
  beginChange(builder, index, sequence);
  return endConfigure(builder, settings);
}

bool buildConfigureLink(NetlinkBuilder& builder, std::string_view name, std::span<const LinkSettingValue> settings,
                        std::uint32_t sequence) {
  beginChange(builder, 0, sequence);
  builder.text(kName, name);
  return endConfigure(builder, settings);
}

bool buildRaiseLink(NetlinkBuilder& builder, std::uint32_t index, bool up, std::uint32_t sequence) {
  builder.begin(kNewLink, kAcknowledged, sequence);
  builder.header(headerOf(index, up ? kLinkUp : 0, kLinkUp));
  return builder.end();
}

bool buildRemoveLink(NetlinkBuilder& builder, std::uint32_t index, std::uint32_t sequence) {
  builder.begin(kDelLink, kAcknowledged, sequence);
  builder.header(headerOf(index));
  return builder.end();
}

bool buildRemoveLink(NetlinkBuilder& builder, std::string_view name, std::uint32_t sequence) {
  builder.begin(kDelLink, kAcknowledged, sequence);
  builder.header(headerOf(0));
  builder.text(kName, name);
  return builder.end();
}

}  // namespace aloft::wire
