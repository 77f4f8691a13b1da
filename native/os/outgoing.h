#pragma once
// Sockets towards a server, as health checks make them: where from, by which interface, with which mark. Node's own sockets know none of it
// but the address.

#include <cstdint>
#include <optional>
#include <string>

#include "os/fd.h"
#include "os/result.h"
#include "wire/ipAddress.h"

namespace aloft::os {

struct Outgoing {
  enum class Protocol : std::uint8_t { Tcp, Udp };
  Protocol protocol = Protocol::Tcp;
  wire::IpAddress address;
  std::uint16_t port = 0;
  std::optional<wire::IpAddress> source;
  std::uint16_t sourcePort = 0;  ///< 0: any
  std::string interface;         ///< "": as routing has it. A link-local address needs one. Needs CAP_NET_RAW
  std::uint32_t mark = 0;        ///< 0: none. Needs CAP_NET_ADMIN
  /// Closing resets the connection: the port is free at once, while TIME_WAIT would hold it for a minute.
  bool resets = false;
};

/// Opens a non-blocking socket. A TCP connection is under way when this returns; writable says that it is decided. A UDP socket is not
/// connected: libuv wants to do that itself.
Result<Fd> openOutgoing(const Outgoing& options);

/// What became of a TCP connection: ok, or why it failed. One that was reset after it had been opened is ok, however soon that was. A port
/// that connected to itself, as an ephemeral one may, counts as refused.
Status outcomeOf(int fd);

}  // namespace aloft::os
