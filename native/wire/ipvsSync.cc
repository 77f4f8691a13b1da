#include "wire/ipvsSync.h"

#include <limits>

#include "wire/bytes.h"

namespace aloft::wire {
namespace {

constexpr std::size_t kHeaderSize = 8;
constexpr std::size_t kSizeAt = 2, kCountAt = 4, kVersionAt = 5;
constexpr std::uint8_t kVersion = 1;
/// Before the addresses.
constexpr std::size_t kRecordSize = 24;
constexpr std::uint8_t kTypeIPv6 = 1;
/// IP_VS_CONN_F_…
constexpr std::uint32_t kInactive = 0x0100, kTemplate = 0x1000;

void store32(std::span<std::uint8_t> bytes, std::size_t at, std::uint32_t value) {
  store16(bytes, at, static_cast<std::uint16_t>(value >> 16));
  store16(bytes, at + 2, static_cast<std::uint16_t>(value));
}

}  // namespace

bool canBeTold(const IpvsConnection& connection) {
  const Family family = connection.client.address.family;
  return connection.service.address.family == family && connection.server.address.family == family;
}

IpvsSyncMessage::IpvsSyncMessage(std::uint8_t syncId, std::size_t maxSize) : maxSize_(maxSize), bytes_(kHeaderSize) {
  bytes_[1] = syncId;
  bytes_[kVersionAt] = kVersion;
  clear();
}

bool IpvsSyncMessage::add(const IpvsConnection& connection) {
  if (!canBeTold(connection) || count_ == std::numeric_limits<std::uint8_t>::max()) return false;
  const std::size_t addressSize = connection.client.address.size();
  const std::size_t size = kRecordSize + 3 * addressSize;
  const std::size_t at = bytes_.size();
  if (at + size > maxSize_) return false;
  bytes_.resize(at + size);
  const std::span<std::uint8_t> record = std::span(bytes_).subspan(at);
  record[0] = connection.client.address.family == Family::IPv6 ? kTypeIPv6 : 0;
  record[1] = static_cast<std::uint8_t>(connection.protocol);
  store16(record, 2, static_cast<std::uint16_t>(size));
  store32(record, 4, (connection.inactive ? kInactive : 0) | (connection.isTemplate() ? kTemplate : 0));
  store16(record, 8, connection.state);
  store16(record, 10, connection.client.port);
  store16(record, 12, connection.service.port);
  store16(record, 14, connection.server.port);
  // 0 would be the receiver's own time-out.
  store32(record, 20, connection.expiresSeconds == 0 ? 1 : connection.expiresSeconds);
  storeBytes(record, kRecordSize, connection.client.address.view());
  storeBytes(record, kRecordSize + addressSize, connection.service.address.view());
  storeBytes(record, kRecordSize + 2 * addressSize, connection.server.address.view());
  bytes_[kCountAt] = ++count_;
  store16(bytes_, kSizeAt, static_cast<std::uint16_t>(bytes_.size()));
  return true;
}

void IpvsSyncMessage::clear() {
  bytes_.resize(kHeaderSize);
  count_ = 0;
  bytes_[kCountAt] = 0;
  store16(bytes_, kSizeAt, kHeaderSize);
}

}  // namespace aloft::wire
