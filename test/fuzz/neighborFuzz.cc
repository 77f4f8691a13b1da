// Input: one byte of flags (1: mend the checksum of an ICMPv6 message), then an Ethernet frame.

#include <algorithm>
#include <vector>

#include "fuzz.h"
#include "wire/arp.h"
#include "wire/checksum.h"
#include "wire/ndisc.h"

using namespace aloft::wire;

namespace {

void mendChecksum(std::vector<std::uint8_t>& frame) {
  if (frame.size() < 58) return;
  const std::size_t length = std::min<std::size_t>(frame[18] << 8 | frame[19], frame.size() - 54);
  if (length < 4) return;
  const std::span<std::uint8_t> icmp = std::span(frame).subspan(54, length);
  icmp[2] = icmp[3] = 0;
  IpAddress source{Family::IPv6, {}}, destination{Family::IPv6, {}};
  std::copy_n(frame.begin() + 22, 16, source.bytes.begin());
  std::copy_n(frame.begin() + 38, 16, destination.bytes.begin());
  const std::uint16_t sum = InternetChecksum{}.addPseudoHeader(source, destination, 58, length).add(icmp).finish();
  icmp[2] = static_cast<std::uint8_t>(sum >> 8);
  icmp[3] = static_cast<std::uint8_t>(sum);
}

void checkArp(std::span<const std::uint8_t> frame) {
  const auto packet = decodeArp(frame);
  if (!packet) return;
  REQUIRE(!(packet->isProbe() && packet->isGratuitous()));
  const auto reply = decodeArp(encodeArpReply({2, 0, 0, 0, 0, 1}, *packet));
  REQUIRE(reply && reply->operation == ArpOperation::Reply);
  REQUIRE(reply->senderAddress == packet->targetAddress && reply->targetAddress == packet->senderAddress);
  REQUIRE(reply->targetMac == packet->senderMac);
}

void checkNeighbor(std::span<const std::uint8_t> frame) {
  const auto message = decodeNeighbor(frame);
  if (!message) return;
  REQUIRE(message->target.family == Family::IPv6 && message->target.bytes[0] != 0xff);
  if (message->kind == NeighborMessage::Kind::Advertisement) return;
  REQUIRE(!message->router && !message->solicited && !message->override);
  const auto answer = decodeNeighbor(encodeSolicitedNa({2, 0, 0, 0, 0, 1}, *message));
  // A multicast source is nonsense that RFC 4861 does not tell to discard; answered, it gives a message that it does.
  if (message->source.bytes[0] == 0xff) return;
  REQUIRE(answer && answer->target == message->target && answer->solicited == !message->source.isUnspecified());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::uint8_t flags = input.byte();
  std::vector<std::uint8_t> frame(input.rest().begin(), input.rest().end());
  if ((flags & 1) != 0) mendChecksum(frame);
  checkArp(frame);
  checkNeighbor(frame);
  return 0;
}
