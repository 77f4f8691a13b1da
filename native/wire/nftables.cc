#include "wire/nftables.h"

#include <array>

#include "wire/bytes.h"

namespace aloft::wire {
namespace {

constexpr std::uint16_t kSubsystem = 10;  // NFNL_SUBSYS_NFTABLES
constexpr std::uint16_t kBatchBegin = 0x10;
constexpr std::uint16_t kBatchEnd = 0x11;
constexpr std::uint8_t kInet = 1;  // NFPROTO_INET

// NFT_MSG_…
constexpr std::uint16_t kNewTable = 0;
constexpr std::uint16_t kDelTable = 2;
constexpr std::uint16_t kNewChain = 3;
constexpr std::uint16_t kNewRule = 6;
constexpr std::uint16_t kGetRule = 7;
constexpr std::uint16_t kNewSet = 9;
constexpr std::uint16_t kGetSet = 10;
constexpr std::uint16_t kNewElement = 12;
constexpr std::uint16_t kGetElement = 13;
constexpr std::uint16_t kNewGeneration = 15;
constexpr std::uint16_t kGetGeneration = 16;

// Attributes of several kinds that have the same number: NFTA_TABLE_NAME, NFTA_RULE_TABLE, … are 1.
constexpr std::uint16_t kTable = 1;
constexpr std::uint16_t kListElement = 1;  // NFTA_LIST_ELEM
constexpr std::uint16_t kDataValue = 1;    // NFTA_DATA_VALUE
constexpr std::uint16_t kSetName = 2;      // NFTA_SET_NAME, NFTA_SET_ELEM_LIST_SET
constexpr std::uint16_t kRuleChain = 2;    // NFTA_RULE_CHAIN
constexpr std::uint16_t kRuleExpressions = 4;
constexpr std::uint16_t kElements = 3;  // NFTA_SET_ELEM_LIST_ELEMENTS
constexpr std::uint16_t kChainName = 3;
constexpr std::uint16_t kChainHook = 4;
constexpr std::uint16_t kChainType = 7;
constexpr std::uint16_t kHookNumber = 1;
constexpr std::uint16_t kHookPriority = 2;
constexpr std::uint16_t kSetFlags = 3;
constexpr std::uint16_t kSetKeyType = 4;
constexpr std::uint16_t kSetKeyLength = 5;
constexpr std::uint16_t kSetDataType = 6;
constexpr std::uint16_t kSetDataLength = 7;
constexpr std::uint16_t kSetDescription = 9;
constexpr std::uint16_t kSetId = 10;
constexpr std::uint16_t kDescribedSize = 1;
constexpr std::uint32_t kMapFlag = 8;  // NFT_SET_MAP
constexpr std::uint16_t kElementKey = 1;
constexpr std::uint16_t kElementData = 2;
constexpr std::uint16_t kGeneration = 1;

constexpr std::size_t kHeaderSize = 4;

constexpr std::uint16_t typeOf(std::uint16_t message) { return static_cast<std::uint16_t>(kSubsystem << 8 | message); }

void header(NetlinkBuilder& builder, std::uint8_t family, std::uint16_t resource) {
  std::array<std::uint8_t, kHeaderSize> bytes{family};
  store16(bytes, 2, resource);
  builder.header(bytes);
}

std::array<std::uint8_t, 4> bigEndian(std::uint32_t value) {
  std::array<std::uint8_t, 4> bytes;
  store16(bytes, 0, static_cast<std::uint16_t>(value >> 16));
  store16(bytes, 2, static_cast<std::uint16_t>(value));
  return bytes;
}

bool buildDump(NetlinkBuilder& builder, std::uint16_t message, std::string_view table, std::string_view set, std::uint32_t sequence) {
  builder.begin(typeOf(message), kNetlinkRequest | kNetlinkDump, sequence);
  header(builder, kInet, 0);
  builder.text(kTable, table);
  if (!set.empty()) builder.text(kSetName, set);
  return builder.end();
}

bool isOf(const NetlinkMessage& message, std::uint16_t kind) {
  return message.type == typeOf(kind) && message.payload.size() >= kHeaderSize;
}

std::span<const std::uint8_t> attributesOf(const NetlinkMessage& message) { return message.payload.subspan(kHeaderSize); }

/// FNV-1a.
std::uint64_t hash(std::span<const std::uint8_t> bytes, std::uint64_t start) {
  std::uint64_t value = start;
  for (const std::uint8_t byte : bytes) value = (value ^ byte) * 0x100000001b3;
  return value;
}

constexpr std::uint64_t kHashStart = 0xcbf29ce484222325;

}  // namespace

void NftBuilder::begin(std::uint16_t message, std::uint16_t flags) {
  messages_.begin(typeOf(message), kNetlinkRequest | flags, sequence_++);
  header(messages_, kInet, 0);
  messages_.text(kTable, table_);
}

bool NftBuilder::beginBatch() {
  messages_.begin(kBatchBegin, kNetlinkRequest, sequence_++);
  header(messages_, 0, kSubsystem);
  return messages_.end();
}

bool NftBuilder::endBatch() {
  messages_.begin(kBatchEnd, kNetlinkRequest, sequence_++);
  header(messages_, 0, kSubsystem);
  return messages_.end();
}

bool NftBuilder::addTable(bool acknowledged) {
  begin(kNewTable, acknowledged ? kNetlinkCreate | kNetlinkAck : kNetlinkCreate);
  return messages_.end();
}

bool NftBuilder::removeTable(bool acknowledged) {
  begin(kDelTable, acknowledged ? kNetlinkAck : 0);
  return messages_.end();
}

bool NftBuilder::addNatChain(std::string_view name, NftHook hook, std::int32_t priority) {
  begin(kNewChain, kNetlinkCreate);
  messages_.text(kChainName, name);
  const std::size_t nested = messages_.beginNested(kChainHook);
  number(kHookNumber, static_cast<std::uint32_t>(hook));
  number(kHookPriority, static_cast<std::uint32_t>(priority));
  messages_.endNested(nested);
  messages_.text(kChainType, "nat");
  return messages_.end();
}

bool NftBuilder::addSet(const NftSet& set) {
  begin(kNewSet, kNetlinkCreate);
  messages_.text(kSetName, set.name);
  number(kSetFlags, set.dataSize > 0 ? kMapFlag : 0);
  number(kSetKeyType, set.keyType);
  number(kSetKeyLength, set.keySize);
  if (set.dataSize > 0) {
    number(kSetDataType, set.dataType);
    number(kSetDataLength, set.dataSize);
  }
  const std::size_t nested = messages_.beginNested(kSetDescription);
  number(kDescribedSize, set.size);
  messages_.endNested(nested);
  number(kSetId, set.id);
  return messages_.end();
}

bool NftBuilder::beginElements(std::string_view set) {
  begin(kNewElement, kNetlinkCreate);
  messages_.text(kSetName, set);
  list_ = messages_.beginNested(kElements);
  return true;
}

void NftBuilder::element(std::span<const std::uint8_t> key, std::span<const std::uint8_t> data) {
  const std::size_t nested = messages_.beginNested(kListElement);
  value(kElementKey, key);
  if (!data.empty()) value(kElementData, data);
  messages_.endNested(nested);
}

bool NftBuilder::endElements() {
  messages_.endNested(list_);
  return messages_.end();
}

void NftBuilder::beginRule(std::string_view chain) {
  begin(kNewRule, kNetlinkCreate | kNetlinkAppend);
  messages_.text(kRuleChain, chain);
  list_ = messages_.beginNested(kRuleExpressions);
}

bool NftBuilder::endRule() {
  messages_.endNested(list_);
  return messages_.end();
}

void NftBuilder::number(std::uint16_t type, std::uint32_t value) { messages_.attribute(type, bigEndian(value)); }

void NftBuilder::value(std::uint16_t type, std::span<const std::uint8_t> bytes) {
  const std::size_t nested = messages_.beginNested(type);
  messages_.attribute(kDataValue, bytes);
  messages_.endNested(nested);
}

// ----- What is asked -----

bool buildNftGenerationRequest(NetlinkBuilder& builder, std::uint32_t sequence) {
  builder.begin(typeOf(kGetGeneration), kNetlinkRequest | kNetlinkAck, sequence);
  header(builder, 0, 0);
  return builder.end();
}

std::optional<std::uint32_t> parseNftGeneration(const NetlinkMessage& message) {
  if (!isOf(message, kNewGeneration)) return std::nullopt;
  NetlinkAttributes attributes(attributesOf(message));
  for (NetlinkAttribute attribute; attributes.next(attribute);) {
    if (attribute.type == kGeneration && attribute.value.size() >= 4) {
      return std::uint32_t{load16(attribute.value, 0)} << 16 | load16(attribute.value, 2);
    }
  }
  return std::nullopt;
}

bool buildNftRuleDump(NetlinkBuilder& builder, std::string_view table, std::uint32_t sequence) {
  return buildDump(builder, kGetRule, table, "", sequence);
}

bool buildNftSetDump(NetlinkBuilder& builder, std::string_view table, std::uint32_t sequence) {
  return buildDump(builder, kGetSet, table, "", sequence);
}

bool buildNftElementDump(NetlinkBuilder& builder, std::string_view table, std::string_view set, std::uint32_t sequence) {
  return buildDump(builder, kGetElement, table, set, sequence);
}

std::string_view parseNftSetName(const NetlinkMessage& message) {
  if (!isOf(message, kNewSet)) return {};
  NetlinkAttributes attributes(attributesOf(message));
  for (NetlinkAttribute attribute; attributes.next(attribute);) {
    if (attribute.type == kSetName) return attribute.text();
  }
  return {};
}

std::uint64_t digestNft(const NetlinkMessage& message) {
  if (message.payload.size() < kHeaderSize) return 0;
  std::uint64_t digest = hash({}, kHashStart ^ message.type);
  NetlinkAttributes attributes(attributesOf(message));
  for (NetlinkAttribute attribute; attributes.next(attribute);) {
    const std::uint64_t start = kHashStart ^ (std::uint64_t{message.type} << 16 | attribute.type);
    if (!isOf(message, kNewElement) || attribute.type != kElements) {
      digest += hash(attribute.value, start);
      continue;
    }
    NetlinkAttributes elements(attribute.value);
    for (NetlinkAttribute element; elements.next(element);) digest += hash(element.value, start);
  }
  return digest;
}

}  // namespace aloft::wire
