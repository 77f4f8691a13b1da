// What the engine asks for: adverts to the wire, orders to the actuator, events to the caller.

#include "os/clock.h"
#include "runtime/vrrpThread.h"

namespace aloft::runtime {
namespace {

/// Orders that must not be lost find this much room in the ring: those that may be lost leave it free.
constexpr std::size_t kReservedOrders = 16;

}  // namespace

void VrrpThread::drainEffects() {
  for (vrrp::Effect effect; engine_.pollEffect(effect);) carryOut(effect);
}

void VrrpThread::flush() {
  const auto send = [this] { io_.flush([this](vrrp::RouterId router) { engine_.handleSendError(router); }); };
  send();
  if (gate_.hasExtensions()) {
    now_ = vrrp::TimePoint(os::monotonicNow());
    gate_.extend(now_, [this](vrrp::RouterId router) {
      engine_.handleGateRunOut(router, now_);
      drainEffects();
    });
    send();
  }
  // In this order: an address is added after the advert that claims it, and removed after the resignation.
  channels_.orders.publish();
}

void VrrpThread::carryOut(const vrrp::Effect& effect) {
  switch (effect.kind) {
    case vrrp::Effect::Kind::SendAdvert:
      sendAdvert(effect);
      break;
    case vrrp::Effect::Kind::HoldAddresses:
      order(Order::Kind::Hold, effect.router);
      break;
    case vrrp::Effect::Kind::ReleaseAddresses:
      order(Order::Kind::Release, effect.router);
      break;
    case vrrp::Effect::Kind::AnnounceAddresses:
      announcer_.announce(engine_, effect.router, effect.copies);
      break;
    case vrrp::Effect::Kind::ProbeAddresses:
      gate_.probe(effect, now_);
      announcer_.probe(effect.router);
      break;
    case vrrp::Effect::Kind::SetGate:
      gate_.set(effect, now_);
      break;
    case vrrp::Effect::Kind::StateChanged:
      stateChanged(effect);
      break;
    case vrrp::Effect::Kind::Noticed:
      noticed(effect);
      break;
  }
}

void VrrpThread::sendAdvert(const vrrp::Effect& effect) {
  const std::size_t destinations = engine_.destinations(effect.router);
  for (std::size_t i = 0; i < destinations; ++i) {
    io_.send(effect.router, engine_.advert(effect.router, effect.priority, i),
             [this](vrrp::RouterId router) { engine_.handleSendError(router); });
  }
}

void VrrpThread::stateChanged(const vrrp::Effect& effect) {
  if (effect.to != vrrp::State::Master) announcer_.cancel(effect.router);
  EventRecord record;
  record.router = effect.router;
  record.from = effect.from;
  record.to = effect.to;
  record.reason = effect.reason;
  record.peer = effect.peer;
  record.silence = effect.silence;
  postEvent(record);
}

void VrrpThread::noticed(const vrrp::Effect& effect) {
  EventRecord record;
  record.router = effect.router;
  record.notice = effect.notice;
  record.mac = effect.mac;
  record.priority = effect.priority;
  record.peer = effect.peer;
  postEvent(record);
}

void VrrpThread::postEvent(const EventRecord& record) {
  EventRecord timed = record;
  timed.at = now_;
  if (!channels_.events.push(timed)) channels_.eventsLost.fetch_add(1, std::memory_order_relaxed);
  channels_.eventsPending.store(true, std::memory_order_release);
  wakeActuator_ = true;
}

// Orders are staged only: flush() and finishRound() publish them.

void VrrpThread::order(Order::Kind kind, vrrp::RouterId router) {
  wakeActuator_ = true;
  if (ordersLost_ || channels_.orders.room() <= kReservedOrders) {
    ordersLost_ = true;  // the actuator has been waiting for the kernel for very long
    return;
  }
  Order order{kind};
  order.router = router;
  channels_.orders.stage(order);
}

void VrrpThread::orderReliably(const Order& order) {
  wakeActuator_ = true;
  // Without room the actuator is stuck, and what the order would free is leaked rather than waited for.
  channels_.orders.stage(order);
}

void VrrpThread::reconcileOrders() {
  if (channels_.orders.room() <= engine_.size() + kReservedOrders + 1) return;
  ordersLost_ = false;
  order(Order::Kind::Reconcile, 0);
  for (std::size_t i = 0; i < engine_.size(); ++i) {
    const vrrp::RouterStatus status = engine_.status(i);
    order(status.state == vrrp::State::Master ? Order::Kind::Hold : Order::Kind::Release, status.id);
  }
}

}  // namespace aloft::runtime
