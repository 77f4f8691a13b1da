#include "wire/ipvsProc.h"

#include <algorithm>
#include <array>
#include <optional>

#include "wire/bytes.h"
#include "wire/procText.h"

namespace aloft::wire {
namespace {

constexpr std::string_view kArrow = "->";
constexpr std::string_view kMark = "FWM";
/// The file's three lines of headings, by how they begin.
constexpr std::array<std::string_view, 3> kHeadings = {"IP Virtual Server", "Prot ", "  -> RemoteAddress"};

template <typename Value>
struct Named {
  std::string_view name;
  Value value;
};
constexpr std::array<Named<IpvsProtocol>, 3> kProtocols = {
    {{"TCP", IpvsProtocol::Tcp}, {"UDP", IpvsProtocol::Udp}, {"SCTP", IpvsProtocol::Sctp}}};
constexpr std::array<Named<IpvsForwarding>, 5> kForwardings = {{{"Masq", IpvsForwarding::Nat},
                                                                {"Local", IpvsForwarding::Local},
                                                                {"Tunnel", IpvsForwarding::Tunnel},
                                                                {"Route", IpvsForwarding::DirectRouting},
                                                                {"Bypass", IpvsForwarding::Bypass}}};

template <typename Value, std::size_t size>
const Named<Value>* find(const std::array<Named<Value>, size>& table, std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(), [name](const Named<Value>& entry) { return entry.name == name; });
  return found == table.end() ? nullptr : &*found;
}

/// "C000020A:0050" or "[2001:0db8:…]:0050".
std::optional<IpvsDestinationKey> place(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parseNumber<std::uint16_t>(text.substr(colon + 1), 16);
  const std::string_view address = text.substr(0, colon);
  if (!port) return std::nullopt;
  IpvsDestinationKey key{{}, *port};
  if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
    if (!parseIpAddress(address.substr(1, address.size() - 2), key.address) || key.address.family != Family::IPv6) return std::nullopt;
    return key;
  }
  const auto bytes = parseNumber<std::uint32_t>(address, 16);
  if (!bytes || address.size() != 8) return std::nullopt;
  store16(key.address.bytes, 0, static_cast<std::uint16_t>(*bytes >> 16));
  store16(key.address.bytes, 2, static_cast<std::uint16_t>(*bytes));
  return key;
}

bool readKey(std::string_view protocol, std::string_view where, IpvsServiceKey& key) {
  if (protocol == kMark) {
    key.firewallMark = parseNumber<std::uint32_t>(where, 16).value_or(0);
    return key.firewallMark != 0;
  }
  const auto found = place(where);
  if (!found) return false;
  key.family = found->address.family;
  key.address = found->address;
  key.port = found->port;
  if (const auto* known = find(kProtocols, protocol)) key.protocol = known->value;
  return true;
}

std::optional<IpvsProcService> readService(std::string_view line) {
  IpvsProcService service;
  const std::string_view protocol = takeWord(line);
  if (!readKey(protocol, takeWord(line), service.key)) return std::nullopt;
  if (takeWord(line).empty()) return std::nullopt;  // the scheduler
  return service;
}

/// What stands behind the arrow.
std::optional<IpvsProcDestination> readDestination(std::string_view line) {
  const auto key = place(takeWord(line));
  const auto* forwarding = find(kForwardings, takeWord(line));
  const auto weight = parseNumber<std::uint32_t>(takeWord(line), 10);
  const auto active = parseNumber<std::uint32_t>(takeWord(line), 10);
  const auto inactive = parseNumber<std::uint32_t>(takeWord(line), 10);
  if (!key || forwarding == nullptr || !weight || !active || !inactive) return std::nullopt;
  return IpvsProcDestination{*key, forwarding->value, *weight, *active, *inactive};
}

bool isHeading(std::string_view line) {
  return std::any_of(kHeadings.begin(), kHeadings.end(), [line](std::string_view heading) { return line.starts_with(heading); });
}

}  // namespace

bool IpvsProcEntries::next(IpvsProcEntry& entry) {
  while (!rest_.empty()) {
    const std::string_view line = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(std::min(line.size() + 1, rest_.size()));
    if (isHeading(line)) continue;
    std::string_view behind = line;
    if (takeWord(behind) == kArrow) {
      if (owner_ == Owner::Foreign) continue;
      const auto destination = readDestination(behind);
      if (!destination || owner_ == Owner::None) return fail();
      entry = *destination;
      return true;
    }
    const auto service = readService(line);
    if (!service) return fail();
    const bool known = service->key.firewallMark != 0 || service->key.protocol != IpvsProtocol::None;
    owner_ = known ? Owner::Told : Owner::Foreign;
    if (!known) continue;
    entry = *service;
    return true;
  }
  return false;
}

bool IpvsProcEntries::fail() {
  malformed_ = true;
  rest_ = {};
  return false;
}

}  // namespace aloft::wire
