#pragma once

#include <cstdint>

#include "os/fd.h"
#include "os/result.h"
#include "wire/ipAddress.h"

namespace aloft::os {

/// Has a link take multicast frames in for which the kernel itself has no use. Ends with the object, and with the process. Each call may
/// wait for RTNL. Needs CAP_NET_RAW.
class MulticastListener {
 public:
  static Result<MulticastListener> open(std::uint32_t ifindex);

  /// All multicast frames that reach the link pass its filter (IFF_ALLMULTI).
  Status hearAll() const;
  /// Joins an IPv6 group, so that switches with MLD snooping forward it hither.
  Status join(const wire::IpAddress& group) const;

 private:
  MulticastListener(Fd packets, Fd groups, std::uint32_t ifindex)
      : packets_(std::move(packets)), groups_(std::move(groups)), ifindex_(ifindex) {}
  Fd packets_;
  Fd groups_;
  std::uint32_t ifindex_;
};

}  // namespace aloft::os
