#include "tools/junk.h"

#include "wire/advertFrame.h"
#include "wire/checksum.h"
#include "wire/ethernet.h"

namespace aloft::tools {
namespace {

using wire::Discard;

constexpr wire::IpAddress kGroup{wire::Family::IPv4, {224, 0, 0, 18}};
constexpr std::size_t kChecksumAt = 6;

void fixChecksum(std::span<std::uint8_t> message) {
  wire::store16(message, kChecksumAt, 0);
  wire::store16(message, kChecksumAt, wire::InternetChecksum{}.add(message).finish());
}

std::vector<std::uint8_t> goodMessage(const JunkSettings& settings, bool withAddress) {
  wire::EncodeInput input;
  input.virtualRouterId = settings.virtualRouterId;
  input.priority = 255;
  input.interval = settings.interval;
  if (withAddress) input.addresses = {&settings.address, 1};
  input.source = settings.source;
  input.destination = kGroup;
  std::vector<std::uint8_t> message(wire::kMaxVrrpSize);
  message.resize(wire::encodeVrrp(input, message));
  return message;
}

void spoil(Discard why, const JunkSettings& settings, std::vector<std::uint8_t>& message) {
  switch (why) {
    case Discard::UnknownVersion:
      message[0] = 0x51;
      break;
    case Discard::UnknownType:
      message[0] = 0x32;
      break;
    case Discard::TooShort:
      message.resize(8);  // without the address that it counts
      break;
    case Discard::TrailingBytes:
      message.resize(message.size() + 4);
      break;
    case Discard::ZeroInterval:
      wire::store16(message, 4, 0);
      break;
    case Discard::UnknownVirtualRouter:
      message[1] = settings.unknownVirtualRouterId;
      break;
    default:
      break;
  }
  fixChecksum(message);
  if (why == Discard::BadChecksum) message[kChecksumAt] ^= 1;
}

void lowerTtl(std::span<std::uint8_t> frame) {
  const auto header = frame.subspan(wire::kEthernetHeaderSize, 20);
  header[8] = 254;
  wire::store16(header, 10, 0);
  wire::store16(header, 10, wire::InternetChecksum{}.add(header).finish());
}

}  // namespace

std::vector<std::uint8_t> junkFrame(Discard why, const JunkSettings& settings) {
  std::vector<std::uint8_t> message = goodMessage(settings, why != Discard::ZeroAddresses);
  spoil(why, settings, message);
  std::vector<std::uint8_t> frame(2048);
  frame.resize(wire::encodeAdvertFrame({settings.mac, settings.source, kGroup, message}, frame));
  if (why == Discard::TtlNot255) lowerTtl(frame);
  return frame;
}

}  // namespace aloft::tools
