// Input: one byte (0: a datagram follows; else: that many bytes of buffer, and orders for the builder follow).

#include <vector>

#include "fuzz.h"
#include "wire/netlink.h"
#include "wire/nftables.h"
#include "wire/route.h"
#include "wire/rtnetlink.h"
#include "wire/rule.h"
#include "wire/trafficControl.h"

using namespace aloft::wire;

namespace {

bool within(std::span<const std::uint8_t> part, std::span<const std::uint8_t> whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

/// Reads every byte, so that AddressSanitizer sees where it points.
void touch(std::string_view text) {
  unsigned sum = 0;
  for (const char c : text) sum += static_cast<unsigned char>(c);
  [[maybe_unused]] volatile unsigned sink = sum;
}

void readAttributes(std::span<const std::uint8_t> bytes, int depth) {
  NetlinkAttributes attributes(bytes);
  for (NetlinkAttribute attribute; attributes.next(attribute);) {
    REQUIRE(within(attribute.value, bytes));
    touch(attribute.text());
    attribute.number<std::uint64_t>();
    if (depth < 4) readAttributes(attribute.value, depth + 1);
  }
}

bool isValid(const std::optional<IpPrefix>& prefix) { return !prefix || prefix->length <= prefix->address.size() * 8; }

/// Entries that were read can be asked for, and what is asked for is read back the same.
template <typename Entry, typename Build>
void buildBack(const Entry& entry, Build build) {
  static std::vector<std::uint8_t> buffer(1 << 17);  // made once: zeroing it takes longer than all the rest
  NetlinkBuilder builder(buffer);
  if (!build(builder, entry, 1)) return;
  NetlinkMessages messages(builder.bytes());
  NetlinkMessage message;
  REQUIRE(messages.next(message));
  if constexpr (std::is_same_v<Entry, Route>) {
    const auto again = parseRoute(message);
    REQUIRE(again && matches(again->route, again->route));
  } else {
    const auto again = parseRule(message);
    REQUIRE(again && matches(entry, again->rule));
  }
}

void readMessage(const NetlinkMessage& message) {
  readAttributes(message.payload, 0);
  if (const auto link = parseLink(message)) {
    REQUIRE(link->index != 0 && !link->name.empty());
    touch(link->name);
    touch(link->kind);
    touch(link->alias);
  }
  if (const auto address = parseAddress(message)) {
    REQUIRE(isValid(address->prefix));
    touch(address->label);
  }
  if (const auto route = parseRoute(message)) {
    REQUIRE(isValid(route->route.destination) && !(route->removed && route->replaced));
    buildBack(route->route, buildAddRoute);
  }
  if (const auto rule = parseRule(message)) {
    REQUIRE(isValid(rule->rule.from) && isValid(rule->rule.to));
    buildBack(rule->rule, buildAddRule);
  }
  if (const auto filter = parseFilter(message)) {
    REQUIRE(filter->place.ifindex != 0 && !filter->kind.empty());
    touch(filter->kind);
    touch(filter->name);
  }
  if (const auto qdisc = parseQdisc(message)) {
    REQUIRE(qdisc->ifindex != 0 && !qdisc->kind.empty());
    touch(qdisc->kind);
  }
  if (const auto ifindex = parseFilterChange(message)) REQUIRE(*ifindex != 0);
  parseNftGeneration(message);
  touch(parseNftSetName(message));
  [[maybe_unused]] volatile std::uint64_t digest = digestNft(message);
  if (const auto result = parseNetlinkResult(message)) {
    REQUIRE(result->error >= 0 && result->error <= 4095);
    touch(result->message);
  }
}

void readDatagram(std::span<const std::uint8_t> datagram) {
  NetlinkMessages messages(datagram);
  for (NetlinkMessage message; messages.next(message);) {
    REQUIRE(within(message.payload, datagram));
    readMessage(message);
  }
}

/// Builds messages by the orders in the input; what was built must be read back whole.
void build(std::size_t room, Input& input) {
  std::vector<std::uint8_t> buffer(room);
  NetlinkBuilder builder(buffer);
  std::size_t built = 0;
  while (!input.empty()) {
    builder.begin(input.number16(), input.number16(), 1);
    std::vector<std::size_t> open;
    for (std::uint8_t order = input.byte(); order % 5 != 0; order = input.byte()) {
      if (order % 5 == 1) builder.attribute(order, std::vector<std::uint8_t>(input.number16()));
      if (order % 5 == 2) builder.text(order, std::string_view("0123456789abcdef").substr(0, order >> 4));
      if (order % 5 == 3) open.push_back(builder.beginNested(order));
      if (order % 5 == 4 && !open.empty()) builder.endNested(open.back()), open.pop_back();
    }
    while (!open.empty()) builder.endNested(open.back()), open.pop_back();
    if (builder.end()) ++built;
  }
  NetlinkMessages messages(builder.bytes());
  std::size_t read = 0;
  for (NetlinkMessage message; messages.next(message); ++read) readMessage(message);
  REQUIRE(read == built && !messages.malformed());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::uint8_t room = input.byte();
  if (room == 0) {
    readDatagram(input.rest());
  } else {
    build(std::size_t{room} * room * 4, input);
  }
  return 0;
}
