// Finds the virtual router that an input is meant for, hands it over, and keeps its deadline.

#include "vrrp/engine.h"

#include <array>
#include <utility>

#include "vrrp/linkTable.h"
#include "vrrp/table.h"

namespace aloft::vrrp {

using wire::Discard;

struct Engine::Impl {
  std::unique_ptr<Table> table;
  Table::Contents* current = nullptr;
  Table::Contents* leaving = nullptr;  ///< after configure(), until the effects are drained; the caller owns it
  LinkTable links;
  std::array<std::uint64_t, wire::kDiscardReasons> discarded{};
  bool isShutDown = false;

  std::optional<Discard> receive(const ReceivedAdvert& received, TimePoint now);
  void unlink(LinkState link, TimePoint now);
  void tellLink(const Interface& interface, const LinkState* link, TimePoint now);
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
  Table::Contents& before = *impl_->current;
  Table::Contents& after = *next->contents_;
  for (Interface& interface : after.interfaces) {
    const LinkState* link = impl_->links.withName(interface.name);
    interface.ifindex = link == nullptr ? 0 : link->index;
    after.forEachOn(interface, [&](VirtualRouter& router) {
      if (const VirtualRouter* predecessor = before.withId(router.id())) {
        router.inherit(*predecessor, after.effects, now);
      } else {
        router.start(link, after.effects, now);
      }
      after.keepDeadline(router);
    });
  }
  after.indexInterfaces();
  for (VirtualRouter& router : before.routers) {
    if (after.withId(router.id()) == nullptr) router.stop(false, before.effects, now);
  }
  impl_->leaving = &before;
  impl_->current = &after;
  return std::exchange(impl_->table, std::move(next));
}

void Engine::shutdown(Shutdown how, TimePoint now) {
  impl_->isShutDown = true;
  Table::Contents& table = *impl_->current;
  for (VirtualRouter& router : table.routers) {
    router.stop(how == Shutdown::Keep, table.effects, now);
    table.keepDeadline(router);
  }
}

bool Engine::isEnded() const { return impl_->isShutDown; }
void Engine::setGateActive(bool, TimePoint) {}
void Engine::handleCheck(const CheckState&, TimePoint) {}
void Engine::handleConflict(const ConflictSeen&, TimePoint) {}

// ----- Adverts -----

std::optional<Discard> Engine::handleAdvert(const ReceivedAdvert& advert, TimePoint now) {
  const auto reason = impl_->receive(advert, now);
  if (reason) ++impl_->discarded[static_cast<std::size_t>(*reason)];
  return reason;
}

std::optional<Discard> Engine::Impl::receive(const ReceivedAdvert& received, TimePoint now) {
  const wire::DecodeResult decoded = wire::decodeVrrp(received.message, received.source, received.destination, received.ttl);
  if (!decoded.ok) return decoded.discard;
  const Interface* interface = current->withIndex(received.ifindex);
  if (interface == nullptr) return Discard::UnknownInterface;
  VirtualRouter* router = current->on(*interface, received.source.family, decoded.advert.virtualRouterId);
  if (router == nullptr) return Discard::UnknownVirtualRouter;
  const auto refused = router->handleAdvert(decoded.advert, received.source, current->effects, now);
  if (!refused) current->keepDeadline(*router);
  return refused;
}

// ----- Links -----

void Engine::handleLink(const LinkState& link, TimePoint now) {
  if (impl_->isShutDown) return;
  // A link that was renamed, or made anew under the same name, is first of all gone.
  const LinkState* sameIndex = impl_->links.withIndex(link.index);
  if (sameIndex != nullptr && nameOf(*sameIndex) != nameOf(link)) impl_->unlink(*sameIndex, now);
  const LinkState* sameName = impl_->links.withName(nameOf(link));
  if (sameName != nullptr && sameName->index != link.index) impl_->unlink(*sameName, now);

  if (!impl_->links.store(link)) return;
  Interface* interface = impl_->current->withName(nameOf(link));
  if (interface == nullptr) return;
  if (interface->ifindex != link.index) impl_->current->bind(*interface, link.index);
  impl_->tellLink(*interface, &link, now);
}

void Engine::handleLinkRemoved(std::uint32_t ifindex, TimePoint now) {
  if (impl_->isShutDown) return;
  if (const LinkState* link = impl_->links.withIndex(ifindex)) impl_->unlink(*link, now);
}

void Engine::Impl::unlink(LinkState link, TimePoint now) {
  links.erase(link.index);
  Interface* interface = current->withName(nameOf(link));
  if (interface == nullptr || interface->ifindex != link.index) return;
  current->bind(*interface, 0);
  tellLink(*interface, nullptr, now);
}

void Engine::Impl::tellLink(const Interface& interface, const LinkState* link, TimePoint now) {
  current->forEachOn(interface, [&](VirtualRouter& router) {
    router.handleLink(link, current->effects, now);
    current->keepDeadline(router);
  });
}

// ----- Answers and time -----

void Engine::handleActuated(const Actuated& result, TimePoint now) {
  Table::Contents& table = *impl_->current;
  VirtualRouter* router = table.withId(result.router);
  if (router == nullptr) return;
  router->handleActuated(result, table.effects, now);
  table.keepDeadline(*router);
}

void Engine::handleTimeout(TimePoint now) {
  Table::Contents& table = *impl_->current;
  while (table.deadlines.earliest() <= now) {
    VirtualRouter& router = table.routers[table.deadlines.first()];
    router.handleTimeout(table.effects, now);  // leaves no deadline that has passed
    table.keepDeadline(router);
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

std::size_t Engine::destinations(RouterId id) const { return impl_->find(id) == nullptr ? 0 : 1; }

Engine::Transmit Engine::advert(RouterId id, std::uint8_t priority, std::size_t destination) {
  VirtualRouter* router = impl_->find(id);
  return router == nullptr || destination > 0 ? Transmit{} : router->advert(priority);
}

std::size_t Engine::announcements(RouterId id) const {
  const VirtualRouter* router = impl_->find(id);
  return router == nullptr ? 0 : router->announcements();
}

Engine::Announcement Engine::announcement(RouterId id, std::size_t index) const {
  const VirtualRouter* router = impl_->find(id);
  return router == nullptr || index >= router->announcements() ? Announcement{} : router->announcement(index);
}

std::size_t Engine::size() const { return impl_->current->routers.size(); }
RouterStatus Engine::status(std::size_t index) const { return impl_->current->routers[index].status(); }
std::span<const std::uint64_t> Engine::discarded() const { return impl_->discarded; }

}  // namespace aloft::vrrp
