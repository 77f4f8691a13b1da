#pragma once
// What the kernel says to one request.

#include <cerrno>

#include "os/netlinkSocket.h"
#include "os/result.h"
#include "wire/netlink.h"

namespace aloft::kernel {

/// `each` hears the messages up to the result, which comes back. EINTR: what was dumped changed meanwhile.
template <typename Each>
os::Status hearAnswer(os::NetlinkSocket& socket, const char* operation, std::uint32_t sequence, const Each& each) {
  bool interrupted = false;
  for (;;) {
    const auto datagram = socket.receive();
    if (!datagram.ok()) return datagram.error();
    if (datagram.value().empty()) return os::Error{operation, ETIMEDOUT};
    wire::NetlinkMessages messages(datagram.value());
    for (wire::NetlinkMessage message; messages.next(message);) {
      if (message.sequence != sequence) continue;  // of a request that was given up
      interrupted |= message.isDumpInterrupted();
      if (const auto result = wire::parseNetlinkResult(message)) {
        const int error = result->error == 0 && interrupted ? EINTR : result->error;
        return error == 0 ? os::Status() : os::Error{operation, error};
      }
      each(message);
    }
    if (messages.malformed()) return os::Error{operation, EBADMSG};
  }
}

}  // namespace aloft::kernel
