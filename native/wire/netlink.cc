#include "wire/netlink.h"

#include <algorithm>

namespace aloft::wire {
namespace {

constexpr std::size_t kMaxAttributeSize = 0xffff;
constexpr std::uint16_t kErrorMessage = 1;  // NLMSGERR_ATTR_MSG

constexpr std::size_t align(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

template <typename Number>
Number load(std::span<const std::uint8_t> bytes, std::size_t at) {
  Number value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

template <typename Number>
void store(std::span<std::uint8_t> bytes, std::size_t at, Number value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

/// The attributes behind the request that an error carries back (NLM_F_ACK_TLVS).
std::span<const std::uint8_t> errorAttributes(const NetlinkMessage& message) {
  constexpr std::size_t kEcho = 4;
  if ((message.flags & kNetlinkAckAttributes) == 0 || message.payload.size() < kEcho + kNetlinkHeaderSize) return {};
  const bool capped = (message.flags & kNetlinkCapped) != 0;
  const std::size_t echo = capped ? kNetlinkHeaderSize : align(load<std::uint32_t>(message.payload, kEcho));
  return echo > message.payload.size() - kEcho ? std::span<const std::uint8_t>{} : message.payload.subspan(kEcho + echo);
}

}  // namespace

std::span<std::uint8_t> NetlinkBuilder::reserve(std::size_t size) {
  const std::size_t padded = align(size);
  if (overflow_ || padded > buffer_.size() - size_) {
    overflow_ = true;
    return {};
  }
  const std::span<std::uint8_t> bytes = buffer_.subspan(size_, padded);
  std::fill(bytes.begin(), bytes.end(), std::uint8_t{0});
  size_ += padded;
  return bytes;
}

void NetlinkBuilder::begin(std::uint16_t type, std::uint16_t flags, std::uint32_t sequence) {
  size_ = closed_;
  overflow_ = false;
  const std::span<std::uint8_t> bytes = reserve(kNetlinkHeaderSize);
  if (bytes.empty()) return;
  store(bytes, 4, type);
  store(bytes, 6, flags);
  store(bytes, 8, sequence);
}

void NetlinkBuilder::header(std::span<const std::uint8_t> bytes) {
  const std::span<std::uint8_t> room = reserve(bytes.size());
  if (!room.empty()) std::copy(bytes.begin(), bytes.end(), room.begin());
}

void NetlinkBuilder::attribute(std::uint16_t type, std::span<const std::uint8_t> value) {
  const std::size_t size = kAttributeHeaderSize + value.size();
  if (size > kMaxAttributeSize) overflow_ = true;
  const std::span<std::uint8_t> room = reserve(size);
  if (room.empty()) return;
  store(room, 0, static_cast<std::uint16_t>(size));
  store(room, 2, type);
  std::copy(value.begin(), value.end(), room.begin() + kAttributeHeaderSize);
}

void NetlinkBuilder::text(std::uint16_t type, std::string_view value) {
  const std::size_t size = kAttributeHeaderSize + value.size() + 1;
  if (size > kMaxAttributeSize) overflow_ = true;
  const std::span<std::uint8_t> room = reserve(size);
  if (room.empty()) return;
  store(room, 0, static_cast<std::uint16_t>(size));
  store(room, 2, type);
  std::copy(value.begin(), value.end(), room.begin() + kAttributeHeaderSize);
}

std::size_t NetlinkBuilder::beginNested(std::uint16_t type) {
  const std::size_t start = size_;
  attribute(type | kNestedAttribute, {});
  return start;
}

void NetlinkBuilder::endNested(std::size_t start) {
  if (overflow_) return;
  const std::size_t size = size_ - start;
  if (size > kMaxAttributeSize) {
    overflow_ = true;
    return;
  }
  store(buffer_, start, static_cast<std::uint16_t>(size));
}

bool NetlinkBuilder::end() {
  if (overflow_) {
    size_ = closed_;
    return false;
  }
  store(buffer_, closed_, static_cast<std::uint32_t>(size_ - closed_));
  closed_ = size_;
  return true;
}

bool buildAcknowledgedEnd(NetlinkBuilder& builder, std::uint32_t sequence) {
  builder.begin(kNetlinkNoop, kNetlinkRequest | kNetlinkAck, sequence);
  return builder.end();
}

std::string_view NetlinkAttribute::text() const {
  const auto end = std::find(value.begin(), value.end(), std::uint8_t{0});
  return {reinterpret_cast<const char*>(value.data()), static_cast<std::size_t>(end - value.begin())};
}

bool NetlinkAttributes::next(NetlinkAttribute& attribute) {
  if (rest_.size() < kAttributeHeaderSize) return false;
  const std::size_t size = load<std::uint16_t>(rest_, 0);
  if (size < kAttributeHeaderSize || size > rest_.size()) return false;
  attribute.type = load<std::uint16_t>(rest_, 2) & kAttributeTypeMask;
  attribute.value = rest_.subspan(kAttributeHeaderSize, size - kAttributeHeaderSize);
  rest_ = rest_.subspan(std::min(align(size), rest_.size()));
  return true;
}

bool NetlinkMessages::next(NetlinkMessage& message) {
  if (rest_.size() < kNetlinkHeaderSize) return false;
  const std::size_t size = load<std::uint32_t>(rest_, 0);
  if (size < kNetlinkHeaderSize || size > rest_.size()) return false;
  message.type = load<std::uint16_t>(rest_, 4);
  message.flags = load<std::uint16_t>(rest_, 6);
  message.sequence = load<std::uint32_t>(rest_, 8);
  message.port = load<std::uint32_t>(rest_, 12);
  message.payload = rest_.subspan(kNetlinkHeaderSize, size - kNetlinkHeaderSize);
  rest_ = rest_.subspan(std::min(align(size), rest_.size()));
  return true;
}

std::optional<NetlinkResult> parseNetlinkResult(const NetlinkMessage& message) {
  if (message.type != kNetlinkError && message.type != kNetlinkDone) return std::nullopt;
  NetlinkResult result;
  if (message.payload.size() >= sizeof(std::int32_t)) {
    const auto error = load<std::int32_t>(message.payload, 0);
    // The kernel gives a negative errno; 4095 is the largest there is.
    result.error = error < 0 && error >= -4095 ? -error : 0;
  } else if (message.type == kNetlinkError) {
    return std::nullopt;
  }
  if (message.type != kNetlinkError) return result;
  NetlinkAttributes attributes(errorAttributes(message));
  for (NetlinkAttribute attribute; attributes.next(attribute);) {
    if (attribute.type == kErrorMessage) result.message = attribute.text();
  }
  return result;
}

}  // namespace aloft::wire
