#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/configuration.h"
#include "runtime/messages.h"

namespace aloft::runtime {

/// What people call a virtual router, and what the messages about it need. No password.
struct RouterName {
  std::string key;
  wire::Family family{};
  std::string interface;
  std::string virtualMacInterface;
  std::string group;
  wire::IpAddress sourceAddress;  ///< unspecified: the interface's own
  std::uint8_t priority = 0;
  std::vector<std::string> checks;
  std::vector<vrrp::TrackedCheck> checkTracks;  ///< of `checks`
  std::vector<vrrp::TrackedInterface> interfaces;
};

/// What the numbers stand for that come out of the other threads. Used by the caller's thread only.
class RouterDirectory {
 public:
  void record(vrrp::RouterId router, const RouterConfiguration& configuration, Generation generation);
  /// Null when it was never there, or is gone and was pruned.
  const RouterName* find(vrrp::RouterId router) const;
  /// Forgets what is not in `generation` or a later one.
  void prune(Generation generation);

 private:
  struct Entry {
    RouterName name;
    Generation last = 0;
  };
  std::unordered_map<vrrp::RouterId, Entry> entries_;
};

}  // namespace aloft::runtime
