// Input: an Ethernet frame, as the observer captures it.

#include "fuzz.h"
#include "tools/announcement.h"
#include "tools/question.h"
#include "wire/ethernet.h"

using namespace aloft;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> frame(data, size);
  const tools::Questions questions({2, 0, 0, 0, 0, 1});
  if (const auto advert = tools::captureAdvert(frame)) {
    REQUIRE(advert->source.family == advert->destination.family);
    const bool heard = advert->ttl == 255 || !advert->destination.isMulticast();  // of unicast the peers decide
    if (!advert->discard) REQUIRE(heard && advert->intervalMs > 0 && advert->addresses > 0);
  }
  if (const auto packet = wire::decodeArp(frame)) {
    const auto answer = questions.match(*packet);
    REQUIRE(!answer || answer->number < tools::kQuestionMacs);
    const auto announcement = tools::captureAnnouncement(*packet, wire::loadMac(frame, 6));
    REQUIRE(!announcement || !announcement->address.isUnspecified());
  }
  if (const auto message = wire::decodeNeighbor(frame)) {
    const auto answer = questions.match(*message);
    REQUIRE(!answer || !tools::captureAnnouncement(*message));
  }
  return 0;
}
