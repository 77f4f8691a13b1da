#include "wire/advertFrame.h"

#include <algorithm>

#include "wire/checksum.h"
#include "wire/ethernet.h"
#include "wire/ndisc.h"
#include "wire/vrrp.h"

namespace aloft::wire {
namespace {

constexpr std::uint16_t kEtherTypeIPv4 = 0x0800;
constexpr std::size_t kHeader4 = 20;
constexpr std::size_t kHeader6 = 40;
constexpr std::uint8_t kNetworkControl = 0xc0;  // DSCP CS6
constexpr std::uint16_t kDontFragment = 0x4000;

void writeHeader4(std::span<std::uint8_t> header, const AdvertFrame& advert) {
  header[0] = 0x45;
  header[1] = kNetworkControl;
  store16(header, 2, static_cast<std::uint16_t>(kHeader4 + advert.message.size()));
  store16(header, 6, kDontFragment);
  header[8] = kVrrpTtl;
  header[9] = kVrrpProtocol;
  storeBytes(header, 12, advert.source.view());
  storeBytes(header, 16, advert.destination.view());
  store16(header, 10, InternetChecksum{}.add(header.first(kHeader4)).finish());
}

void writeHeader6(std::span<std::uint8_t> header, const AdvertFrame& advert) {
  header[0] = 0x60 | kNetworkControl >> 4;
  store16(header, 4, static_cast<std::uint16_t>(advert.message.size()));
  header[6] = kVrrpProtocol;
  header[7] = kVrrpTtl;
  storeBytes(header, 8, advert.source.view());
  storeBytes(header, 24, advert.destination.view());
}

}  // namespace

std::size_t encodeAdvertFrame(const AdvertFrame& advert, std::span<std::uint8_t> out) {
  const bool four = advert.destination.family == Family::IPv4;
  const std::size_t messageAt = kEthernetHeaderSize + (four ? kHeader4 : kHeader6);
  const std::size_t size = messageAt + advert.message.size();
  if (size > out.size()) return 0;
  std::fill_n(out.begin(), messageAt, std::uint8_t{0});
  writeEthernetHeader(out, multicastMac(advert.destination), advert.mac, four ? kEtherTypeIPv4 : kEtherTypeIPv6);
  const std::span<std::uint8_t> header = out.subspan(kEthernetHeaderSize);
  four ? writeHeader4(header, advert) : writeHeader6(header, advert);
  storeBytes(out, messageAt, advert.message);
  return size;
}

MacAddress multicastMac(const IpAddress& group) {
  if (group.family == Family::IPv6) return multicastMac6(group);
  return {0x01, 0x00, 0x5e, static_cast<std::uint8_t>(group.bytes[1] & 0x7f), group.bytes[2], group.bytes[3]};
}

}  // namespace aloft::wire
