#pragma once

#include <string>
#include <unordered_map>

#include "runtime/messages.h"
#include "vrrp/configuration.h"

namespace aloft::runtime {

/// What the numbers stand for that come out of the other threads. Used by the caller's thread only.
class RouterDirectory {
 public:
  void record(vrrp::RouterId router, const vrrp::RouterConfig& config, Generation generation);
  /// Null when it was never there, or is gone and was pruned.
  const vrrp::RouterConfig* find(vrrp::RouterId router) const;
  /// Forgets what is not in `generation` or a later one.
  void prune(Generation generation);

 private:
  struct Entry {
    vrrp::RouterConfig config;
    Generation last = 0;
  };
  std::unordered_map<vrrp::RouterId, Entry> entries_;
};

}  // namespace aloft::runtime
