#pragma once
// How one virtual router speaks to the world: each effect is made, and counted, here.

#include "vrrp/host.h"
#include "vrrp/timing.h"

namespace aloft::vrrp {

/// What a gate is set to; see kernel/gate.h.
struct GateTimes {
  static constexpr TimePoint kShut{};
  static constexpr TimePoint kOpen = TimePoint::max();

  TimePoint answer = kShut;
  TimePoint accept = kShut;
  friend bool operator==(const GateTimes&, const GateTimes&) = default;
};

struct Outbox {
  EffectQueue& effects;
  RouterCounters& counters;
  const RouterConfig& config;
  const Host& host;
  RouterId router;
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
  void probeAddresses() { effects.push(make(Effect::Kind::ProbeAddresses)); }

  void announceAddresses(std::uint8_t copies) {
    Effect effect = make(Effect::Kind::AnnounceAddresses);
    effect.copies = copies;
    effects.push(effect);
    counters.gratuitousSent += config.addresses.size() * copies;
  }

  void setGate(const GateTimes& times, bool awaitsClaim) {
    Effect effect = make(Effect::Kind::SetGate);
    effect.awaitsClaim = awaitsClaim;
    effect.answerUntil = times.answer;
    effect.acceptUntil = times.accept;
    effects.push(effect);
  }

  void notice(Notice notice, const wire::IpAddress& peer, const wire::MacAddress& mac, wire::Discard discard) {
    Effect effect = make(Effect::Kind::Noticed);
    effect.notice = notice;
    effect.peer = peer;
    effect.mac = mac;
    effect.discard = discard;
    effects.push(effect);
  }

  void priorityChanged(std::uint8_t priority) {
    Effect effect = make(Effect::Kind::Noticed);
    effect.notice = Notice::PriorityChanged;
    effect.priority = priority;
    effects.push(effect);
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
    effect.slot = config.gateSlot;
    return effect;
  }
};

}  // namespace aloft::vrrp
