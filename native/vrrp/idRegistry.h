#pragma once
// RouterIds that outlive configurations.

#include <string>
#include <unordered_map>

#include "vrrp/configuration.h"
#include "vrrp/effect.h"

namespace aloft::vrrp {

/// Gives each virtual router its RouterId. Owned by whoever prepares the tables; used by one thread at a time.
class IdRegistry {
 public:
  /// The id of `router.key`, the same as before as long as family, interface, VRID and version are the same; else one never given before.
  RouterId idOf(const RouterConfig& router);

  /// Forgets the keys whose RouterId `keep` does not want kept. Should one come back it gets another.
  template <class Keep>
  void retain(const Keep& keep) {
    std::erase_if(entries_, [&keep](const auto& entry) { return !keep(entry.second.id); });
  }

 private:
  struct Entry {
    RouterId id;
    wire::Family family;
    std::uint8_t virtualRouterId;
    std::uint8_t version;
    std::string interface;
  };
  std::unordered_map<std::string, Entry> entries_;
  RouterId last_ = 0;
};

}  // namespace aloft::vrrp
