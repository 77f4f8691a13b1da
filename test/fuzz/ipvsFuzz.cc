// Input: one byte (0: a datagram of generic netlink follows; 1: a line of /proc/net/ip_vs_conn; else: the text of /proc/net/ip_vs).

#include <vector>

#include "fuzz.h"
#include "wire/genericNetlink.h"
#include "wire/ipvsProc.h"
#include "wire/ipvsReply.h"
#include "wire/ipvsRequest.h"
#include "wire/ipvsSync.h"

using namespace aloft::wire;

namespace {

constexpr std::uint16_t kFamily = 0x1c;

/// The first message that was built.
template <typename Build>
std::optional<NetlinkMessage> built(std::span<std::uint8_t> buffer, Build build) {
  NetlinkBuilder builder(buffer);
  if (!build(builder)) return std::nullopt;
  NetlinkMessages messages(builder.bytes());
  NetlinkMessage message;
  REQUIRE(messages.next(message) && !messages.malformed());
  return message;
}

bool isValid(const IpvsServiceKey& key) {
  const bool byMark = key.firewallMark != 0;
  return byMark ? key.port == 0 && key.protocol == IpvsProtocol::None && key.address == IpAddress{}
                : key.protocol != IpvsProtocol::None && key.address.family == key.family;
}

/// What was read can be asked for, and what is asked for is read back the same. Names that IPVS does not have are refused.
void readService(const IpvsServiceMessage& service, std::span<std::uint8_t> buffer) {
  REQUIRE(isValid(service.key) && (service.settings.flags & kIpvsHashed) == 0);
  const auto message = built(buffer, [&](NetlinkBuilder& b) { return buildAddService(b, kFamily, service.key, service.settings, 1); });
  REQUIRE(message || service.settings.scheduler.size() > 15 || service.settings.engine.size() > 15);
  if (!message || service.settings.prefixLength == kIpvsNoPrefix) return;
  const auto again = parseIpvsService(*message, kFamily);
  REQUIRE(again && again->key == service.key && again->settings == service.settings);
}

void readDestination(const IpvsDestination& destination, std::span<std::uint8_t> buffer) {
  const IpvsServiceKey service{Family::IPv4, IpvsProtocol::None, {}, 0, 1};
  const auto message = built(buffer, [&](NetlinkBuilder& b) { return buildChangeDestination(b, kFamily, service, destination, 1); });
  REQUIRE(message);  // a request; a reply has the same content behind the command of an addition
  const auto added = built(buffer, [&](NetlinkBuilder& b) { return buildAddDestination(b, kFamily, service, destination, 1); });
  REQUIRE(added);
  const auto again = parseIpvsDestination(*added, kFamily);
  REQUIRE(again && again->destination == destination);
}

void readDaemon(const IpvsDaemon& daemon, std::span<std::uint8_t> buffer) {
  const auto message = built(buffer, [&](NetlinkBuilder& b) { return buildStartDaemon(b, kFamily, daemon, 1); });
  REQUIRE(message || daemon.interface.size() > 15);
  if (!message) return;
  const auto again = parseIpvsDaemon(*message, kFamily);
  IpvsDaemon expected = daemon;
  if (expected.group.isUnspecified()) expected.group = {};
  REQUIRE(again && *again == expected);
}

void readDatagram(std::span<const std::uint8_t> datagram) {
  std::vector<std::uint8_t> buffer(kMaxIpvsRequest);
  NetlinkMessages messages(datagram);
  for (NetlinkMessage message; messages.next(message);) {
    if (const auto family = parseGenericFamily(message)) REQUIRE(family->number >= kGenericControllerFamily && !family->name.empty());
    if (const auto service = parseIpvsService(message, kFamily)) readService(*service, buffer);
    if (const auto found = parseIpvsDestination(message, kFamily)) readDestination(found->destination, buffer);
    if (const auto daemon = parseIpvsDaemon(message, kFamily)) readDaemon(*daemon, buffer);
    [[maybe_unused]] const auto timeouts = parseIpvsTimeouts(message, kFamily);
    [[maybe_unused]] const auto information = parseIpvsInformation(message, kFamily);
  }
}

void readTable(std::string_view text) {
  IpvsProcEntries entries(text);
  bool ofService = false;
  for (IpvsProcEntry entry; entries.next(entry);) {
    if (const auto* service = std::get_if<IpvsProcService>(&entry)) {
      REQUIRE(isValid(service->key));
      ofService = true;
    } else {
      REQUIRE(ofService);
    }
  }
}

/// What was read can be told, if it is of one family, in a message that is no longer than it says.
void readConnection(std::string_view line) {
  const auto connection = parseIpvsConnection(line);
  if (!connection) return;
  IpvsSyncMessage message(1, 1472);
  REQUIRE(message.add(*connection) == canBeTold(*connection));
  const auto bytes = message.bytes();
  REQUIRE((bytes[2] << 8 | bytes[3]) == static_cast<int>(bytes.size()) && bytes[4] == (message.empty() ? 0 : 1));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::uint8_t kind = input.byte();
  const auto rest = input.rest();
  const std::string_view text(reinterpret_cast<const char*>(rest.data()), rest.size());
  if (kind == 0) {
    readDatagram(rest);
  } else if (kind == 1) {
    readConnection(text);
  } else {
    readTable(text);
  }
  return 0;
}
