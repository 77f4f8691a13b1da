#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "os/fd.h"
#include "os/result.h"
#include "runtime/messages.h"
#include "wire/filter.h"

namespace aloft::runtime {

/// The raw sockets that the vrrp thread uses: opened, filtered and closed here, on the actuator thread, since joining a multicast group
/// takes RTNL. A socket that is no longer needed is closed only after the vrrp thread has let go of it.
class SocketPool {
 public:
  using Key = std::pair<std::uint32_t, wire::Family>;  ///< interface index and family
  struct Need {
    std::string interface;
    wire::VirtualRouterSet routers;
    std::set<wire::IpAddress> groups{};  ///< multicast groups to hear; none: unicast only
    wire::FilterOptions options{};
    friend bool operator==(const Need&, const Need&) = default;
  };

  /// Opens what is needed and not there, filters for the given virtual routers, drops the rest. Returns the table for the vrrp thread when
  /// it changed, else null. What could not be opened is tried again at the next call.
  std::unique_ptr<SocketTable> update(const std::map<Key, Need>& needs);
  /// The vrrp thread has given one more table back.
  void retired();

  bool ready(const Key& key) const { return sockets_.contains(key); }
  /// Why a needed socket is not there: "join 224.0.0.18: No such device"; empty when it is.
  std::string problem(const Key& key) const;
  bool hasProblems() const { return !problems_.empty(); }

 private:
  struct Socket {
    os::Fd fd;
    Need need;
  };
  struct Closing {
    os::Fd fd;
    std::uint64_t version;  ///< of the first table without it
  };

  bool open(const Key& key, const Need& need);
  /// Has an open socket hear what is needed now.
  os::Status adjust(const Key& key, Socket& socket, const Need& need);
  void fail(const Key& key, const os::Error& error);

  std::map<Key, Socket> sockets_;
  std::map<Key, os::Error> problems_;
  std::vector<Closing> closing_;
  std::uint64_t version_ = 0;  ///< tables made
  std::uint64_t retired_ = 0;  ///< tables given back, the absence of a first one included
};

}  // namespace aloft::runtime
