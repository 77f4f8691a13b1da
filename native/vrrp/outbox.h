#pragma once
// How one virtual router speaks to the world: each effect is made, and counted, here.

#include "vrrp/effectQueue.h"
#include "vrrp/engine.h"
#include "vrrp/timing.h"

namespace aloft::vrrp {

struct Outbox {
  EffectQueue& effects;
  RouterCounters& counters;
  RouterId router;
  std::size_t addresses;  ///< how many the router has
  TimePoint now;

  void sendAdvert(std::uint8_t priority) {
    Effect effect = make(Effect::Kind::SendAdvert);
    effect.priority = priority;
    effects.push(effect);
    ++counters.advertsSent;
    if (priority == kResign) ++counters.priorityZeroSent;
  }

  void holdAddresses() { effects.push(make(Effect::Kind::HoldAddresses)); }
  void releaseAddresses() { effects.push(make(Effect::Kind::ReleaseAddresses)); }

  void announceAddresses() {
    effects.push(make(Effect::Kind::AnnounceAddresses));
    counters.gratuitousSent += addresses;
  }

  void stateChanged(State from, State to, Reason reason, const wire::IpAddress& peer, Duration silence) {
    Effect effect = make(Effect::Kind::StateChanged);
    effect.from = from;
    effect.to = to;
    effect.reason = reason;
    effect.peer = peer;
    effect.silence = silence;
    effects.push(effect);
  }

 private:
  Effect make(Effect::Kind kind) const {
    Effect effect;
    effect.kind = kind;
    effect.router = router;
    return effect;
  }
};

}  // namespace aloft::vrrp
