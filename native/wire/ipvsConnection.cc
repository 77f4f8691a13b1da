#include "wire/ipvsConnection.h"

#include <algorithm>
#include <array>

#include "wire/bytes.h"
#include "wire/procText.h"

namespace aloft::wire {
namespace {

struct State {
  IpvsProtocol protocol;
  std::string_view name;
  std::uint16_t number;
  bool lasting;
  bool active;
};

/// linux/net/netfilter/ipvs: ip_vs_proto_tcp.c, …_udp.c, …_sctp.c. Those that are not here neither last nor count as active.
constexpr std::array<State, 5> kStates = {{
    {IpvsProtocol::Tcp, "ESTABLISHED", 1, true, true},
    {IpvsProtocol::Tcp, "FIN_WAIT", 4, true, false},
    {IpvsProtocol::Tcp, "CLOSE_WAIT", 7, true, false},
    {IpvsProtocol::Udp, "UDP", 0, true, true},
    {IpvsProtocol::Sctp, "ESTABLISHED", 8, true, true},
}};
/// IP_VS_CTPL_S_…
constexpr std::string_view kAssured = "ASSURED";

std::optional<IpvsProtocol> protocolOf(std::string_view name) {
  if (name == "TCP") return IpvsProtocol::Tcp;
  if (name == "UDP") return IpvsProtocol::Udp;
  if (name == "SCTP") return IpvsProtocol::Sctp;
  return std::nullopt;
}

/// "C6336464 C94C" or "2001:0db8:… E6B0".
std::optional<IpvsDestinationKey> takePlace(std::string_view& line) {
  const std::string_view text = takeWord(line);
  const auto port = parseNumber<std::uint16_t>(takeWord(line), 16);
  if (!port) return std::nullopt;
  IpvsDestinationKey place{{}, *port};
  if (text.find(':') != std::string_view::npos) {
    if (!parseIpAddress(text, place.address)) return std::nullopt;
    return place;
  }
  const auto bytes = parseNumber<std::uint32_t>(text, 16);
  if (!bytes || text.size() != 8) return std::nullopt;
  store16(place.address.bytes, 0, static_cast<std::uint16_t>(*bytes >> 16));
  store16(place.address.bytes, 2, static_cast<std::uint16_t>(*bytes));
  return place;
}

void setState(IpvsConnection& connection, std::string_view name) {
  if (connection.isTemplate()) {
    connection.state = name == kAssured ? 1 : 0;
    connection.lasting = true;
    return;
  }
  const auto found = std::find_if(kStates.begin(), kStates.end(), [&](const State& state) {
    return state.protocol == connection.protocol && state.name == name;
  });
  if (found == kStates.end()) return;
  connection.state = found->number;
  connection.lasting = found->lasting;
  connection.inactive = !found->active;
}

}  // namespace

std::optional<IpvsConnection> parseIpvsConnection(std::string_view line) {
  const auto protocol = protocolOf(takeWord(line));
  if (!protocol) return std::nullopt;
  const auto client = takePlace(line);
  const auto service = takePlace(line);
  const auto server = takePlace(line);
  const std::string_view state = takeWord(line);
  const auto expires = parseNumber<std::uint32_t>(takeWord(line), 10);
  if (!client || !service || !server || !expires) return std::nullopt;
  IpvsConnection connection{*protocol, *client, *service, *server};
  connection.expiresSeconds = *expires;
  setState(connection, state);
  return connection;
}

}  // namespace aloft::wire
