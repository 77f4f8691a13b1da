#pragma once
// A connection that the kernel's IPVS forwards, as a line of /proc/net/ip_vs_conn has it. Pure, no allocation.
//
//   Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
//   TCP C6336464 C94C C6336433 0050 C633640E 0050 ESTABLISHED     899
//   TCP 2001:0db8:0100:0000:0000:0000:0000:0100 E6B0 2001:…:0051 0050 2001:…:0013 0050 ESTABLISHED     899
//   TCP C6336464 0000 C6336433 0050 C633640E 0050 ASSURED          59      a template: persistence of a client

#include <cstdint>
#include <optional>
#include <string_view>

#include "wire/ipvs.h"

namespace aloft::wire {

struct IpvsConnection {
  IpvsProtocol protocol = IpvsProtocol::None;
  /// Port 0: a template.
  IpvsDestinationKey client;
  IpvsDestinationKey service;
  IpvsDestinationKey server;
  std::uint16_t state = 0;  ///< IP_VS_TCP_S_… and the like, which the protocol of synchronisation has, too
  /// Established, half closed or a template: what can go on. Not what is about to begin, or has ended.
  bool lasting = false;
  /// It counts as inactive.
  bool inactive = false;
  std::uint32_t expiresSeconds = 0;

  bool isTemplate() const { return client.port == 0; }
};

/// Nothing for headings, for protocols that no service can have, and for what it does not understand.
std::optional<IpvsConnection> parseIpvsConnection(std::string_view line);

}  // namespace aloft::wire
