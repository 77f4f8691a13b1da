#include "wire/rtnetlink.h"

#include <algorithm>
#include <array>

#include "wire/rtnetlinkFields.h"

namespace aloft::wire {
namespace {

constexpr std::size_t kLinkHeaderSize = 16;    // struct ifinfomsg
constexpr std::size_t kAddressHeaderSize = 8;  // struct ifaddrmsg

// Link attributes.
constexpr std::uint16_t kLinkMac = 1;         // IFLA_ADDRESS
constexpr std::uint16_t kLinkName = 3;        // IFLA_IFNAME
constexpr std::uint16_t kLinkParent = 5;      // IFLA_LINK
constexpr std::uint16_t kLinkMaster = 10;     // IFLA_MASTER
constexpr std::uint16_t kLinkOperstate = 16;  // IFLA_OPERSTATE
constexpr std::uint16_t kLinkInfo = 18;       // IFLA_LINKINFO
constexpr std::uint16_t kLinkAlias = 20;      // IFLA_IFALIAS
constexpr std::uint16_t kLinkInfoKind = 1;    // IFLA_INFO_KIND

// Address attributes.
constexpr std::uint16_t kAddressPeer = 1;       // IFA_ADDRESS
constexpr std::uint16_t kAddressLocal = 2;      // IFA_LOCAL
constexpr std::uint16_t kAddressLabel = 3;      // IFA_LABEL
constexpr std::uint16_t kAddressBroadcast = 4;  // IFA_BROADCAST
constexpr std::uint16_t kAddressLifetimes = 6;  // IFA_CACHEINFO
constexpr std::uint16_t kAddressFlags = 8;      // IFA_FLAGS
constexpr std::uint16_t kAddressProtocol = 11;  // IFA_PROTO

/// struct ifa_cacheinfo, in seconds.
struct Lifetimes {
  std::uint32_t preferred;
  std::uint32_t valid;
  std::uint32_t created;
  std::uint32_t updated;
};
constexpr std::uint32_t kForever = 0xffffffff;

std::array<std::uint8_t, kAddressHeaderSize> addressHeader(std::uint32_t ifindex, const IpPrefix& prefix, std::uint8_t scope) {
  std::array<std::uint8_t, kAddressHeaderSize> header{};
  header[0] = toAf(prefix.address.family);
  header[1] = prefix.length;
  header[3] = scope;
  storeNumber(header, 4, ifindex);
  return header;
}

void appendLifetimes(NetlinkBuilder& builder) {
  const Lifetimes deprecated{0, kForever, 0, 0};
  std::array<std::uint8_t, sizeof deprecated> bytes;
  std::memcpy(bytes.data(), &deprecated, sizeof deprecated);
  builder.attribute(kAddressLifetimes, bytes);
}

std::string_view kindOf(std::span<const std::uint8_t> linkInfo) {
  NetlinkAttributes attributes(linkInfo);
  for (NetlinkAttribute attribute; attributes.next(attribute);) {
    if (attribute.type == kLinkInfoKind) return attribute.text();
  }
  return {};
}

void readLinkAttribute(const NetlinkAttribute& attribute, LinkMessage& link) {
  switch (attribute.type) {
    case kLinkMac:
      if (attribute.value.size() == sizeof(MacAddress)) {
        std::copy(attribute.value.begin(), attribute.value.end(), link.mac.emplace().begin());
      }
      break;
    case kLinkName:
      link.name = attribute.text();
      break;
    case kLinkParent:
      link.parent = attribute.number<std::uint32_t>().value_or(0);
      break;
    case kLinkAlias:
      link.alias = attribute.text();
      break;
    case kLinkMaster:
      link.master = attribute.number<std::uint32_t>().value_or(0);
      break;
    case kLinkOperstate:
      link.operstate = attribute.number<std::uint8_t>().value_or(0);
      break;
    case kLinkInfo:
      link.kind = kindOf(attribute.value);
      break;
    default:
      break;
  }
}

}  // namespace

bool buildAddAddress(NetlinkBuilder& builder, const AddressRequest& request, OnExisting onExisting, std::uint32_t sequence) {
  const IpPrefix& prefix = request.prefix;
  const bool v4 = prefix.address.family == Family::IPv4;
  const std::uint16_t existing = onExisting == OnExisting::Refuse ? kNetlinkExclusive : kNetlinkReplace;
  builder.begin(kNewAddress, kNetlinkRequest | kNetlinkAck | kNetlinkCreate | existing, sequence);
  builder.header(addressHeader(request.index, prefix, v4 ? request.scope : std::uint8_t{0}));
  builder.attribute(kAddressLocal, prefix.address.view());
  builder.attribute(kAddressPeer, prefix.address.view());
  if (v4 && !request.broadcast.isUnspecified()) builder.attribute(kAddressBroadcast, request.broadcast.view());
  if (v4 && !request.label.empty()) builder.text(kAddressLabel, request.label);
  builder.number(kAddressProtocol, kAloftAddress);
  const std::uint32_t flags = (v4 ? 0 : kAddressNoDad) | (request.withoutRoute ? kAddressNoRoute : 0);
  if (flags != 0) builder.number(kAddressFlags, flags);
  if (!v4) appendLifetimes(builder);
  return builder.end();
}

bool buildRemoveAddress(NetlinkBuilder& builder, std::uint32_t ifindex, const IpPrefix& prefix, std::uint32_t sequence) {
  builder.begin(kDelAddress, kNetlinkRequest | kNetlinkAck, sequence);
  builder.header(addressHeader(ifindex, prefix, 0));
  builder.attribute(kAddressLocal, prefix.address.view());
  builder.attribute(kAddressPeer, prefix.address.view());
  return builder.end();
}

bool buildLinkDump(NetlinkBuilder& builder, std::uint32_t sequence) {
  return buildDump(builder, kGetLink, std::array<std::uint8_t, kLinkHeaderSize>{}, sequence);
}

bool buildAddressDump(NetlinkBuilder& builder, std::uint32_t sequence) {
  return buildDump(builder, kGetAddress, std::array<std::uint8_t, kAddressHeaderSize>{}, sequence);
}

std::optional<LinkMessage> parseLink(const NetlinkMessage& message) {
  if (message.type != kNewLink && message.type != kDelLink) return std::nullopt;
  if (message.payload.size() < kLinkHeaderSize || message.payload[0] != kAfUnspecified) return std::nullopt;
  LinkMessage link;
  link.removed = message.type == kDelLink;
  link.index = loadNumber<std::uint32_t>(message.payload, 4);
  link.flags = loadNumber<std::uint32_t>(message.payload, 8);
  NetlinkAttributes attributes(message.payload.subspan(kLinkHeaderSize));
  for (NetlinkAttribute attribute; attributes.next(attribute);) readLinkAttribute(attribute, link);
  if (link.index == 0 || link.name.empty()) return std::nullopt;
  return link;
}

std::optional<AddressMessage> parseAddress(const NetlinkMessage& message) {
  if (message.type != kNewAddress && message.type != kDelAddress) return std::nullopt;
  if (message.payload.size() < kAddressHeaderSize) return std::nullopt;
  const std::optional<Family> family = toFamily(message.payload[0]);
  if (!family) return std::nullopt;
  AddressMessage result;
  result.removed = message.type == kDelAddress;
  result.flags = message.payload[2];
  result.scope = message.payload[3];
  result.index = loadNumber<std::uint32_t>(message.payload, 4);
  std::optional<IpAddress> local, peer;
  NetlinkAttributes attributes(message.payload.subspan(kAddressHeaderSize));
  for (NetlinkAttribute attribute; attributes.next(attribute);) {
    if (attribute.type == kAddressLocal) local = toAddress(attribute.value, *family);
    if (attribute.type == kAddressPeer) peer = toAddress(attribute.value, *family);
    if (attribute.type == kAddressBroadcast) result.broadcast = toAddress(attribute.value, *family).value_or(IpAddress{});
    if (attribute.type == kAddressLabel) result.label = attribute.text();
    // The header has only the lower eight bits.
    if (attribute.type == kAddressFlags) result.flags = attribute.number<std::uint32_t>().value_or(result.flags);
    if (attribute.type == kAddressProtocol) result.protocol = attribute.number<std::uint8_t>().value_or(0);
  }
  // IPv6 gives IFA_LOCAL only on point-to-point links.
  const std::optional<IpAddress> address = local ? local : peer;
  if (!address || result.index == 0 || message.payload[1] > address->size() * 8) return std::nullopt;
  result.prefix = {*address, message.payload[1]};
  return result;
}

}  // namespace aloft::wire
