#include "vrrp/table.h"

#include <algorithm>
#include <bit>
#include <set>
#include <tuple>
#include <utility>

namespace aloft::vrrp {
namespace {

bool nameIsLess(const Interface& interface, std::string_view name) { return interface.name < name; }

std::vector<Interface> interfacesOf(const std::vector<VirtualRouter>& routers) {
  std::set<std::string> names;
  for (const VirtualRouter& router : routers) names.insert(router.config().interface);
  std::vector<Interface> interfaces;
  interfaces.reserve(names.size());
  for (const std::string& name : names) interfaces.emplace_back().name = name;
  return interfaces;
}

}  // namespace

std::unique_ptr<Table> Engine::prepare(std::vector<RouterConfig> configs, IdRegistry& ids) {
  std::set<std::string> keys;
  std::set<std::tuple<std::string, wire::Family, std::uint8_t>> elections;
  std::vector<VirtualRouter> routers;
  routers.reserve(configs.size());
  for (RouterConfig& config : configs) {
    if (!keys.insert(config.key).second) continue;
    if (!elections.emplace(config.interface, config.family, config.virtualRouterId).second) continue;
    const RouterId id = ids.idOf(config);
    routers.emplace_back(std::move(config), id);
  }
  std::sort(routers.begin(), routers.end(), [](const VirtualRouter& a, const VirtualRouter& b) { return a.id() < b.id(); });
  return std::make_unique<Table>(std::make_unique<Table::Contents>(std::move(routers)));
}

Table::Table(std::unique_ptr<Contents> contents) : contents_(std::move(contents)) {}
Table::~Table() = default;

Table::Contents::Contents(std::vector<VirtualRouter> sortedRouters)
    : routers(std::move(sortedRouters)),
      interfaces(interfacesOf(routers)),
      deadlines(routers.size()),
      effects(routers.size()),
      byIndex_(std::bit_ceil(2 * interfaces.size() + 1)) {
  for (const VirtualRouter& router : routers) {
    const RouterConfig& config = router.config();
    withName(config.interface)->routers[static_cast<std::size_t>(config.family)][config.virtualRouterId] = indexOf(router) + 1;
  }
}

VirtualRouter* Table::Contents::withId(RouterId id) {
  const auto found =
      std::lower_bound(routers.begin(), routers.end(), id, [](const VirtualRouter& r, RouterId wanted) { return r.id() < wanted; });
  return found == routers.end() || found->id() != id ? nullptr : &*found;
}

Interface* Table::Contents::withName(std::string_view name) {
  const auto found = std::lower_bound(interfaces.begin(), interfaces.end(), name, nameIsLess);
  return found == interfaces.end() || found->name != name ? nullptr : &*found;
}

Interface* Table::Contents::withIndex(std::uint32_t ifindex) {
  const std::size_t mask = byIndex_.size() - 1;
  for (std::size_t at = ifindex & mask; byIndex_[at] != nullptr; at = (at + 1) & mask) {
    if (byIndex_[at]->ifindex == ifindex) return byIndex_[at];
  }
  return nullptr;
}

VirtualRouter* Table::Contents::on(const Interface& interface, wire::Family family, std::uint8_t virtualRouterId) {
  const std::uint32_t entry = interface.routers[static_cast<std::size_t>(family)][virtualRouterId];
  return entry == 0 ? nullptr : &routers[entry - 1];
}

void Table::Contents::indexInterfaces() {
  std::fill(byIndex_.begin(), byIndex_.end(), nullptr);
  const std::size_t mask = byIndex_.size() - 1;
  for (Interface& each : interfaces) {
    if (each.ifindex == 0) continue;
    std::size_t at = each.ifindex & mask;
    while (byIndex_[at] != nullptr) at = (at + 1) & mask;
    byIndex_[at] = &each;
  }
}

}  // namespace aloft::vrrp
