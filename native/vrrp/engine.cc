// Finds the virtual router that an input is meant for, hands it over, and keeps its deadline.

#include "vrrp/engine.h"

#include <algorithm>
#include <array>
#include <utility>

#include "vrrp/linkTable.h"
#include "vrrp/table.h"

namespace aloft::vrrp {

using wire::Discard;

namespace {

std::uint8_t leastUnicastTtlOf(const Interface* interface, wire::Family family) {
  return interface == nullptr ? wire::kVrrpTtl : interface->leastUnicastTtl[static_cast<std::size_t>(family)];
}

}  // namespace

struct Engine::Impl {
  std::unique_ptr<Table> table;
  Table::Contents* current = nullptr;
  Table::Contents* leaving = nullptr;  ///< after configure(), until the effects are drained; the caller owns it
  Host host;
  LinkTable links;
  std::array<std::uint64_t, wire::kDiscardReasons> discarded{};
  bool isShutDown = false;

  Context context(TimePoint now) { return {current->effects, host, now}; }
  std::optional<Discard> receive(const ReceivedAdvert& received, TimePoint now);
  void unlink(LinkState link, TimePoint now);
  void relink(Interface& interface, const LinkState& link, TimePoint now);
  template <typename Routers>
  void reassess(const Routers& indices, TimePoint now);
  VirtualRouter* find(RouterId id);
};

Engine::Engine() : impl_(std::make_unique<Impl>()) {
  IdRegistry none;
  impl_->table = prepare({}, none);
  impl_->current = impl_->table->contents_.get();
}
Engine::~Engine() = default;

// ----- Configuration -----

std::unique_ptr<Table> Engine::configure(std::unique_ptr<Table> next, TimePoint now) {
  if (impl_->isShutDown) return next;
  if (!impl_->host.startedAt) impl_->host.startedAt = now;
  Table::Contents& before = *impl_->current;
  Table::Contents& after = *next->contents_;
  const Context context{after.effects, impl_->host, now};

  impl_->links.forEach([&after](const LinkState& link) {
    if (Interface* interface = after.withName(nameOf(link))) interface->link = link;
  });
  after.indexInterfaces();
  for (VirtualRouter& router : after.routers) {
    if (const VirtualRouter* predecessor = before.withId(router.id())) router.inherit(*predecessor);
    router.assess(impl_->host);
  }
  for (VirtualRouter& router : after.routers) {
    if (const VirtualRouter* predecessor = before.withId(router.id())) {
      router.resume(*predecessor, context);
    } else {
      router.start(context);
    }
  }
  for (Group& group : after.groups) group.settleJoined(context);
  for (const VirtualRouter& router : after.routers) after.keepDeadline(router);
  for (VirtualRouter& router : before.routers) {
    if (after.withId(router.id()) == nullptr) router.stop(Shutdown::Resign, {before.effects, impl_->host, now});
  }
  impl_->leaving = &before;
  impl_->current = &after;
  return std::exchange(impl_->table, std::move(next));
}

void Engine::setGateActive(bool active, TimePoint now) {
  if (impl_->host.gateActive == active) return;
  impl_->host.gateActive = active;
  for (VirtualRouter& router : impl_->current->routers) {
    router.handleGate(impl_->context(now));
    impl_->current->follow(router, impl_->context(now));
  }
}

void Engine::handleGateRunOut(RouterId id, TimePoint now) {
  VirtualRouter* router = impl_->current->withId(id);
  if (router == nullptr) return;
  router->handleGateRunOut(impl_->context(now));
  impl_->current->follow(*router, impl_->context(now));
}

void Engine::shutdown(Shutdown how, TimePoint now) {
  impl_->isShutDown = true;
  for (VirtualRouter& router : impl_->current->routers) {
    router.stop(how, impl_->context(now));
    impl_->current->keepDeadline(router);
  }
}

bool Engine::isEnded() const {
  const auto& routers = impl_->current->routers;
  return impl_->isShutDown && std::all_of(routers.begin(), routers.end(), [](const VirtualRouter& r) { return r.state() == State::Init; });
}

// ----- Adverts -----

std::optional<Discard> Engine::handleAdvert(const ReceivedAdvert& advert, TimePoint now) {
  const auto reason = impl_->receive(advert, now);
  if (reason) ++impl_->discarded[static_cast<std::size_t>(*reason)];
  return reason;
}

std::optional<Discard> Engine::Impl::receive(const ReceivedAdvert& received, TimePoint now) {
  const Interface* interface = current->withIndex(received.ifindex);
  const std::uint8_t leastTtl = leastUnicastTtlOf(interface, received.source.family);
  const wire::DecodeResult decoded = wire::decodeVrrp(received.message, received.source, received.destination, received.ttl, leastTtl);
  if (!decoded.ok) return decoded.discard;
  if (interface == nullptr) return Discard::UnknownInterface;
  VirtualRouter* router = current->on(*interface, received.source.family, decoded.advert.virtualRouterId);
  if (router == nullptr) return Discard::UnknownVirtualRouter;
  const auto refused = router->handleAdvert(decoded.advert, received, context(now));
  if (!refused) current->follow(*router, context(now));
  return refused;
}

// ----- Links, checks, claims -----

void Engine::handleLink(const LinkState& link, TimePoint now) {
  if (impl_->isShutDown) return;
  // A link that was renamed, or made anew under the same name, is first of all gone.
  const LinkState* sameIndex = impl_->links.withIndex(link.index);
  if (sameIndex != nullptr && nameOf(*sameIndex) != nameOf(link)) impl_->unlink(*sameIndex, now);
  const LinkState* sameName = impl_->links.withName(nameOf(link));
  if (sameName != nullptr && sameName->index != link.index) impl_->unlink(*sameName, now);

  if (!impl_->links.store(link)) return;
  if (Interface* interface = impl_->current->withName(nameOf(link))) impl_->relink(*interface, link, now);
}

void Engine::handleLinkRemoved(std::uint32_t ifindex, TimePoint now) {
  if (impl_->isShutDown) return;
  if (const LinkState* link = impl_->links.withIndex(ifindex)) impl_->unlink(*link, now);
}

void Engine::Impl::unlink(LinkState link, TimePoint now) {
  links.erase(link.index);
  Interface* interface = current->withName(nameOf(link));
  if (interface != nullptr && interface->link.index == link.index) relink(*interface, {}, now);
}

void Engine::Impl::relink(Interface& interface, const LinkState& link, TimePoint now) {
  const LinkState former = interface.link;
  current->setLink(interface, link);
  reassess(interface.watchers, now);
  const bool moved = former.index != 0 && link.index != 0 && (former.mac != link.mac || (link.up && !former.up));
  if (!moved) return;
  for (const std::uint32_t index : interface.watchers) {
    current->routers[index].handleLinkChanged(context(now));
    current->follow(current->routers[index], context(now));
  }
}

/// All look before any acts, so that the members of a group do not see half of what changed.
template <typename Routers>
void Engine::Impl::reassess(const Routers& indices, TimePoint now) {
  for (const std::uint32_t index : indices) current->routers[index].assess(host);
  for (const std::uint32_t index : indices) {
    current->routers[index].settle(context(now));
    current->keepDeadline(current->routers[index]);
  }
  for (const std::uint32_t index : indices) current->follow(current->routers[index], context(now));
}

void Engine::handleCheck(const CheckState& check, TimePoint now) {
  if (impl_->isShutDown) return;
  if (!impl_->host.checks.store(check)) {
    impl_->host.checks.keepOnly([this](CheckId id) { return impl_->current->isTracked(id); });
    if (!impl_->host.checks.store(check)) return;
  }
  const auto trackers = impl_->current->trackersOf(check.check);
  for (const auto& [id, index] : trackers) impl_->current->routers[index].assess(impl_->host);
  for (const auto& [id, index] : trackers) impl_->current->routers[index].settle(impl_->context(now));
  for (const auto& [id, index] : trackers) impl_->current->follow(impl_->current->routers[index], impl_->context(now));
}

void Engine::handleConflict(const ConflictSeen& conflict, TimePoint now) {
  VirtualRouter* router = impl_->current->withId(conflict.router);
  if (router == nullptr) return;
  router->handleConflict(conflict, impl_->context(now));
  impl_->current->follow(*router, impl_->context(now));
}

// ----- Answers and time -----

void Engine::handleActuated(const Actuated& result, TimePoint now) {
  VirtualRouter* router = impl_->current->withId(result.router);
  if (router == nullptr) return;
  router->handleActuated(result, impl_->context(now));
  impl_->current->follow(*router, impl_->context(now));
}

void Engine::handleTimeout(TimePoint now) {
  Table::Contents& table = *impl_->current;
  while (table.deadlines.earliest() <= now) {
    VirtualRouter& router = table.routers[table.deadlines.first()];
    router.handleTimeout(impl_->context(now));  // leaves no deadline that has passed
    table.follow(router, impl_->context(now));
  }
}

void Engine::handleSendError(RouterId id) {
  if (VirtualRouter* router = impl_->find(id)) router->handleSendError();
}

std::optional<TimePoint> Engine::nextDeadline() const {
  const TimePoint earliest = impl_->current->deadlines.earliest();
  return earliest == kNever ? std::nullopt : std::optional(earliest);
}

// ----- Outputs -----

bool Engine::pollEffect(Effect& effect) {
  if (impl_->leaving != nullptr && impl_->leaving->effects.pop(effect)) return true;
  if (impl_->current->effects.pop(effect)) return true;
  impl_->leaving = nullptr;
  return false;
}

VirtualRouter* Engine::Impl::find(RouterId id) {
  if (VirtualRouter* router = current->withId(id)) return router;
  return leaving == nullptr ? nullptr : leaving->withId(id);
}

std::size_t Engine::destinations(RouterId id) const {
  const VirtualRouter* router = impl_->find(id);
  return router == nullptr ? 0 : router->destinations();
}

Engine::Transmit Engine::advert(RouterId id, std::uint8_t priority, std::size_t destination) {
  const VirtualRouter* router = impl_->find(id);
  return router == nullptr || destination >= router->destinations() ? Transmit{} : router->advert(priority, destination);
}

std::size_t Engine::announcements(RouterId id) const {
  const VirtualRouter* router = impl_->find(id);
  return router == nullptr ? 0 : router->announcements();
}

Engine::Announcement Engine::announcement(RouterId id, std::size_t index) const {
  const VirtualRouter* router = impl_->find(id);
  return router == nullptr || index >= router->announcements() ? Announcement{} : router->announcement(index);
}

std::span<const Lane> Engine::lanes(RouterId id) const {
  const VirtualRouter* router = impl_->find(id);
  return router == nullptr ? std::span<const Lane>() : router->lanes();
}

std::span<const Duration> Engine::laneIntervals() const { return impl_->current->laneIntervals; }

std::size_t Engine::size() const { return impl_->current->routers.size(); }
RouterStatus Engine::status(std::size_t index) const { return impl_->current->routers[index].status(); }
std::uint8_t Engine::leastUnicastTtl(std::uint32_t ifindex, wire::Family family) const {
  return leastUnicastTtlOf(impl_->current->withIndex(ifindex), family);
}
std::span<const std::uint64_t> Engine::discarded() const { return impl_->discarded; }

}  // namespace aloft::vrrp
