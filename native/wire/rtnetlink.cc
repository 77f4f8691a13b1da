#include "wire/rtnetlink.h"

#include <algorithm>
#include <array>

namespace aloft::wire {
namespace {

constexpr std::uint8_t kAfUnspecified = 0;  // AF_UNSPEC
constexpr std::uint8_t kAfInet = 2;         // AF_INET
constexpr std::uint8_t kAfInet6 = 10;       // AF_INET6

constexpr std::size_t kLinkHeaderSize = 16;    // struct ifinfomsg
constexpr std::size_t kAddressHeaderSize = 8;  // struct ifaddrmsg

// Link attributes.
constexpr std::uint16_t kLinkMac = 1;         // IFLA_ADDRESS
constexpr std::uint16_t kLinkName = 3;        // IFLA_IFNAME
constexpr std::uint16_t kLinkMaster = 10;     // IFLA_MASTER
constexpr std::uint16_t kLinkOperstate = 16;  // IFLA_OPERSTATE
constexpr std::uint16_t kLinkInfo = 18;       // IFLA_LINKINFO
constexpr std::uint16_t kLinkInfoKind = 1;    // IFLA_INFO_KIND

// Address attributes.
constexpr std::uint16_t kAddressPeer = 1;       // IFA_ADDRESS
constexpr std::uint16_t kAddressLocal = 2;      // IFA_LOCAL
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

template <typename Number>
Number load(std::span<const std::uint8_t> bytes, std::size_t at) {
  Number value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

void appendAddressHeader(NetlinkBuilder& builder, std::uint32_t ifindex, const IpPrefix& prefix) {
  std::array<std::uint8_t, kAddressHeaderSize> header{};
  header[0] = prefix.address.family == Family::IPv4 ? kAfInet : kAfInet6;
  header[1] = prefix.length;
  std::memcpy(&header[4], &ifindex, sizeof ifindex);
  builder.header(header);
  builder.attribute(kAddressLocal, prefix.address.view());
  builder.attribute(kAddressPeer, prefix.address.view());
}

bool buildDump(NetlinkBuilder& builder, std::uint16_t type, std::size_t headerSize, std::uint32_t sequence) {
  const std::array<std::uint8_t, kLinkHeaderSize> anyFamily{};
  builder.begin(type, kNetlinkRequest | kNetlinkDump, sequence);
  builder.header(std::span(anyFamily).first(headerSize));
  return builder.end();
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

std::optional<IpAddress> toAddress(const NetlinkAttribute& attribute, Family family) {
  IpAddress address{family, {}};
  if (attribute.value.size() != address.size()) return std::nullopt;
  std::copy(attribute.value.begin(), attribute.value.end(), address.bytes.begin());
  return address;
}

}  // namespace

bool buildAddAddress(NetlinkBuilder& builder, std::uint32_t ifindex, const IpPrefix& prefix, OnExisting onExisting,
                     std::uint32_t sequence) {
  const std::uint16_t existing = onExisting == OnExisting::Refuse ? kNetlinkExclusive : kNetlinkReplace;
  builder.begin(kNewAddress, kNetlinkRequest | kNetlinkAck | kNetlinkCreate | existing, sequence);
  appendAddressHeader(builder, ifindex, prefix);
  builder.number(kAddressProtocol, kAloftAddress);
  if (prefix.address.family == Family::IPv6) {
    builder.number(kAddressFlags, kAddressNoDad);
    const Lifetimes deprecated{0, kForever, 0, 0};
    std::array<std::uint8_t, sizeof deprecated> bytes;
    std::memcpy(bytes.data(), &deprecated, sizeof deprecated);
    builder.attribute(kAddressLifetimes, bytes);
  }
  return builder.end();
}

bool buildRemoveAddress(NetlinkBuilder& builder, std::uint32_t ifindex, const IpPrefix& prefix, std::uint32_t sequence) {
  builder.begin(kDelAddress, kNetlinkRequest | kNetlinkAck, sequence);
  appendAddressHeader(builder, ifindex, prefix);
  return builder.end();
}

bool buildLinkDump(NetlinkBuilder& builder, std::uint32_t sequence) { return buildDump(builder, kGetLink, kLinkHeaderSize, sequence); }

bool buildAddressDump(NetlinkBuilder& builder, std::uint32_t sequence) {
  return buildDump(builder, kGetAddress, kAddressHeaderSize, sequence);
}

std::optional<LinkMessage> parseLink(const NetlinkMessage& message) {
  if (message.type != kNewLink && message.type != kDelLink) return std::nullopt;
  if (message.payload.size() < kLinkHeaderSize || message.payload[0] != kAfUnspecified) return std::nullopt;
  LinkMessage link;
  link.removed = message.type == kDelLink;
  link.index = load<std::uint32_t>(message.payload, 4);
  link.flags = load<std::uint32_t>(message.payload, 8);
  NetlinkAttributes attributes(message.payload.subspan(kLinkHeaderSize));
  for (NetlinkAttribute attribute; attributes.next(attribute);) readLinkAttribute(attribute, link);
  if (link.index == 0 || link.name.empty()) return std::nullopt;
  return link;
}

std::optional<AddressMessage> parseAddress(const NetlinkMessage& message) {
  if (message.type != kNewAddress && message.type != kDelAddress) return std::nullopt;
  if (message.payload.size() < kAddressHeaderSize) return std::nullopt;
  const std::uint8_t family = message.payload[0];
  if (family != kAfInet && family != kAfInet6) return std::nullopt;
  AddressMessage result;
  result.removed = message.type == kDelAddress;
  result.flags = message.payload[2];
  result.scope = message.payload[3];
  result.index = load<std::uint32_t>(message.payload, 4);
  std::optional<IpAddress> local, peer;
  NetlinkAttributes attributes(message.payload.subspan(kAddressHeaderSize));
  for (NetlinkAttribute attribute; attributes.next(attribute);) {
    const Family addressFamily = family == kAfInet ? Family::IPv4 : Family::IPv6;
    if (attribute.type == kAddressLocal) local = toAddress(attribute, addressFamily);
    if (attribute.type == kAddressPeer) peer = toAddress(attribute, addressFamily);
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
