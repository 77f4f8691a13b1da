#include "vrrp/table.h"

#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <tuple>

namespace aloft::vrrp {
namespace {

bool nameIsLess(const Interface& interface, std::string_view name) { return interface.name < name; }

std::vector<Interface> interfacesOf(const std::vector<VirtualRouter>& routers) {
  std::set<std::string> names;
  for (const VirtualRouter& router : routers) {
    const RouterConfig& config = router.config();
    names.insert(config.interface);
    names.insert(config.virtualMacInterface);
    for (const TrackedInterface& tracked : config.interfaces) names.insert(tracked.interface);
    for (const RouterAddress& address : config.addresses) names.insert(address.interface);
  }
  names.erase("");
  std::vector<Interface> interfaces(names.size());
  std::size_t at = 0;
  for (const std::string& name : names) interfaces[at++].name = name;
  return interfaces;
}

}  // namespace

std::unique_ptr<Table> Engine::prepare(std::vector<RouterConfig> configs, IdRegistry& ids, const std::vector<AnnouncementPace>& paces) {
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
  return std::make_unique<Table>(std::make_unique<Table::Contents>(std::move(routers), paces));
}

Table::Table(std::unique_ptr<Contents> contents) : contents_(std::move(contents)) {}
Table::~Table() = default;

void Table::forEachMemory(const std::function<void(std::span<const std::byte>)>& action) const {
  const auto all = [&action](const auto& elements) { action(std::as_bytes(std::span(elements))); };
  action(std::as_bytes(std::span(contents_.get(), 1)));
  all(contents_->routers);
  for (const VirtualRouter& router : contents_->routers) router.forEachMemory(action);
  all(contents_->interfaces);
  for (const Interface& interface : contents_->interfaces) {
    all(interface.watchers);
    if (interface.elections != nullptr) action(std::as_bytes(std::span(interface.elections.get(), 1)));
  }
  all(contents_->groups);
  for (const Group& group : contents_->groups) group.forEachMemory(action);
  contents_->deadlines.forEachMemory(action);
  contents_->effects.forEachMemory(action);
  contents_->forEachIndexMemory(action);
}

Table::Contents::Contents(std::vector<VirtualRouter> sortedRouters, const std::vector<AnnouncementPace>& paces)
    : routers(std::move(sortedRouters)),
      interfaces(interfacesOf(routers)),
      deadlines(routers.size()),
      effects(routers.size()),
      byIndex_(std::bit_ceil(2 * interfaces.size() + 1)) {
  for (const VirtualRouter& router : routers) ids_.push_back(router.id());
  Lanes lanes(paces);
  placeRouters(lanes);
  laneIntervals = lanes.intervals();
  formGroups();
  indexTrackers();
}

void Table::Contents::placeRouters(Lanes& lanes) {
  for (VirtualRouter& router : routers) {
    const RouterConfig& config = router.config();
    const std::uint32_t index = indexOf(router);
    const auto named = [this, index](const std::string& name) {
      Interface* interface = withName(name);
      if (interface->watchers.empty() || interface->watchers.back() != index) interface->watchers.push_back(index);
      return interface;
    };
    Interface* primary = named(config.interface);
    if (primary->elections == nullptr) primary->elections = std::make_unique<Interface::Elections>();
    const auto family = static_cast<std::size_t>(config.family);
    (*primary->elections)[family][config.virtualRouterId] = index + 1;
    primary->leastUnicastTtl[family] = std::min(primary->leastUnicastTtl[family], config.leastTtl());

    Places places;
    places.primary = primary;
    places.carrier = config.virtualMacInterface.empty() ? primary : named(config.virtualMacInterface);
    for (const TrackedInterface& tracked : config.interfaces) places.tracked.push_back(named(tracked.interface));
    for (const RouterAddress& address : config.addresses) {
      places.addresses.push_back(address.interface.empty() ? places.carrier : named(address.interface));
      // A macvlan leads to the switch of the interface below.
      const std::string& cable = places.addresses.back() == places.carrier ? config.interface : address.interface;
      places.lanes.push_back(lanes.of(cable, address.prefix.address.family));
    }
    places.distinctLanes = places.lanes;
    std::sort(places.distinctLanes.begin(), places.distinctLanes.end());
    places.distinctLanes.erase(std::unique(places.distinctLanes.begin(), places.distinctLanes.end()), places.distinctLanes.end());
    router.place(std::move(places));
  }
}

void Table::Contents::formGroups() {
  std::map<std::string, std::vector<VirtualRouter*>> members;
  for (VirtualRouter& router : routers) {
    if (!router.config().group.empty()) members[router.config().group].push_back(&router);
  }
  groups.reserve(members.size());
  for (auto& [name, routersOfGroup] : members) {
    if (routersOfGroup.size() < 2) continue;
    groups.emplace_back(std::move(routersOfGroup));
    for (VirtualRouter* member : groups.back().members()) member->join(groups.back());
  }
}

void Table::Contents::indexTrackers() {
  for (const VirtualRouter& router : routers) {
    for (const TrackedCheck& tracked : router.config().checks) trackers_.emplace_back(tracked.check, indexOf(router));
    if (router.config().trackSource) trackers_.emplace_back(sourceCheckOf(router.id()), indexOf(router));
  }
  std::sort(trackers_.begin(), trackers_.end());
  trackers_.erase(std::unique(trackers_.begin(), trackers_.end()), trackers_.end());
}

VirtualRouter* Table::Contents::withId(RouterId id) {
  // Where nothing was ever taken away they are without gaps.
  const std::size_t guess = ids_.empty() ? 0 : std::size_t{id} - ids_.front();
  if (guess < ids_.size() && ids_[guess] == id) return &routers[guess];
  const auto found = std::lower_bound(ids_.begin(), ids_.end(), id);
  return found == ids_.end() || *found != id ? nullptr : &routers[static_cast<std::size_t>(found - ids_.begin())];
}

Interface* Table::Contents::withName(std::string_view name) {
  const auto found = std::lower_bound(interfaces.begin(), interfaces.end(), name, nameIsLess);
  return found == interfaces.end() || found->name != name ? nullptr : &*found;
}

Interface* Table::Contents::withIndex(std::uint32_t ifindex) {
  const std::size_t mask = byIndex_.size() - 1;
  for (std::size_t at = ifindex & mask; byIndex_[at] != nullptr; at = (at + 1) & mask) {
    if (byIndex_[at]->link.index == ifindex) return byIndex_[at];
  }
  return nullptr;
}

VirtualRouter* Table::Contents::on(const Interface& interface, wire::Family family, std::uint8_t virtualRouterId) {
  if (interface.elections == nullptr) return nullptr;
  const std::uint32_t entry = (*interface.elections)[static_cast<std::size_t>(family)][virtualRouterId];
  return entry == 0 ? nullptr : &routers[entry - 1];
}

std::span<const std::pair<CheckId, std::uint32_t>> Table::Contents::trackersOf(CheckId check) const {
  const auto begin = std::lower_bound(trackers_.begin(), trackers_.end(), std::pair(check, std::uint32_t{0}));
  const auto end = std::lower_bound(begin, trackers_.end(), std::pair(check, UINT32_MAX));
  return {begin, end};
}

void Table::Contents::setLink(Interface& interface, const LinkState& link) {
  const bool sameIndex = interface.link.index == link.index;
  interface.link = link;
  if (!sameIndex) indexInterfaces();
}

void Table::Contents::indexInterfaces() {
  std::fill(byIndex_.begin(), byIndex_.end(), nullptr);
  const std::size_t mask = byIndex_.size() - 1;
  for (Interface& each : interfaces) {
    if (!each.isPresent()) continue;
    std::size_t at = each.link.index & mask;
    while (byIndex_[at] != nullptr) at = (at + 1) & mask;
    byIndex_[at] = &each;
  }
}

void Table::Contents::follow(VirtualRouter& router, const Context& context) {
  Group* group = router.group();
  if (group == nullptr || !group->isStirred()) {
    keepDeadline(router);
    return;
  }
  group->settle(context);
  for (const VirtualRouter* member : group->members()) keepDeadline(*member);
}

}  // namespace aloft::vrrp
