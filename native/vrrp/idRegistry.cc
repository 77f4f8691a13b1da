#include "vrrp/idRegistry.h"

namespace aloft::vrrp {

RouterId IdRegistry::idOf(const RouterConfig& router) {
  const auto [entry, isNew] = entries_.try_emplace(router.key);
  Entry& known = entry->second;
  const bool same = !isNew && known.family == router.family && known.virtualRouterId == router.virtualRouterId &&
                    known.version == router.version && known.interface == router.interface;
  if (!same) known = {++last_, router.family, router.virtualRouterId, router.version, router.interface};
  return known.id;
}

}  // namespace aloft::vrrp
