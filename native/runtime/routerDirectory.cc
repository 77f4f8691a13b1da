#include "runtime/routerDirectory.h"

namespace aloft::runtime {

void RouterDirectory::record(vrrp::RouterId router, const vrrp::RouterConfig& config, Generation generation) {
  entries_[router] = {config, generation};
}

const vrrp::RouterConfig* RouterDirectory::find(vrrp::RouterId router) const {
  const auto entry = entries_.find(router);
  return entry == entries_.end() ? nullptr : &entry->second.config;
}

void RouterDirectory::prune(Generation generation) {
  std::erase_if(entries_, [generation](const auto& entry) { return entry.second.last < generation; });
}

}  // namespace aloft::runtime
