#include "wire/rule.h"

#include <array>

#include "wire/rtnetlinkFields.h"

namespace aloft::wire {
namespace {

constexpr std::size_t kHeaderSize = 12;  // struct fib_rule_hdr

// Attributes.
constexpr std::uint16_t kDestination = 1;       // FRA_DST
constexpr std::uint16_t kSource = 2;            // FRA_SRC
constexpr std::uint16_t kInputInterface = 3;    // FRA_IIFNAME
constexpr std::uint16_t kPriority = 6;          // FRA_PRIORITY
constexpr std::uint16_t kMark = 10;             // FRA_FWMARK
constexpr std::uint16_t kTable = 15;            // FRA_TABLE
constexpr std::uint16_t kMask = 16;             // FRA_FWMASK
constexpr std::uint16_t kOutputInterface = 17;  // FRA_OIFNAME
constexpr std::uint16_t kProtocol = 21;         // FRA_PROTOCOL

/// Whether it says anything: "from all" is no condition, and the kernel gives none back.
bool narrows(const std::optional<IpPrefix>& prefix) { return prefix && prefix->length > 0; }

void appendRule(NetlinkBuilder& builder, const Rule& rule) {
  std::array<std::uint8_t, kHeaderSize> header{};
  header[0] = toAf(rule.family);
  if (narrows(rule.to)) header[1] = rule.to->length;
  if (narrows(rule.from)) header[2] = rule.from->length;
  if (rule.table < 256) header[4] = static_cast<std::uint8_t>(rule.table);  // else RT_TABLE_UNSPEC: see FRA_TABLE
  header[7] = rule.action;
  builder.header(header);
  if (narrows(rule.from)) builder.attribute(kSource, rule.from->address.view());
  if (narrows(rule.to)) builder.attribute(kDestination, rule.to->address.view());
  if (!rule.inputInterface.empty()) builder.text(kInputInterface, rule.inputInterface);
  if (!rule.outputInterface.empty()) builder.text(kOutputInterface, rule.outputInterface);
  if (rule.mask != 0) {
    builder.number(kMark, rule.mark);
    builder.number(kMask, rule.mask);
  }
  if (rule.table >= 256) builder.number(kTable, rule.table);
  if (rule.priority) builder.number(kPriority, *rule.priority);
  builder.number(kProtocol, rule.protocol);
}

std::optional<IpPrefix> readPrefix(const NetlinkAttribute& attribute, Family family, std::uint8_t length, bool& ok) {
  const auto address = toAddress(attribute.value, family);
  ok &= address.has_value();
  return address ? std::optional<IpPrefix>({*address, length}) : std::nullopt;
}

}  // namespace

bool buildAddRule(NetlinkBuilder& builder, const Rule& rule, std::uint32_t sequence) {
  builder.begin(kNewRule, kNetlinkRequest | kNetlinkAck | kNetlinkCreate | kNetlinkExclusive, sequence);
  appendRule(builder, rule);
  return builder.end();
}

bool buildRemoveRule(NetlinkBuilder& builder, const Rule& rule, std::uint32_t sequence) {
  builder.begin(kDelRule, kNetlinkRequest | kNetlinkAck, sequence);
  appendRule(builder, rule);
  return builder.end();
}

bool buildRuleDump(NetlinkBuilder& builder, Family family, std::uint32_t sequence) {
  std::array<std::uint8_t, kHeaderSize> header{};
  header[0] = toAf(family);
  return buildDump(builder, kGetRule, header, sequence);
}

std::optional<RuleMessage> parseRule(const NetlinkMessage& message) {
  if ((message.type != kNewRule && message.type != kDelRule) || message.payload.size() < kHeaderSize) return std::nullopt;
  const auto header = message.payload.first(kHeaderSize);
  const auto family = toFamily(header[0]);
  if (!family) return std::nullopt;

  RuleMessage result;
  result.removed = message.type == kDelRule;
  Rule& rule = result.rule;
  rule.family = *family;
  rule.table = header[4];
  rule.action = header[7];
  rule.priority = 0;  // of which the kernel makes no attribute
  bool ok = true;
  NetlinkAttributes attributes(message.payload.subspan(kHeaderSize));
  for (NetlinkAttribute attribute; attributes.next(attribute);) {
    const auto number = attribute.number<std::uint32_t>().value_or(0);
    if (attribute.type == kDestination) rule.to = readPrefix(attribute, *family, header[1], ok);
    if (attribute.type == kSource) rule.from = readPrefix(attribute, *family, header[2], ok);
    if (attribute.type == kInputInterface) rule.inputInterface = attribute.text();
    if (attribute.type == kOutputInterface) rule.outputInterface = attribute.text();
    if (attribute.type == kPriority) rule.priority = number;
    if (attribute.type == kMark) rule.mark = number;
    if (attribute.type == kMask) rule.mask = number;
    if (attribute.type == kTable) rule.table = number;
    if (attribute.type == kProtocol) rule.protocol = attribute.number<std::uint8_t>().value_or(0);
  }
  const std::size_t bits = IpAddress{*family, {}}.size() * 8;
  if (rule.mask == 0) rule.mark = 0;
  if (!ok || header[1] > bits || header[2] > bits) return std::nullopt;
  return result;
}

bool matches(const Rule& wanted, const Rule& found) {
  const auto normal = [&found](Rule rule) {
    if (!rule.priority) rule.priority = found.priority;
    if (!narrows(rule.from)) rule.from.reset();
    if (!narrows(rule.to)) rule.to.reset();
    if (rule.action != kRuleLookup) rule.table = 0;
    return rule;
  };
  return normal(wanted) == normal(found);
}

}  // namespace aloft::wire
