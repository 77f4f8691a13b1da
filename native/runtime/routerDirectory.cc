#include "runtime/routerDirectory.h"

namespace aloft::runtime {

void RouterDirectory::record(vrrp::RouterId router, const RouterConfiguration& configuration, Generation generation) {
  const vrrp::RouterConfig& election = configuration.election;
  entries_[router] = {{election.key, election.family, election.interface, election.virtualMacInterface, election.group,
                       election.sourceAddress, election.priority, configuration.checks, election.checks, election.interfaces},
                      generation};
}

const RouterName* RouterDirectory::find(vrrp::RouterId router) const {
  const auto entry = entries_.find(router);
  return entry == entries_.end() ? nullptr : &entry->second.name;
}

void RouterDirectory::prune(Generation generation) {
  std::erase_if(entries_, [generation](const auto& entry) { return entry.second.last < generation; });
}

}  // namespace aloft::runtime
