#include "wire/trafficControl.h"

#include <array>
#include <cstring>

#include "wire/bytes.h"

namespace aloft::wire {
namespace {

constexpr std::size_t kHeaderSize = 20;                // struct tcmsg
constexpr std::uint32_t kClsactHandle = 0xffff0000;    // TC_H_MAKE(TC_H_CLSACT, 0)
constexpr std::uint32_t kIngressFilters = 0xfffffff2;  // TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)
constexpr std::uint32_t kEgressFilters = 0xfffffff3;   // TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)
constexpr std::uint16_t kKind = 1;                     // TCA_KIND
constexpr std::uint16_t kOptions = 2;                  // TCA_OPTIONS
constexpr std::uint16_t kBpfFd = 6;                    // TCA_BPF_FD
constexpr std::uint16_t kBpfName = 7;                  // TCA_BPF_NAME
constexpr std::uint16_t kBpfFlags = 8;                 // TCA_BPF_FLAGS
constexpr std::uint16_t kBpfId = 11;                   // TCA_BPF_ID
constexpr std::uint32_t kDirectAction = 1;             // TCA_BPF_FLAG_ACT_DIRECT

struct Header {
  std::uint32_t ifindex = 0;
  std::uint32_t handle = 0;
  std::uint32_t parent = 0;
  std::uint32_t info = 0;  ///< of filters: priority, then protocol in network order
};

void append(NetlinkBuilder& builder, const Header& header) {
  std::array<std::uint8_t, kHeaderSize> bytes{};
  std::memcpy(&bytes[4], &header, sizeof header);
  builder.header(bytes);
}

std::uint32_t parentOf(Direction direction) { return direction == Direction::Ingress ? kIngressFilters : kEgressFilters; }

std::uint32_t infoOf(std::uint16_t priority, std::uint16_t protocol) {
  std::uint16_t inNetworkOrder;
  std::array<std::uint8_t, 2> bytes;
  store16(bytes, 0, protocol);
  std::memcpy(&inNetworkOrder, bytes.data(), sizeof inNetworkOrder);
  return std::uint32_t{priority} << 16 | inNetworkOrder;
}

Header headerOf(const FilterPlace& place) {
  return {place.ifindex, place.handle, parentOf(place.direction), infoOf(place.priority, kAnyProtocol)};
}

bool buildClsact(NetlinkBuilder& builder, std::uint16_t type, std::uint16_t flags, std::uint32_t ifindex, std::uint32_t sequence) {
  builder.begin(type, kNetlinkRequest | kNetlinkAck | flags, sequence);
  append(builder, {ifindex, kClsactHandle, kClsactParent, 0});
  builder.text(kKind, "clsact");
  return builder.end();
}

void readBpfOptions(std::span<const std::uint8_t> options, FilterMessage& filter) {
  NetlinkAttributes attributes(options);
  for (NetlinkAttribute attribute; attributes.next(attribute);) {
    if (attribute.type == kBpfName) filter.name = attribute.text();
    if (attribute.type == kBpfId) filter.program = attribute.number<std::uint32_t>().value_or(0);
  }
}

}  // namespace

bool buildAddClsact(NetlinkBuilder& builder, std::uint32_t ifindex, std::uint32_t sequence) {
  return buildClsact(builder, kNewQdisc, kNetlinkCreate | kNetlinkExclusive, ifindex, sequence);
}

bool buildRemoveClsact(NetlinkBuilder& builder, std::uint32_t ifindex, std::uint32_t sequence) {
  return buildClsact(builder, kDelQdisc, 0, ifindex, sequence);
}

bool buildPutBpfFilter(NetlinkBuilder& builder, const FilterPlace& place, int programFd, std::string_view name, std::uint32_t sequence) {
  builder.begin(kNewFilter, kNetlinkRequest | kNetlinkAck | kNetlinkCreate | kNetlinkReplace, sequence);
  append(builder, headerOf(place));
  builder.text(kKind, "bpf");
  const std::size_t options = builder.beginNested(kOptions);
  builder.number(kBpfFd, static_cast<std::uint32_t>(programFd));
  builder.text(kBpfName, name.substr(0, kMaxFilterName));
  builder.number(kBpfFlags, kDirectAction);
  builder.endNested(options);
  return builder.end();
}

bool buildRemoveBpfFilter(NetlinkBuilder& builder, const FilterPlace& place, std::uint32_t sequence) {
  builder.begin(kDelFilter, kNetlinkRequest | kNetlinkAck, sequence);
  append(builder, headerOf(place));
  builder.text(kKind, "bpf");
  return builder.end();
}

bool buildQdiscDump(NetlinkBuilder& builder, std::uint32_t ifindex, std::uint32_t sequence) {
  builder.begin(kGetQdisc, kNetlinkRequest | kNetlinkDump, sequence);
  append(builder, {ifindex, 0, 0, 0});
  return builder.end();
}

bool buildFilterDump(NetlinkBuilder& builder, std::uint32_t ifindex, Direction direction, std::uint32_t sequence) {
  builder.begin(kGetFilter, kNetlinkRequest | kNetlinkDump, sequence);
  append(builder, {ifindex, 0, parentOf(direction), 0});
  return builder.end();
}

std::optional<FilterMessage> parseFilter(const NetlinkMessage& message) {
  if (message.type != kNewFilter || message.payload.size() < kHeaderSize) return std::nullopt;
  Header header;
  std::memcpy(&header, message.payload.data() + 4, sizeof header);
  if (header.ifindex == 0 || (header.parent != kIngressFilters && header.parent != kEgressFilters)) return std::nullopt;
  FilterMessage filter;
  filter.place = {header.ifindex, header.parent == kIngressFilters ? Direction::Ingress : Direction::Egress,
                  static_cast<std::uint16_t>(header.info >> 16), header.handle};
  std::array<std::uint8_t, 2> protocol;
  const auto inNetworkOrder = static_cast<std::uint16_t>(header.info);
  std::memcpy(protocol.data(), &inNetworkOrder, sizeof inNetworkOrder);
  filter.protocol = load16(protocol, 0);
  std::span<const std::uint8_t> options;
  NetlinkAttributes attributes(message.payload.subspan(kHeaderSize));
  for (NetlinkAttribute attribute; attributes.next(attribute);) {
    if (attribute.type == kKind) filter.kind = attribute.text();
    if (attribute.type == kOptions) options = attribute.value;
  }
  if (filter.kind.empty()) return std::nullopt;
  if (filter.kind == "bpf") readBpfOptions(options, filter);
  return filter;
}

std::optional<QdiscMessage> parseQdisc(const NetlinkMessage& message) {
  if (message.type != kNewQdisc || message.payload.size() < kHeaderSize) return std::nullopt;
  Header header;
  std::memcpy(&header, message.payload.data() + 4, sizeof header);
  QdiscMessage qdisc{header.ifindex, header.parent == kClsactParent, {}};
  NetlinkAttributes attributes(message.payload.subspan(kHeaderSize));
  for (NetlinkAttribute attribute; attributes.next(attribute);) {
    if (attribute.type == kKind) qdisc.kind = attribute.text();
  }
  if (qdisc.ifindex == 0 || qdisc.kind.empty()) return std::nullopt;
  return qdisc;
}

std::optional<std::uint32_t> parseFilterChange(const NetlinkMessage& message) {
  const bool isChange = message.type == kNewFilter || message.type == kDelFilter || message.type == kDelQdisc;
  if (!isChange || message.payload.size() < kHeaderSize) return std::nullopt;
  Header header;
  std::memcpy(&header, message.payload.data() + 4, sizeof header);
  return header.ifindex == 0 ? std::nullopt : std::optional(header.ifindex);
}

}  // namespace aloft::wire
